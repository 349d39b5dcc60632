//! Pages of history, each as of one moment.

use std::time::Duration;

use bson::{RawBson, doc};
use sse_core::follow::{Entry, Filter, HistoryQuery, Order, Page, Record, Scope, Topic};

use crate::error::{Act, Error};
use crate::find::{Find, Range, Snapshot};
use crate::key::{Key, Value};
use crate::mongo::{Inner, Mongo};
use crate::position::{ClusterTime, Place, Position};
use crate::probe::Way;
use crate::topic;

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
        Ok(as_of(time.into()))
    }
}

impl<R: Record> Inner<R> {
    /// Reads on for what the scope's filter leaves out.
    pub(crate) async fn history(
        &self,
        scope: &Scope<R::Filter>,
        query: HistoryQuery<Position, Key>,
    ) -> Result<Page<Mongo<R>>, Error> {
        let HistoryQuery { mut as_of, mut after, order, limit } = query;
        let mut entries = Vec::new();
        let mut scanned = 0;
        loop {
            let missing = limit - entries.len();
            let part = HistoryQuery { as_of, after: after.clone(), order, limit: missing };
            let Page { as_of: at, entries: found, more_after, .. } =
                self.all_history(scope, part).await?;
            after.clone_from(&more_after);
            scanned += found.len();
            let read = found.len();
            let before = entries.len();
            let admitted = |entry: &Entry<_, R>| scope.filter().admits(&entry.record.mark());
            entries.extend(found.into_iter().filter(admitted));
            if more_after.is_none() || entries.len() == before + read {
                return Ok(Page { as_of: at, entries, more_after, scanned });
            }
            as_of = Some(at);
        }
    }

    async fn all_history(
        &self,
        scope: &Scope<R::Filter>,
        query: HistoryQuery<Position, Key>,
    ) -> Result<Page<Mongo<R>>, Error> {
        let (mut position, mut at) = self.as_of(query.as_of).await?;
        let mut ranges = Vec::new();
        if query.limit > 0 {
            let index = self.ready().await?.tail;
            for (topic, prefix) in prefixes(scope) {
                let (after, before) = match query.order {
                    Order::Ascending => (query.after.clone(), at.before.clone()),
                    Order::Descending => {
                        (None, query.after.iter().chain(&at.before).min().cloned())
                    }
                };
                let find = |snapshot| Find {
                    index: &index,
                    keys: self.tail_keys(),
                    range: Range {
                        prefix: prefix.clone(),
                        after: after.clone(),
                        before: before.clone(),
                    },
                    order: query.order,
                    limit: query.limit,
                    snapshot,
                };
                let found = match at.snapshot {
                    Some(Snapshot::Fresh) => {
                        fresh(|| find(at.snapshot).run(self, Act::History)).await?
                    }
                    snapshot => find(snapshot).run(self, Act::History).await?,
                };
                if let Some(time) = found.at {
                    // The other ranges are read as of the same moment.
                    at.snapshot = Some(Snapshot::At(time));
                    position.get_or_insert(as_of(time));
                }
                let entries: Vec<_> = found
                    .documents()
                    .map(|record| Entry {
                        topic: topic.clone(),
                        key: Key::of(record, &self.options.fields.date),
                        record: self.decode(record),
                    })
                    .collect();
                let date = &self.options.fields.date;
                let end = found.documents().last().map(|record| Key::of(record, date));
                ranges.push(Part { entries, end: end.filter(|_| found.more) });
            }
        }
        let as_of = match position {
            Some(position) => position,
            None => self.snapshot().await?,
        };
        let (entries, more) = merge(ranges, query.order, query.limit);
        let more_after = entries.last().filter(|_| more).map(|entry| entry.key.clone());
        Ok(Page { as_of, scanned: entries.len(), entries, more_after })
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
                let watermark = self.watermark().await?;
                let before = Some(Key::before_all_of(Value::date(watermark)));
                let position = Position::settled_before(watermark);
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

/// What one range has for the page.
struct Part<K, R> {
    entries: Vec<Entry<K, R>>,
    /// The last key that was read, if there may be more beyond it.
    end: Option<K>,
}

/// The first `limit` records of all parts, and whether there may be more.
fn merge<R>(parts: Vec<Part<Key, R>>, order: Order, limit: usize) -> (Vec<Entry<Key, R>>, bool) {
    let ahead = |left: &Key, right: &Key| match order {
        Order::Ascending => left.cmp(right),
        Order::Descending => right.cmp(left),
    };
    // Beyond the end of a part, its next record may come before those of the others.
    let end = parts.iter().filter_map(|part| part.end.clone()).min_by(ahead);
    let sorted = parts.len() < 2;
    let mut entries: Vec<_> = parts.into_iter().flat_map(|part| part.entries).collect();
    if !sorted {
        entries.sort_by(|left, right| ahead(&left.key, &right.key));
    }
    if let Some(end) = &end {
        entries.retain(|entry| ahead(&entry.key, end).is_le());
    }
    let more = end.is_some() || entries.len() > limit;
    entries.truncate(limit);
    (entries, more)
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

/// Everything at this time or before it.
fn as_of(time: ClusterTime) -> Position {
    Position::before(time.next())
}

/// Tries a read of the newest snapshot until there is one.
async fn fresh<T, F>(read: impl Fn() -> F) -> Result<T, Error>
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
