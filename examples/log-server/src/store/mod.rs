//! Where the rows are: a log that can be followed, and written.

mod append;
pub mod mongo;
mod sqlite;
mod tally;

use std::error::Error;
use std::future::Future;

use gapless_sse_core::follow::{Entry, HistoryQuery, Scope, SortOrder, Source, Topic};
use jiff::Timestamp;

pub use append::AppendError;
pub use mongo::MongoStore;
pub use sqlite::{
    BackedUp, BackupError, InvalidBytes, Keep, Progress, SqliteError, SqliteStore, backup,
    parse_bytes,
};
pub use tally::{Cell, Tally, TallyQuery};

use crate::row::{NewRow, Row};
use crate::search::Search;

/// A log of workflows: it can be followed like any source, and written and listed besides.
///
/// A [`Topic`]'s space is the workspace, its name the workflow.
pub trait Store: Source<Record = Row> + Sized {
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

    /// The row of this id, and where it stands.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    fn find(
        &self,
        topic: &Topic,
        id: &str,
    ) -> impl Future<Output = Result<Option<Entry<Self::Key, Row>>, Self::Error>> + Send {
        find_by_looking(self, topic, id)
    }

    /// How many rows of `scope` there are, by time, level and type.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    fn tally(
        &self,
        scope: &Scope<Search>,
        query: &TallyQuery,
    ) -> impl Future<Output = Result<Tally, Self::Error>> + Send {
        tally::by_looking(self, scope, query, |key| self.date(key))
    }

    /// Whether rows can be written.
    ///
    /// # Errors
    ///
    /// When they cannot, and why.
    fn writable(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The date of a row with this key, if it has one.
    fn date(&self, key: &Self::Key) -> Option<Timestamp>;

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

    /// How many rows are not indexed yet, which searches look at one by one; if rows are indexed behind
    /// their writing.
    fn unindexed(&self) -> Option<u64> {
        None
    }

    /// What MongoDB was asked for, if the rows are there.
    fn mongo_stats(&self) -> Option<gapless_sse_mongo::Stats> {
        None
    }
}

/// Looks at every row until it is the one.
async fn find_by_looking<S: Store>(
    store: &S,
    topic: &Topic,
    id: &str,
) -> Result<Option<Entry<S::Key, Row>>, S::Error> {
    let scope = Scope::new(topic.space(), [topic.name()]).filtered(Search::default());
    let (mut as_of, mut after) = (None, None);
    loop {
        let order = SortOrder::Descending;
        let query = HistoryQuery { as_of, after, order, limit: 5000, max_bytes: 4 << 20 };
        let page = store.history(&scope, query).await?;
        let found = page.entries.into_iter().find(|entry| entry.record.id().as_deref() == Some(id));
        if found.is_some() || page.more_after.is_none() {
            return Ok(found);
        }
        (as_of, after) = (Some(page.as_of), page.more_after);
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
