//! The logs that are served, one or several, read as one.

mod sources;

use gapless_sse_core::follow::{Scope, SortOrder};
use gapless_sse_core::{
    Follow, FollowOptions, Log, LogAround, LogPage, LogState, LogStats, PageError,
};

use crate::search::Search;
use crate::store::Store;
pub use sources::Sources;

/// The logs that are served, as handlers read them.
#[derive(Debug)]
pub struct Logs<S: Store>(Sources<S>);

impl<S: Store> From<Log<S>> for Logs<S> {
    fn from(log: Log<S>) -> Self {
        Self(Sources::one(log))
    }
}

impl<S: Store> Logs<S> {
    /// Where the rows are.
    pub fn source(&self) -> &Sources<S> {
        &self.0
    }

    /// Whether they are read.
    pub fn state(&self) -> LogState {
        self.0.log().state()
    }

    /// What has happened to their streams.
    pub fn stats(&self) -> LogStats {
        self.0.log().stats()
    }

    /// The events of one stream of the rows in `scope`.
    pub fn follow(&self, scope: Scope<Search>, options: FollowOptions) -> Follow<S> {
        self.0.log().follow(scope, options)
    }

    /// A page of the rows in `scope`, as of [`Log::page`].
    ///
    /// # Errors
    ///
    /// As those of [`Log::page`].
    pub async fn page(
        &self,
        scope: &Scope<Search>,
        cursor: Option<&str>,
        order: SortOrder,
        limit: usize,
    ) -> Result<LogPage<S>, PageError<S::Error>> {
        self.0.log().page(scope, cursor, order, limit).await
    }

    /// Whether they are being shut down.
    pub fn is_draining(&self) -> bool {
        self.0.log().is_draining()
    }

    /// The row of `scope` with this key, and those around it, as of [`Log::around`].
    ///
    /// # Errors
    ///
    /// As those of [`Log::around`].
    pub async fn around(
        &self,
        scope: &Scope<Search>,
        key: &S::Key,
        before: usize,
        after: usize,
    ) -> Result<Option<LogAround<S>>, PageError<S::Error>> {
        self.0.log().around(scope, key, before, after).await
    }

    /// Ends every stream, so that the server can shut down.
    pub fn drain(&self) {
        self.0.log().drain();
    }
}

impl<S: Store> Clone for Logs<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
