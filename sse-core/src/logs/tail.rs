//! The one reader of a log's end, which feeds the hub.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::sleep;

use super::backoff::Backoff;
use super::inner::Inner;
use crate::follow::{Batch, Changes, Fault, Source, SourceError};

/// What happens to the tail of a log.
#[derive(Debug)]
#[non_exhaustive]
pub enum TailEvent<'a, E> {
    /// The log is being read.
    Open,
    /// The source failed; it is tried again after this time.
    Failed(&'a E, Duration),
}

/// Reads the log's end, whatever happens to the source.
pub(super) async fn run<S: Source>(
    log: &Inner<S>,
    mut observe: impl FnMut(TailEvent<'_, S::Error>) + Send,
) -> Infallible {
    let mut backoff = Backoff::default();
    let mut anew = false;
    loop {
        let opened = || {
            backoff.reset();
            observe(TailEvent::Open);
        };
        let error = match read(log, std::mem::take(&mut anew), opened).await {
            Ok(never) => match never {},
            Err(error) => error,
        };
        // What was lost, or has ended, does not go on from where it was.
        anew = matches!(error.fault(), Fault::HistoryLost | Fault::Ended);
        let wait = backoff.next();
        log.hub.set_outage(true);
        observe(TailEvent::Failed(&error, wait));
        sleep(wait).await;
    }
}

async fn read<S: Source>(
    log: &Inner<S>,
    anew: bool,
    opened: impl FnOnce(),
) -> Result<Infallible, S::Error> {
    let epoch = log.source.epoch().await?;
    let head = log.hub.head().filter(|(of, _)| *of == epoch && !anew);
    let (from, goes_on) = match head {
        Some((_, head)) => (head, true),
        None => (log.source.tail_start().await?, false),
    };
    let mut changes = log.source.tail(&from).await?;
    if !goes_on {
        log.catch_ups.begin(&from);
        log.hub.open(epoch, from);
    }
    log.hub.set_outage(false);
    opened();
    loop {
        let batch = changes.next().await?;
        publish(log, epoch, batch);
    }
}

fn publish<S: Source>(log: &Inner<S>, epoch: u32, batch: Batch<S>) {
    let Batch { changes, late, lost: passed_over, through } = batch;
    let mut lost = Vec::new();
    let (changed, came_late) = (changes.len(), late.len());
    let events = log.encoding.changes::<S>(epoch, changes, &mut lost);
    let late = log.encoding.late::<S>(epoch, (late, passed_over), &through, &mut lost);
    let count = |counter: &AtomicU64, count: usize| {
        counter.fetch_add(count as u64, Ordering::Relaxed);
    };
    count(&log.counters.published, changed);
    count(&log.counters.late, came_late);
    count(&log.counters.lost, passed_over + lost.len());
    log.catch_ups.note_head(&through);
    log.hub.publish_late(events, through, late);
}
