//! The collection as a source of the core's follow machinery.

use gapless_sse_core::follow::{Batch, Frontier, HistoryQuery, Page, Record, Reset, Scope, Source};

use crate::change_stream::ChangeStream;
use crate::changes::Changes;
use crate::history::read::Read;
use crate::history::search::Narrow;
use crate::mongo::Mongo;
use crate::polling::poll::Poll;
use crate::position::commit::{Place, Position};
use crate::position::key::{Key, Value};
use crate::records::ChangeBatch;
use crate::server::error::Error;
use crate::server::known::Way;
use crate::server::probe::before;

impl<R: Record<Filter: Narrow>> Source for Mongo<R> {
    type Position = Position;
    type Key = Key;
    type Record = R;
    type Error = Error;
    type Changes = Changes<R>;

    async fn epoch(&self) -> Result<u32, Error> {
        let uuid = self.records.connection.look_up().await?;
        let options = &self.records.connection.options;
        // Positions of polling are dates of this field.
        let date = options.fields.date.bytes();
        Ok(fnv(uuid.into_iter().chain(options.epoch.to_be_bytes()).chain(date)))
    }

    async fn tail_start(&self) -> Result<Position, Error> {
        let connection = self.records.connection.for_changes();
        let warm_up = connection.options.warm_up;
        match connection.deployment().await?.way {
            Way::ChangeStreams => {
                let now = connection.cluster_time().await?;
                let start = now.minus_seconds(warm_up.as_secs()).max(connection.began());
                Ok(Position::before(start))
            }
            Way::Poll => {
                let settled = connection.watermark().await?;
                let start = connection.options.dates.least(before(settled, warm_up));
                Ok(Position::settled_before(Value::of(start)))
            }
        }
    }

    async fn resume(
        &self,
        frontier: Frontier<Position, Key>,
    ) -> Result<Result<Frontier<Position, Key>, Reset>, Error> {
        let position = match &frontier {
            Frontier::Live(position) => position,
            Frontier::History { as_of, .. } => as_of,
        };
        match (self.records.connection.deployment().await?.way, &position.0) {
            (Way::ChangeStreams, Place::Commit { time, nth }) => {
                // "Everything before" may name the time after the newest one.
                let newest = if *nth == 0 { time.previous() } else { *time };
                let future = newest > self.records.connection.newest()
                    && newest > self.records.connection.cluster_time().await?;
                Ok(if future { Err(Reset::Future) } else { Ok(frontier) })
            }
            (Way::Poll, Place::Settled { date, .. }) => {
                let dates = &self.records.connection.options.dates;
                let now = self.records.connection.server_time().await?.timestamp_millis();
                let now = Value::of(dates.least(dates.not_before(now)));
                Ok(if *date > now { Err(Reset::Future) } else { Ok(frontier) })
            }
            // Polling had delivered all up to here, which is a part of history.
            (Way::ChangeStreams, Place::Settled { date, id }) => {
                let settled = Key { date: date.clone(), id: id.clone().unwrap_or(Value::MIN) };
                let after = match &frontier {
                    Frontier::Live(_) => settled,
                    Frontier::History { after, .. } => after.clone().min(settled),
                };
                let as_of = self.records.connection.snapshot().await?;
                Ok(Ok(Frontier::History { as_of, after }))
            }
            (Way::Poll, Place::Commit { .. }) => Ok(Err(Reset::Epoch)),
        }
    }

    async fn history(
        &self,
        scope: &Scope<R::Filter>,
        query: HistoryQuery<Position, Key>,
    ) -> Result<Page<Self>, Error> {
        let read = self.records.history(&self.audit, scope, query);
        let (as_of, read) = Box::pin(read).await?;
        let Read { admitted, more_after, scanned, .. } = read;
        let entries = admitted.into_iter().map(|admitted| admitted.entry).collect();
        Ok(Page { as_of, entries, more_after, scanned })
    }

    async fn changes(&self, from: &Position) -> Result<Changes<R>, Error> {
        self.open(from, false).await
    }

    async fn tail(&self, from: &Position) -> Result<Changes<R>, Error> {
        self.open(from, true).await
    }
}

impl<R: Record<Filter: Narrow>> Mongo<R> {
    async fn open(&self, from: &Position, tail: bool) -> Result<Changes<R>, Error> {
        let records = self.records.for_changes();
        let audit = self.audit.clone();
        match (records.connection.deployment().await?.way, &from.0) {
            (Way::ChangeStreams, Place::Commit { time, nth }) => {
                ChangeStream::open(records, *time, *nth, tail).await.map(Changes::stream)
            }
            (Way::Poll, Place::Settled { .. }) if tail => {
                Poll::tail(records, audit, from.clone()).await.map(Changes::poll)
            }
            (Way::Poll, Place::Settled { .. }) => {
                Poll::open(records, audit, from.clone()).await.map(Changes::poll)
            }
            // A position of the other way: `resume` translates them.
            _ => Err(Error::HistoryLost),
        }
    }
}

impl<R: Record<Filter: Narrow>> gapless_sse_core::follow::Changes<Mongo<R>> for Changes<R> {
    async fn next(&mut self) -> Result<Batch<Mongo<R>>, Error> {
        let ChangeBatch { changes, late, lost, through } = self.read().await?;
        Ok(Batch { changes, late, lost, through })
    }
}

/// FNV-1a: the same in every build, which the standard library's hash need not be.
fn fnv(bytes: impl IntoIterator<Item = u8>) -> u32 {
    bytes
        .into_iter()
        .fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
