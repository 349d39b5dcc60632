//! Questions to the server, asked in turn.

use std::future::{Future, pending};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

/// How many connections the driver may have, if its user does not say.
pub(crate) const CONNECTIONS: u32 = 20;
/// So many are for those who wait for changes: the tail, two passes of catch-ups and the up-moves.
const FOR_CHANGES: u32 = 7;
/// How many writes may wait for their turn.
const WRITES_WAITING: usize = 128;

/// A kind of work, which has turns of its own: none waits for another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All that the readers of changes ask.
    Changes,
    /// Quick questions of everybody else: what the server is, which collection it has.
    Lookups,
    Lists,
    History,
    /// History of which a filter leaves some out: of its turns, those that others need not have.
    Searches,
    Writes,
}

/// Questions wait for their turn here, and not for a connection of the driver. Where many wait for
/// one and then do not want it any longer, as clients do that come and go in a herd, the driver
/// stands still for seconds, with connections to spare.
#[derive(Debug)]
pub(crate) struct Turns {
    changes: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
    lists: Arc<Semaphore>,
    history: Arc<Semaphore>,
    searches: Arc<Semaphore>,
    writing: Arc<Semaphore>,
    /// How many writes may wait or be under way.
    writes: Arc<Semaphore>,
    /// How long a question may take.
    limit: Duration,
}

impl Turns {
    pub(crate) fn new(connections: u32, limit: Duration) -> Self {
        // None are as many as one likes.
        let connections = if connections == 0 { CONNECTIONS } else { connections };
        let rest = connections.saturating_sub(FOR_CHANGES);
        let (kept, few) = ((rest / 3).max(1), (rest / 6).max(1));
        let history = rest.saturating_sub(kept + 2 * few).max(1);
        // They are quick, and so they use what the others leave: where the server cannot be
        // reached, each takes as long as it is looked for, and all are to be told soon.
        let lookups = rest.max(1);
        let turns = |turns: u32| Arc::new(Semaphore::new(turns as usize));
        Self {
            changes: turns(FOR_CHANGES.min(connections)),
            lookups: turns(lookups),
            lists: turns(few),
            history: turns(history),
            searches: turns((history / 2).max(1)),
            writing: turns(few),
            writes: Arc::new(Semaphore::new(few as usize + WRITES_WAITING)),
            limit,
        }
    }

    /// What has to be had one after the other.
    fn of(&self, kind: Kind) -> Vec<Arc<Semaphore>> {
        let turns: &[_] = match kind {
            Kind::Changes => &[&self.changes],
            Kind::Lookups => &[&self.lookups],
            Kind::Lists => &[&self.lists],
            Kind::History => &[&self.history],
            Kind::Searches => &[&self.searches, &self.history],
            Kind::Writes => &[&self.writing],
        };
        turns.iter().map(|turns| Arc::clone(turns)).collect()
    }

    #[cfg(test)]
    pub(crate) fn free(&self) -> [usize; 5] {
        [&self.changes, &self.lookups, &self.lists, &self.history, &self.writing]
            .map(|turns| turns.available_permits())
    }

    /// A place among the writes that wait, while there is one.
    pub(crate) fn write(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.writes).try_acquire_owned().ok()
    }

    /// Asks when it is its turn, unless the answer is not waited for any more. What was asked goes
    /// on to its end, or for as long as it may take: nobody who does not read holds a turn.
    ///
    /// After that limit there is no answer. It is for whoever waits to have one of their own.
    pub(crate) fn ask<T: Send + 'static, Q: Future<Output = T> + Send + 'static>(
        &self,
        kind: Kind,
        question: Q,
    ) -> impl Future<Output = T> + Send + use<T, Q> {
        let (turns, limit) = (self.of(kind), self.limit);
        let (waits, gone) = oneshot::channel::<()>();
        let asked = tokio::spawn(async move {
            let taken = async {
                let mut taken = Vec::with_capacity(turns.len());
                for turns in turns {
                    taken.push(turns.acquire_owned().await);
                }
                taken
            };
            let _turn = tokio::select! {
                _ = gone => return None,
                taken = taken => taken,
            };
            timeout(limit, question).await.ok()
        });
        async move {
            let _waits = waits;
            match outcome(asked.await) {
                Some(answer) => answer,
                None => pending().await,
            }
        }
    }
}

/// Goes on to its end although whoever waits for it is not polled, as a stream is not whose client
/// does not read; but not when it is dropped. For what takes long and is few.
///
/// It begins at once, so that what waits for it does not hold it as well.
pub(crate) fn driven<T: Send + 'static>(
    question: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> + Send {
    // A set ends its tasks when it is dropped.
    let mut task = JoinSet::new();
    task.spawn(question);
    async move {
        match task.join_next().await.and_then(|answer| outcome(answer.map(Some))) {
            Some(answer) => answer,
            None => pending().await,
        }
    }
}

/// What a task has come to; nothing, if the runtime shuts down or it was given up.
fn outcome<T>(answer: Result<Option<T>, JoinError>) -> Option<T> {
    match answer {
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        answer => answer.ok().flatten(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn who_gives_up_is_not_asked_for_and_what_was_asked_goes_on_to_its_end() {
        let turns = Turns::new(1, Duration::from_secs(60));
        let (let_go, held) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let first = turns.ask(Kind::History, async move {
            let _ = held.await;
            let _ = tell.send("its end");
        });
        yield_now().await;
        drop(first);
        let asked = Arc::new(AtomicBool::new(false));
        let given_up = turns.ask(Kind::History, {
            let asked = Arc::clone(&asked);
            async move { asked.store(true, Ordering::Relaxed) }
        });
        let last = turns.ask(Kind::History, async { "the last" });
        yield_now().await;
        drop(given_up);
        let_go.send(()).unwrap();
        assert_eq!((last.await, told.await), ("the last", Ok("its end")));
        assert!(!asked.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn one_that_is_never_answered_loses_its_turn() {
        let turns = Turns::new(1, Duration::from_millis(10));
        let _never = turns.ask(Kind::History, pending::<()>());
        assert_eq!(turns.ask(Kind::History, async { "the next" }).await, "the next");
    }

    #[tokio::test]
    async fn no_kind_of_work_waits_for_another_and_writes_wait_in_bounded_number() {
        let turns = Turns::new(20, Duration::from_secs(60));
        assert_eq!(turns.free(), [7, 13, 2, 5, 2]);
        let _stuck: Vec<_> = (0..26).map(|_| turns.ask(Kind::Writes, pending::<()>())).collect();
        yield_now().await;
        assert_eq!(turns.free(), [7, 13, 2, 5, 0]);
        for kind in [Kind::Changes, Kind::Lookups, Kind::Lists, Kind::History] {
            assert_eq!(turns.ask(kind, async { "answered" }).await, "answered");
        }
        let _searches: Vec<_> =
            (0..26).map(|_| turns.ask(Kind::Searches, pending::<()>())).collect();
        yield_now().await;
        assert_eq!(turns.free(), [7, 13, 2, 3, 0]);
        assert_eq!(turns.ask(Kind::History, async { "a page" }).await, "a page");
        let places: Vec<_> = std::iter::from_fn(|| turns.write()).collect();
        assert_eq!(places.len(), 2 + WRITES_WAITING);
        drop(places);
        assert!(turns.write().is_some());
    }
}
