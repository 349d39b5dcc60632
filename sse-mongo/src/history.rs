//! Pages of history, each as of one moment.

use std::time::Duration;

use bson::{RawBson, doc};
use gapless_sse_core::follow::{HistoryQuery, Page, Record, Scope, Topic};

use crate::error::{Act, Error};
use crate::find::{Range, Snapshot};
use crate::key::Key;
use crate::mongo::{Inner, Mongo};
use crate::poll::key_at;
use crate::position::{ClusterTime, Place, Position};
use crate::probe::Way;
use crate::scan::{Part, Read, Scan, Step, merge};
use crate::search::{Narrow, Search};
use crate::topic;

/// The server's error for what took longer than `maxTimeMS`.
const OUT_OF_TIME: i32 = 50;

/// How often and how long a fresh snapshot is tried for: just after a collection or an index was
/// made, the newest that a majority has is older than it.
const FRESH_TRIES: u32 = 40;
const FRESH_WAIT: Duration = Duration::from_millis(50);

/// As of when to read, and what of the index belongs to it.
#[derive(Clone)]
struct AsOf {
    snapshot: Option<Snapshot>,
    before: Option<Key>,
}

impl<R> Inner<R> {
    /// The position of a fresh snapshot.
    pub(crate) async fn snapshot(&self) -> Result<Position, Error> {
        self.ready().await?;
        let command = doc! {
            "find": &self.name,
            "limit": 1,
            "projection": { "_id": 1 },
            "readConcern": { "level": "snapshot" },
        };
        let reply = fresh(|| self.run(Act::History, command.clone())).await?;
        let time =
            reply.get_document("cursor").and_then(|cursor| cursor.get_timestamp("atClusterTime"));
        let time = time.map_err(|_| Error::Answer { act: Act::History, what: "atClusterTime" })?;
        Ok(Position::before(ClusterTime::from(time).next()))
    }
}

impl<R: Record<Filter: Narrow>> Inner<R> {
    /// Reads on for what the scope's filter leaves out, as far as [`Effort`](crate::Effort) goes.
    pub(crate) async fn history(
        &self,
        scope: &Scope<R::Filter>,
        query: HistoryQuery<Position, Key>,
    ) -> Result<Page<Mongo<R>>, Error> {
        let HistoryQuery { as_of, after, order, limit } = query;
        let search = Search::new(scope.filter().narrow(&self.options.fields), order);
        let mut scan = Scan::new(self.options.effort);
        let first = scan.first(limit);
        let (mut as_of, mut read) = self.step(scope, &search, as_of, after, first).await?;
        while let Some(after) = &read.more_after
            && let Some(step) = scan.next(&search, &read, limit)
        {
            let after = Some(after.clone());
            let (at, more) = match self.step(scope, &search, Some(as_of.clone()), after, step).await
            {
                // It is not to be done in the time that is left.
                Err(Error::Server { code: Some(OUT_OF_TIME), .. }) => break,
                stepped => stepped?,
            };
            as_of = at;
            read.append(more);
        }
        let Read { entries, more_after, scanned, .. } = read;
        Ok(Page { as_of, entries, more_after, scanned })
    }

    async fn step(
        &self,
        scope: &Scope<R::Filter>,
        search: &Search,
        as_of: Option<Position>,
        after: Option<Key>,
        step: Step,
    ) -> Result<(Position, Read<R>), Error> {
        let (mut position, at) = self.as_of(as_of).await?;
        let mut parts = Vec::new();
        if step.limit > 0 {
            let index = self.ready().await?.tail;
            let (after, before) = search.bounds(after, at.before);
            let mut snapshot = at.snapshot;
            for (topic, prefix) in prefixes(scope) {
                let range = Range { prefix, after: after.clone(), before: before.clone() };
                let mut part = Part { inner: self, index: &index, search, step, snapshot };
                parts.push(part.read(scope, topic, range).await?);
                // The other ranges are read as of the same moment.
                snapshot = part.snapshot;
            }
            if let Some(Snapshot::At(time)) = snapshot {
                position.get_or_insert(Position::before(time.next()));
            }
        }
        let as_of = match position {
            Some(position) => position,
            None => self.snapshot().await?,
        };
        let mut read = merge(parts, search.order, step.limit);
        read.entries.retain(|entry| self.audit.shows(&entry.key, &as_of));
        Ok((as_of, read))
    }

    /// The position to read as of, where it is known before reading.
    async fn as_of(&self, wanted: Option<Position>) -> Result<(Option<Position>, AsOf), Error> {
        let all = |snapshot| AsOf { snapshot: Some(snapshot), before: None };
        match (self.deployment().await?.way, wanted.as_ref().map(|position| &position.0)) {
            (Way::ChangeStreams, None) => Ok((None, all(Snapshot::Fresh))),
            (Way::ChangeStreams, Some(Place::Commit { time, nth: 0 })) => {
                let at = Snapshot::At(time.previous());
                Ok((wanted, all(at)))
            }
            (Way::Poll, None) => {
                let position = self.settled().await?;
                let before = Some(key_at(&position));
                Ok((Some(position), AsOf { snapshot: None, before }))
            }
            (Way::Poll, Some(Place::Settled { date, id: None })) => {
                let before = Some(Key::before_all_of(date.clone()));
                Ok((wanted, AsOf { snapshot: None, before }))
            }
            // Within a transaction there is no snapshot, nor of the other way.
            _ => Err(Error::SnapshotGone),
        }
    }
}

/// The ranges of the index that hold the records of a scope.
fn prefixes<F>(scope: &Scope<F>) -> Vec<(&Topic, Vec<RawBson>)> {
    let workspaces = topic::values(scope.space());
    let mut prefixes = Vec::new();
    for topic in scope.topics() {
        for workflow in topic::values(topic.name()) {
            for workspace in &workspaces {
                prefixes.push((topic, vec![workspace.clone(), workflow.clone()]));
            }
        }
    }
    prefixes
}

/// Tries a read of the newest snapshot until there is one.
pub(crate) async fn fresh<T, F>(read: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    for _ in 0..FRESH_TRIES {
        match read().await {
            Err(Error::SnapshotGone) => tokio::time::sleep(FRESH_WAIT).await,
            other => return other,
        }
    }
    Err(Error::Answer { act: Act::History, what: "snapshot yet" })
}
