//! Where the rows of the logs are.

use gapless_sse_core::Log;
use gapless_sse_core::follow::{Entry, HistoryQuery, Scope, SortOrder, Topic};
use jiff::Timestamp;

use crate::row::{NewRow, Row};
use crate::search::Search;
use crate::store::{AppendError, Store, Tally, TallyQuery};

/// The stores of the logs that are served, asked as one.
#[derive(Debug)]
pub struct Sources<S: Store>(Log<S>);

impl<S: Store> Sources<S> {
    pub(super) fn one(log: Log<S>) -> Self {
        Self(log)
    }

    pub(super) fn log(&self) -> &Log<S> {
        &self.0
    }

    /// Writes rows; see [`Store::append`].
    ///
    /// # Errors
    ///
    /// As those of [`Store::append`].
    pub async fn append(
        &self,
        topic: &Topic,
        rows: Vec<NewRow>,
    ) -> Result<Vec<String>, AppendError<S::Error>> {
        self.0.source().append(topic, rows).await
    }

    /// The row of this id, and where it stands.
    ///
    /// # Errors
    ///
    /// When a store does not answer.
    pub async fn find(
        &self,
        topic: &Topic,
        id: &str,
    ) -> Result<Option<Entry<S::Key, Row>>, S::Error> {
        self.0.source().find(topic, id).await
    }

    /// How many rows of `scope` there are, by time, level and type.
    ///
    /// # Errors
    ///
    /// When a store does not answer.
    pub async fn tally(
        &self,
        scope: &Scope<Search>,
        query: &TallyQuery,
    ) -> Result<Tally, S::Error> {
        self.0.source().tally(scope, query).await
    }

    /// Whether a row of `scope` is found with the effort of one page.
    ///
    /// # Errors
    ///
    /// When a store does not answer.
    pub async fn has_rows(&self, scope: &Scope<Search>) -> Result<bool, S::Error> {
        let order = SortOrder::Descending;
        let query = HistoryQuery { as_of: None, after: None, order, limit: 1, max_bytes: 1 };
        Ok(!self.0.source().history(scope, query).await?.entries.is_empty())
    }

    /// Whether rows can be written.
    ///
    /// # Errors
    ///
    /// When they cannot, and why.
    pub async fn writable(&self) -> Result<(), S::Error> {
        self.0.source().writable().await
    }

    /// The workspaces that have rows; see [`Store::workspaces`].
    ///
    /// # Errors
    ///
    /// When a store does not answer.
    pub async fn workspaces(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, S::Error> {
        self.0.source().workspaces(after, limit).await
    }

    /// The workflows of `workspace` that have rows; see [`Store::workflows`].
    ///
    /// # Errors
    ///
    /// When a store does not answer.
    pub async fn workflows(
        &self,
        workspace: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, S::Error> {
        self.0.source().workflows(workspace, after, limit).await
    }

    /// The date of a row with this key, if it has one.
    pub fn date(&self, key: &S::Key) -> Option<Timestamp> {
        self.0.source().date(key)
    }

    /// Whether pages are wanted.
    pub fn has_pages(&self) -> bool {
        self.0.source().has_pages()
    }

    /// How many rows are not indexed yet, if rows are indexed behind their writing.
    pub fn unindexed(&self) -> Option<u64> {
        self.0.source().unindexed()
    }

    /// What MongoDB was asked for, if the rows are there.
    pub fn mongo_stats(&self) -> Option<gapless_sse_mongo::Stats> {
        self.0.source().mongo_stats()
    }
}

impl<S: Store> Clone for Sources<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
