//! The store as a log that is followed, and as one that is written to.

use gapless_sse_core::follow::{
    Entry, Frontier, FrontierOf, HistoryQuery, Page, Reset, Scope, Source, Topic,
};
use jiff::Timestamp;

use super::changes::SqliteChanges;
use super::coordinates::{Dated, Position};
use super::error::SqliteError;
use super::find::find;
use super::history::{Reading, Step};
use super::keep::Gone;
use super::lists;
use super::lives::{self, Lives};
use super::store::SqliteStore;
use super::tally;
use crate::row::{NewRow, Row};
use crate::search::Search;
use crate::store::tally::by_looking;
use crate::store::{AppendError, Store, Tally, TallyQuery};

impl Source for SqliteStore {
    type Position = Position;
    type Key = Dated;
    type Record = Row;
    type Error = SqliteError;
    type Changes = SqliteChanges;

    async fn epoch(&self) -> Result<u32, SqliteError> {
        self.inner.identity.check()?;
        Ok(self.inner.epoch)
    }

    async fn tail_start(&self) -> Result<Position, SqliteError> {
        let end =
            self.inner.places.tail.ask("find the end of the log", |file, _| lives::last(file));
        end.await
    }

    async fn resume(
        &self,
        frontier: FrontierOf<Self>,
    ) -> Result<Result<FrontierOf<Self>, Reset>, SqliteError> {
        let places = &self.inner.places;
        let position = match &frontier {
            Frontier::Live(position) => *position,
            Frontier::History { as_of, after } => {
                let gone = places.questions.ask("look up what is gone", |file, _| Gone::read(file));
                if gone.await?.is_beyond(*after) {
                    return Ok(Err(Reset::HistoryLost));
                }
                *as_of
            }
        };
        if self.inner.known.borrow().hold(position) {
            return Ok(Ok(frontier));
        }
        let lives = places.questions.ask("look a position up", |file, _| Lives::read(file)).await?;
        // The log has never been there, or was there before a backup was restored.
        Ok(if lives.hold(position) { Ok(frontier) } else { Err(Reset::Epoch) })
    }

    async fn history(
        &self,
        scope: &Scope<Search>,
        query: HistoryQuery<Position, Dated>,
    ) -> Result<Page<Self>, SqliteError> {
        let places = &self.inner.places;
        let searches = !scope.filter().is_everything();
        let place = if searches { &places.searches } else { &places.pages };
        let mut reading = Reading::new(scope.clone(), query, self.effort, &self.fields);
        loop {
            let step = place
                .ask("read a page of history", |file, abandoned| reading.step(file, abandoned));
            match step.await? {
                Step::Done(page) => return Ok(page),
                Step::Unfinished(unfinished) => reading = *unfinished,
                Step::Gone => return Err(SqliteError::SnapshotGone),
            }
        }
    }

    async fn changes(&self, from: &Position) -> Result<SqliteChanges, SqliteError> {
        let (place, known) = (self.inner.places.catch_ups.clone(), self.inner.known.subscribe());
        Ok(SqliteChanges::new(place, *from, known, self.fields.clone()))
    }

    async fn tail(&self, from: &Position) -> Result<SqliteChanges, SqliteError> {
        let (place, known) = (self.inner.places.tail.clone(), self.inner.known.subscribe());
        Ok(SqliteChanges::new(place, *from, known, self.fields.clone()))
    }
}

impl Store for SqliteStore {
    fn date(&self, key: &Dated) -> Option<Timestamp> {
        Timestamp::from_millisecond(key.date).ok()
    }

    async fn append(
        &self,
        topic: &Topic,
        rows: Vec<NewRow>,
    ) -> Result<Vec<String>, AppendError<SqliteError>> {
        self.inner.writer.write(topic, rows).await
    }

    async fn find(
        &self,
        topic: &Topic,
        id: &str,
    ) -> Result<Option<Entry<Dated, Row>>, SqliteError> {
        let (topic, id, fields) = (topic.clone(), id.to_owned(), self.fields.clone());
        let places = &self.inner.places;
        places.questions.ask("find a row", move |file, _| find(file, &topic, &id, &fields)).await
    }

    async fn tally(&self, scope: &Scope<Search>, query: &TallyQuery) -> Result<Tally, SqliteError> {
        let (asked, count, fields) = (scope.clone(), *query, self.fields.clone());
        let places = &self.inner.places;
        let counted = places.searches.ask("count rows", move |file, abandoned| {
            tally::of_kinds(file, &asked, &count, &fields, abandoned)
        });
        match counted.await? {
            Some(tally) => Ok(tally),
            None => by_looking(self, scope, query, |key| self.date(key)).await,
        }
    }

    async fn writable(&self) -> Result<(), SqliteError> {
        self.inner.identity.check()?;
        self.inner.writer.check().await
    }

    fn unindexed(&self) -> Option<u64> {
        Some(self.inner.writer.unindexed())
    }

    async fn workspaces(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, SqliteError> {
        let after = after.map(str::to_owned);
        let places = &self.inner.places;
        let listed = places.lists.ask("list the workspaces", move |file, _| {
            lists::workspaces(file, after.as_deref(), limit)
        });
        listed.await
    }

    async fn workflows(
        &self,
        workspace: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, SqliteError> {
        let (workspace, after) = (workspace.to_owned(), after.map(str::to_owned));
        let places = &self.inner.places;
        let listed = places.lists.ask("list the workflows", move |file, _| {
            lists::workflows(file, &workspace, after.as_deref(), limit)
        });
        listed.await
    }
}
