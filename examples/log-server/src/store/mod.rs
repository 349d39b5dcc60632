//! Where the rows are: a log that can be followed, and written.

mod append;
pub mod mongo;
mod sqlite;

use std::error::Error;
use std::future::Future;

use gapless_sse_core::follow::{Source, Topic};
use jiff::Timestamp;

pub use append::AppendError;
pub use mongo::MongoStore;
pub use sqlite::{SqliteError, SqliteStore};

use crate::row::{NewRow, Row};

/// A log of workflows: it can be followed like any source, and written and listed besides.
///
/// A [`Topic`]'s space is the workspace, its name the workflow.
pub trait Store: Source<Record = Row> {
    /// Writes rows, all or none where the store can, and answers their ids.
    ///
    /// A row whose writer has given it an id is written once: if there is one with this id that
    /// says the same, its date aside, it is that one.
    ///
    /// # Errors
    ///
    /// When the store does not answer or does not take them.
    fn append(
        &self,
        topic: &Topic,
        rows: Vec<NewRow>,
    ) -> impl Future<Output = Result<Vec<String>, AppendError<Self::Error>>> + Send;

    /// Whether rows can be written.
    ///
    /// # Errors
    ///
    /// When they cannot, and why.
    fn writable(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The date of a row with this key, if it has one.
    fn date(key: &Self::Key) -> Option<Timestamp>;

    /// The workspaces that have rows, sorted: the first `limit` of those after `after`.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    fn workspaces(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<String>, Self::Error>> + Send;

    /// The workflows of `workspace` that have rows, as [`workspaces`](Self::workspaces) are listed.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    fn workflows(
        &self,
        workspace: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<String>, Self::Error>> + Send;

    /// Whether pages are wanted: a store may be for new rows only.
    fn has_pages(&self) -> bool {
        true
    }

    /// What MongoDB was asked for, if the rows are there.
    fn mongo_stats(&self) -> Option<gapless_sse_mongo::Stats> {
        None
    }
}

/// An error and what caused it, on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
