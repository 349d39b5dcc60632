//! The one reader of a log's end, which feeds the hub.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use tokio::task::yield_now;
use tokio::time::sleep;

use super::backoff::Backoff;
use super::failure::{LogFailure, LogReader, ask};
use super::inner::Inner;
use super::pieces::{Piece, Pieces};
use super::reports::LogEvent;
use crate::follow::{Batch, Changes, Fault, Source};

/// How many bytes are published at once, at most.
const PIECE: usize = 1024 * 1024;

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
        publish(log, epoch, batch).await;
    }
}

async fn publish<S: Source>(log: &Inner<S>, epoch: u32, batch: Batch<S>) {
    log.counters.late.fetch_add(batch.late.len() as u64, Ordering::Relaxed);
    for (nth, piece) in Pieces::new(&log.encoding, epoch, batch, PIECE).enumerate() {
        if nth > 0 {
            yield_now().await;
        }
        let Piece { events, late, lost, through, .. } = piece;
        log.counters.published.fetch_add(events.len() as u64, Ordering::Relaxed);
        log.catch_ups.note_head(&through);
        log.hub.publish_late(events, through, late);
        log.lost(lost);
    }
}
