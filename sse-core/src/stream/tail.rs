//! The one reader of a log's end, which feeds the hub.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::backoff::Backoff;
use super::lane::Lanes;
use super::log::{Inner, Log};
use crate::follow::{
    Batch, Change, Changes, Entry, Fault, Late, MarkOf, Publication, Record, Source, SourceError,
};
use crate::wire::Encoded;

/// What happens to the tail of a log.
#[derive(Debug)]
pub enum TailEvent<'a, E> {
    /// The log is being read.
    Open,
    /// The source failed; it is tried again after this time.
    Failed(&'a E, Duration),
}

impl<S: Source> Log<S> {
    /// Reads the changes of the source and hands them to all streams. Spawn it once; it goes on
    /// until it is dropped, whatever happens to the source, and tells `observe` of that.
    pub async fn run(&self, observe: impl FnMut(TailEvent<'_, S::Error>) + Send) -> Infallible {
        let Lanes { recent, old, .. } = &self.0.lanes;
        tokio::select! {
            never = self.follow_end(observe) => never,
            never = recent.run(&self.0) => never,
            never = old.run(&self.0) => never,
        }
    }

    async fn follow_end(
        &self,
        mut observe: impl FnMut(TailEvent<'_, S::Error>) + Send,
    ) -> Infallible {
        let mut backoff = Backoff::default();
        let mut anew = false;
        loop {
            let opened = || {
                backoff.reset();
                observe(TailEvent::Open);
            };
            let error = match self.0.tail(std::mem::take(&mut anew), opened).await {
                Ok(never) => match never {},
                Err(error) => error,
            };
            // What was lost, or has ended, does not go on from where it was.
            anew = matches!(error.fault(), Fault::HistoryLost | Fault::Ended);
            let wait = backoff.next();
            self.0.hub.set_outage(true);
            observe(TailEvent::Failed(&error, wait));
            sleep(wait).await;
        }
    }
}

impl<S: Source> Inner<S> {
    async fn tail(&self, anew: bool, opened: impl FnOnce()) -> Result<Infallible, S::Error> {
        let epoch = self.source.epoch().await?;
        let head = self.hub.head().filter(|(of, _)| *of == epoch && !anew);
        let (from, goes_on) = match head {
            Some((_, head)) => (head, true),
            None => (self.source.tail_start().await?, false),
        };
        let mut changes = self.source.tail(&from).await?;
        if !goes_on {
            self.lanes.begin(&from);
            self.hub.open(epoch, from);
        }
        self.hub.set_outage(false);
        opened();
        loop {
            let batch = changes.next().await?;
            self.publish(epoch, batch);
        }
    }

    fn publish(&self, epoch: u32, batch: Batch<S>) {
        let Batch { changes, late, through } = batch;
        self.counters.published.fetch_add(changes.len() as u64, Ordering::Relaxed);
        self.counters.late.fetch_add(late.len() as u64, Ordering::Relaxed);
        let events = self.encode(epoch, changes);
        let late = self.encode_late(epoch, late, &through);
        self.lanes.note(&through);
        self.hub.publish_late(events, through, late);
    }

    /// What a hub is to publish of these changes.
    pub(super) fn encode(
        &self,
        epoch: u32,
        changes: Vec<Change<S::Position, S::Key, S::Record>>,
    ) -> Vec<Publication<S::Position, MarkOf<S>>> {
        let encoded = changes.into_iter().map(|(position, entry)| {
            let id = self.seal.seal_live(epoch, &position, entry.topic.space());
            let Entry { topic, record, .. } = entry;
            let frame = Encoded::from(record.event().event_id(id));
            Publication { topic, position, mark: record.mark(), frame }
        });
        encoded.collect()
    }

    /// What a hub is to publish of those that came late, for each space.
    pub(super) fn encode_late(
        &self,
        epoch: u32,
        late: Vec<Entry<S::Key, S::Record>>,
        through: &S::Position,
    ) -> Vec<Late<MarkOf<S>>> {
        let mut spaces: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for Entry { topic, record, .. } in late {
            let records = spaces.entry(topic.space().to_owned()).or_default();
            records.push((topic, record.mark(), late_event(&record)));
        }
        let encoded = spaces.into_iter().map(|(space, records)| {
            let id = self.seal.seal_live(epoch, through, &space);
            Late { id, records }
        });
        encoded.collect()
    }
}

/// The event of a record that came late. Without an id, it moves nobody's position.
pub(super) fn late_event(record: &impl Record) -> Encoded {
    record.event().event_type(Late::<()>::EVENT_TYPE).into()
}
