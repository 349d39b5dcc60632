//! One pass after the other over a source's changes.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use super::group::CatchUp;
use super::window::Room;
use crate::follow::internals::Wakers;
use crate::follow::{Changes, Fault, Filter, FilterOf, Source};
use crate::logs::backoff::Backoff;
use crate::logs::failure::{LogFailure, LogReader, ask};
use crate::logs::inner::Inner;
use crate::logs::pieces::{Piece, Pieces};
use crate::logs::reports::LogEvent;

/// How many bytes are published at once, at most.
const PIECE: usize = 1024 * 1024;
/// How many readers are woken before others have the thread.
const WAKE: usize = 256;

type CatchUpOf<S> = CatchUp<<S as Source>::Position, FilterOf<S>>;

/// Makes passes over the changes of the log's source whenever a reader needs one. A pass leads up to
/// the head of the log.
pub(in crate::logs) async fn run<S: Source>(
    catch_up: Arc<CatchUpOf<S>>,
    log: Arc<Inner<S>>,
) -> Infallible {
    let mut backoff = Backoff::default();
    loop {
        let from = needed(&catch_up).await;
        let (fault, wait) = match pass(&catch_up, &log, &from, &mut backoff).await {
            Ok(Passed::Through) => (None, None),
            Ok(Passed::OtherEpoch) => (Some(Fault::Unavailable), Some(backoff.next())),
            Err(failure) => {
                let fault = failure.fault();
                // What is lost for one reader may be there for the next.
                let wait = (fault != Fault::HistoryLost).then(|| backoff.next());
                log.counters.failures.count(LogReader::CatchUp, &failure);
                let wait_for = wait.unwrap_or_default();
                log.reports.report(LogEvent::CatchUpFailed(failure, wait_for));
                (Some(fault), wait)
            }
        };
        // A reader that had all of the pass and is still here needs another.
        wake(catch_up.end_pass(from, fault)).await;
        if let Some(wait) = wait {
            sleep(wait).await;
        }
    }
}

/// How far a pass has come.
enum Passed {
    Through,
    /// Another life of the log has begun, of which its own hub has yet to hear.
    OtherEpoch,
}

/// Waits until a reader needs a pass, and returns where it begins.
async fn needed<P: Ord + Clone, F: Filter>(catch_up: &CatchUp<P, F>) -> P {
    loop {
        if let Some(from) = catch_up.begin_pass() {
            return from;
        }
        catch_up.due.notified().await;
    }
}

async fn pass<S: Source>(
    catch_up: &CatchUpOf<S>,
    log: &Inner<S>,
    from: &S::Position,
    backoff: &mut Backoff,
) -> Result<Passed, LogFailure<S::Error>> {
    let Inner { source, encoding, .. } = log;
    let epoch = ask(async { source.epoch().await }).await?;
    let mut changes = ask(async { source.changes(from).await }).await?;
    catch_up.hub.open(epoch, from.clone());
    let mut waiting = Wakers::default();
    waiting.add(catch_up.readers().open_pass());
    wake(waiting).await;
    // A reader of all events before a piece finds all of them in the ring, with the piece.
    let max_bytes = PIECE.min(catch_up.ring_bytes / 2);
    let mut read = from.clone();
    loop {
        let batch = ask(async { changes.next().await }).await?;
        let through = batch.through.clone();
        if through > read {
            backoff.reset();
        }
        read.clone_from(&through);
        for piece in Pieces::new(encoding, epoch, batch, max_bytes) {
            publish(catch_up, piece).await;
            yield_now().await;
        }
        let Some((_, head)) = log.hub.head().filter(|(of, _)| *of == epoch) else {
            return Ok(Passed::OtherEpoch);
        };
        if through >= head || catch_up.readers().len() == 0 {
            return Ok(Passed::Through);
        }
    }
}

async fn publish<S: Source>(catch_up: &CatchUpOf<S>, piece: Piece<S>) {
    // The tail has told of what is lost.
    let Piece { events, late, lost: _, through, bytes } = piece;
    wait_for_the_slow(catch_up, bytes).await;
    let reached = catch_up.readers().publish(&through, bytes);
    let mut readers = catch_up.hub.publish_quietly(events, through, late);
    readers.add(reached);
    wake(readers).await;
}

/// Waits until readers have read so much that there is room for so many bytes, but not for long
/// for any of them.
async fn wait_for_the_slow<P: Ord + Clone, F: Filter>(catch_up: &CatchUp<P, F>, bytes: usize) {
    loop {
        let room = catch_up.readers().room(bytes);
        let Room::Wait { at_most, wake: all } = room else { return };
        if all {
            wake(catch_up.hub.wakers()).await;
        }
        let since = Instant::now();
        let _ = timeout(at_most, catch_up.due.notified()).await;
        catch_up.readers().waited(bytes, since.elapsed());
    }
}

async fn wake(mut wakers: Wakers) {
    while wakers.wake_some(WAKE) {
        yield_now().await;
    }
}
