//! One pass after the other over a source's changes.

use std::convert::Infallible;
use std::iter::Peekable;
use std::mem::take;

use tokio::time::{Instant, sleep, timeout};

use super::group::CatchUp;
use super::window::Window;
use crate::follow::internals::{Late, Publication};
use crate::follow::{Batch, Changes, Fault, Filter, FilterOf, Source};
use crate::logs::backoff::Backoff;
use crate::logs::failure::{LogFailure, LogReader, ask};
use crate::logs::inner::Inner;
use crate::logs::reports::LogEvent;

/// Makes passes over the changes of the log's source whenever a reader needs one. A pass leads up to
/// the head of the log.
pub(in crate::logs) async fn run<S: Source>(
    catch_up: &CatchUp<S::Position, FilterOf<S>>,
    log: &Inner<S>,
) -> Infallible {
    let mut backoff = Backoff::default();
    loop {
        let from = needed(catch_up).await;
        let (fault, wait) = match pass(catch_up, log, &from, &mut backoff).await {
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
        catch_up.readers().end_pass(&from, fault);
        catch_up.hub.wake();
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
        let changed = catch_up.changed.notified();
        if let Some(from) = catch_up.readers().begin_pass() {
            return from;
        }
        changed.await;
    }
}

async fn pass<S: Source>(
    catch_up: &CatchUp<S::Position, FilterOf<S>>,
    log: &Inner<S>,
    from: &S::Position,
    backoff: &mut Backoff,
) -> Result<Passed, LogFailure<S::Error>> {
    let Inner { source, encoding, .. } = log;
    let epoch = ask(async { source.epoch().await }).await?;
    let mut changes = ask(async { source.changes(from).await }).await?;
    catch_up.hub.open(epoch, from.clone());
    let mut window = Window::new(catch_up.ring_bytes);
    let mut read = from.clone();
    loop {
        let Batch { changes: records, late, through } = ask(async { changes.next().await }).await?;
        if through > read {
            backoff.reset();
        }
        read.clone_from(&through);
        let mut late = encoding.late::<S>(epoch, late, &through);
        let mut events = encoding.changes::<S>(epoch, records).into_iter().peekable();
        loop {
            let piece = piece::<_, FilterOf<S>>(&mut events, catch_up.ring_bytes / 2);
            // What came late stands behind all others, and leaves by itself.
            let more = events.peek().is_some() || !(late.is_empty() || piece.is_empty());
            let last = piece.last().filter(|_| more);
            let late = if more { Vec::new() } else { take(&mut late) };
            let to = last.map_or(&through, |event| &event.position).clone();
            let bytes = piece.iter().map(Publication::weight::<FilterOf<S>>).sum::<usize>()
                + late.iter().map(Late::weight::<FilterOf<S>>).sum::<usize>();
            wait_for_the_slow(catch_up, &mut window, bytes).await;
            catch_up.hub.publish_late(piece, to.clone(), late);
            // Also those without an event of their own are further on now.
            catch_up.hub.wake();
            window.push(to, bytes);
            if !more {
                break;
            }
        }
        let Some((_, head)) = log.hub.head().filter(|(of, _)| *of == epoch) else {
            return Ok(Passed::OtherEpoch);
        };
        if through >= head || catch_up.readers().len() == 0 {
            return Ok(Passed::Through);
        }
    }
}

/// As many events as `max_bytes` hold, and at least one. That is half of the ring, so that a reader
/// of all events before them finds all of them there.
fn piece<P, F: Filter>(
    events: &mut Peekable<impl Iterator<Item = Publication<P, F::Mark>>>,
    max_bytes: usize,
) -> Vec<Publication<P, F::Mark>> {
    let mut piece: Vec<_> = events.next().into_iter().collect();
    let mut bytes: usize = piece.iter().map(Publication::weight::<F>).sum();
    while let Some(event) = events.next_if(|event| bytes + event.weight::<F>() <= max_bytes) {
        bytes += event.weight::<F>();
        piece.push(event);
    }
    piece
}

/// Waits until readers have read so much that there is room for so many bytes, but not for long
/// for any of them.
async fn wait_for_the_slow<P: Ord + Clone, F: Filter>(
    catch_up: &CatchUp<P, F>,
    window: &mut Window<P>,
    bytes: usize,
) {
    loop {
        let changed = catch_up.changed.notified();
        let Some((slowest, grace)) = catch_up.readers().slowest() else { return };
        let Some(too_far) = window.blocked_by(&slowest, bytes) else { return };
        let since = Instant::now();
        let _ = timeout(grace, changed).await;
        catch_up.readers().waited_for(too_far, since.elapsed());
    }
}
