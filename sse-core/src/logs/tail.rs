//! The one reader of a log's end, which feeds the hub.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::sleep;

use super::backoff::Backoff;
use super::encoding::Lost;
use super::failure::{LogFailure, LogReader, ask};
use super::inner::Inner;
use super::reports::LogEvent;
use crate::follow::{Batch, Changes, Fault, Source};

/// Reads the log's end, whatever happens to the source.
pub(super) async fn run<S: Source>(log: &Inner<S>) -> Infallible {
    let mut backoff = Backoff::default();
    let mut anew = false;
    loop {
        let read = read(log, std::mem::take(&mut anew), &mut backoff).await;
        let failure = match read {
            Ok(never) => match never {},
            Err(failure) => failure,
        };
        let fault = failure.fault();
        // What was lost, or has ended, does not go on from where it was.
        anew = matches!(fault, Fault::HistoryLost | Fault::Ended);
        let wait = backoff.next();
        log.counters.failures.count(LogReader::Tail, &failure);
        log.tail_failed(&failure);
        log.reports.report(LogEvent::TailFailed(failure, wait));
        sleep(wait).await;
    }
}

async fn read<S: Source>(
    log: &Inner<S>,
    anew: bool,
    backoff: &mut Backoff,
) -> Result<Infallible, LogFailure<S::Error>> {
    let source = &log.source;
    let epoch = ask(async { source.epoch().await }).await?;
    let head = log.hub.head().filter(|(of, _)| *of == epoch && !anew);
    let (from, goes_on) = match head {
        Some((_, head)) => (head, true),
        None => (ask(async { source.tail_start().await }).await?, false),
    };
    let mut changes = ask(async { source.tail(&from).await }).await?;
    if !goes_on {
        log.catch_ups.begin(&from);
        log.hub.open(epoch, from);
    }
    log.tail_follows();
    log.reports.report(LogEvent::Open);
    backoff.reset();
    loop {
        let batch = ask(async { changes.next().await }).await?;
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
    let count_lost = passed_over + lost.len();
    count(&log.counters.lost, count_lost);
    if count_lost > 0 {
        let (topic, reason) = match lost.into_iter().next() {
            Some(Lost { topic, words }) => (Some(topic), format!("its code has panicked: {words}")),
            None => (None, "the source has passed it over".to_owned()),
        };
        log.reports.report(LogEvent::RecordsLost { count: count_lost, topic, reason });
    }
    log.catch_ups.note_head(&through);
    log.hub.publish_late(events, through, late);
}
