//! The store as a log that is followed, and as one that is written to.

use std::sync::Arc;

use gapless_sse_core::follow::{
    Frontier, FrontierOf, HistoryQuery, Page, Reset, Scope, Source, Topic,
};
use jiff::Timestamp;

use super::changes::SqliteChanges;
use super::coordinates::{Dated, Seq};
use super::error::SqliteError;
use super::store::{SqliteStore, lock};
use super::{database, file, history};
use crate::row::{NewRow, Row};
use crate::search::Search;
use crate::store::Store;

impl Source for SqliteStore {
    type Position = Seq;
    type Key = Dated;
    type Record = Row;
    type Error = SqliteError;
    type Changes = SqliteChanges;

    async fn epoch(&self) -> Result<u32, SqliteError> {
        Ok(self.inner.epoch)
    }

    async fn tail_start(&self) -> Result<Seq, SqliteError> {
        self.read("find the end of the log", file::last).await
    }

    async fn resume(
        &self,
        frontier: FrontierOf<Self>,
    ) -> Result<Result<FrontierOf<Self>, Reset>, SqliteError> {
        let position = match &frontier {
            Frontier::Live(position) | Frontier::History { as_of: position, .. } => *position,
        };
        if position.0 <= *self.inner.written.borrow() || position <= self.tail_start().await? {
            return Ok(Ok(frontier));
        }
        Ok(Err(Reset::Future))
    }

    async fn history(
        &self,
        scope: &Scope<Search>,
        query: HistoryQuery<Seq, Dated>,
    ) -> Result<Page<Self>, SqliteError> {
        let (scope, effort) = (scope.clone(), self.effort);
        self.read("read a page of history", move |database| {
            history::history(database, &scope, &query, effort)
        })
        .await
    }

    async fn changes(&self, from: &Seq) -> Result<SqliteChanges, SqliteError> {
        Ok(SqliteChanges::new(self.clone(), *from, self.inner.written.subscribe()))
    }
}

impl Store for SqliteStore {
    fn date(key: &Dated) -> Option<Timestamp> {
        Timestamp::from_millisecond(key.date).ok()
    }

    async fn append(&self, topic: &Topic, rows: Vec<NewRow>) -> Result<Vec<String>, SqliteError> {
        let (inner, topic) = (Arc::clone(&self.inner), topic.clone());
        let written = tokio::task::spawn_blocking(move || {
            let seqs = database::append(&mut lock(&inner.writer), &topic, &rows)?;
            if let Some(last) = seqs.last() {
                inner.written.send_if_modified(|written| {
                    let later = last > written;
                    *written = (*written).max(*last);
                    later
                });
            }
            Ok(seqs.iter().map(ToString::to_string).collect())
        });
        written
            .await
            .map_err(|_| SqliteError::Ending)?
            .map_err(|error| SqliteError::Failed("write", error))
    }

    async fn workspaces(&self) -> Result<Vec<String>, SqliteError> {
        self.read("list the workspaces", database::workspaces).await
    }

    async fn workflows(&self, workspace: &str) -> Result<Vec<String>, SqliteError> {
        let workspace = workspace.to_owned();
        self.read("list the workflows", move |database| database::workflows(database, &workspace))
            .await
    }
}
