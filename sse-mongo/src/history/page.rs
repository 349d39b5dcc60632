//! Pages of history, each as of one moment.

use gapless_sse_core::follow::{HistoryQuery, Record, Scope};
use mongodb::bson::RawBson;

use super::part::Part;
use super::read::{Read, merge};
use super::scan::{Scan, Step};
use super::search::{Narrow, Search};
use crate::polling::audit::Audit;
use crate::position::commit::{Place, Position};
use crate::position::key::Key;
use crate::records::Records;
use crate::server::error::{Error, OUT_OF_TIME};
use crate::server::find::Snapshot;
use crate::server::index::Index;
use crate::server::known::Way;
use crate::server::range::Range;
use crate::server::turns::driven;

/// As of when to read, and what of the index belongs to it.
#[derive(Clone)]
struct AsOf {
    snapshot: Option<Snapshot>,
    before: Option<Key>,
}

/// What is looked for, and the part of an index that has it, if any is to be read.
struct Walk {
    search: Search,
    part: Option<(Index, Vec<Vec<RawBson>>)>,
}

impl<R: Record<Filter: Narrow>> Records<R> {
    /// Reads on for what the scope's filter leaves out, as far as [`Effort`](crate::Effort) goes.
    pub(crate) async fn history(
        &self,
        audit: &Audit,
        scope: &Scope<R::Filter>,
        query: HistoryQuery<Position, Key>,
    ) -> Result<(Position, Read<R>), Error> {
        let HistoryQuery { as_of, after, order, limit, max_bytes } = query;
        let search = Search::new(
            scope.filter().narrow(&self.connection.options.fields),
            order,
            &self.connection.options,
        );
        let mut scan = Scan::new(self.connection.options.effort, limit, max_bytes);
        let first = scan.first();
        let (as_of, walk) = self.walk(audit, scope, search, as_of, limit > 0).await?;
        let (mut as_of, mut read) = self.step(audit, scope, &walk, as_of, after, first).await?;
        while let Some(after) = &read.more_after
            && let Some(step) = scan.next(&walk.search, &read)
        {
            let after = Some(after.clone());
            let (at, more) =
                match self.step(audit, scope, &walk, Some(as_of.clone()), after, step).await {
                    // It is not to be done in the time that is left.
                    Err(Error::Server { code: Some(OUT_OF_TIME), .. }) => break,
                    stepped => stepped?,
                };
            as_of = at;
            read.append(more);
        }
        Ok((as_of, read))
    }

    /// The way through the index, and as of when, if that had to be known.
    async fn walk(
        &self,
        audit: &Audit,
        scope: &Scope<R::Filter>,
        mut search: Search,
        as_of: Option<Position>,
        reads: bool,
    ) -> Result<(Option<Position>, Walk), Error> {
        // No record has a topic that is constant and another one.
        let prefix = self.connection.options.fields.prefix(scope).filter(|_| reads);
        let Some(prefix) = prefix else { return Ok((as_of, Walk { search, part: None })) };
        if let Some((by, rest)) = search.by.take()
            && let Some(index) = self.connection.index_by(scope, &by.field).await?
        {
            let (mut position, mut at) = self.as_of(audit, as_of.clone()).await?;
            if let Some(Snapshot::Fresh) = at.snapshot {
                (position, at) = self.as_of(audit, Some(self.connection.snapshot().await?)).await?;
            }
            if let Some(prefix) = self.by_value(&index, &by, prefix.clone(), at.snapshot).await? {
                search.query = rest;
                return Ok((position, Walk { search, part: Some((index, prefix)) }));
            }
        }
        let part = Some((self.connection.index_of(scope).await?, prefix));
        Ok((as_of, Walk { search, part }))
    }

    async fn step(
        &self,
        audit: &Audit,
        scope: &Scope<R::Filter>,
        walk: &Walk,
        as_of: Option<Position>,
        after: Option<Key>,
        step: Step,
    ) -> Result<(Position, Read<R>), Error> {
        let (mut position, at) = self.as_of(audit, as_of).await?;
        let mut parts = Vec::new();
        if let Some((index, prefix)) = &walk.part {
            let (after, before) = walk.search.bounds(after, at.before);
            let mut snapshot = at.snapshot;
            let ranges = Range { prefix: prefix.clone(), after, before }
                .split(&*self.connection.options.dates);
            let bytes = step.bytes / ranges.len().max(1);
            for range in ranges {
                let step = Step { bytes, ..step };
                let part = Part {
                    records: self.clone(),
                    index: index.clone(),
                    search: walk.search.clone(),
                    scope: scope.clone(),
                    step,
                    snapshot,
                };
                let (read, at) = driven(part.read(range)).await?;
                parts.push(read);
                // The other ranges are read as of the same moment.
                snapshot = at;
            }
            if let Some(Snapshot::At(time)) = snapshot {
                position.get_or_insert(Position::before(time.next()));
            }
        }
        let as_of = match position {
            Some(position) => position,
            None => self.connection.snapshot().await?,
        };
        let mut read = merge(parts, walk.search.order, step.limit);
        read.admitted.retain(|admitted| audit.shows(&admitted.entry.key, &as_of));
        Ok((as_of, read))
    }

    /// A moment of now: the snapshot, if there are any, and what of the index belongs to it.
    pub(super) async fn moment(
        &self,
        audit: &Audit,
    ) -> Result<(Option<Snapshot>, Option<Key>), Error> {
        let (_, mut at) = self.as_of(audit, None).await?;
        if let Some(Snapshot::Fresh) = at.snapshot {
            (_, at) = self.as_of(audit, Some(self.connection.snapshot().await?)).await?;
        }
        Ok((at.snapshot, at.before))
    }

    /// The position to read as of, where it is known before reading.
    async fn as_of(
        &self,
        audit: &Audit,
        wanted: Option<Position>,
    ) -> Result<(Option<Position>, AsOf), Error> {
        let all = |snapshot| AsOf { snapshot: Some(snapshot), before: None };
        match (self.connection.deployment().await?.way, wanted.as_ref().map(|position| &position.0))
        {
            (Way::ChangeStreams, None) => Ok((None, all(Snapshot::Fresh))),
            (Way::ChangeStreams, Some(Place::Commit { time, nth: 0 })) => {
                let at = Snapshot::At(time.previous());
                Ok((wanted, all(at)))
            }
            (Way::Poll, None) => {
                let position = self.connection.settled(audit).await?;
                let before = Some(position.key());
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
