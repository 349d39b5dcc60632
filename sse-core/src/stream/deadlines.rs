//! The deadlines of all streams of a runtime, and the one timer that waits for the next of them.
//!
//! A timer of tokio's takes some 130 bytes for each stream, and its driver an entry in the
//! runtime's own wheel. An entry here takes 32 bytes, and a thousand of them that are due together
//! are one wake-up.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep, sleep};

/// A deadline may be met later than it is by this part of the time until then, so that many share
/// one wake-up.
const LATE: u64 = 128;

/// No entry.
const NONE: u32 = u32::MAX;

/// Deadlines of one runtime, whose clock may be paused. A task of that runtime waits for the next
/// of them; it ends with the runtime.
pub(super) struct Deadlines {
    runtime: Id,
    start: Instant,
    state: Mutex<State>,
    /// The runtime has ended, and nobody waits any more. Set while the lock is held.
    closed: AtomicBool,
}

static RUNTIMES: LazyLock<Mutex<HashMap<Id, Arc<Deadlines>>>> = LazyLock::new(Mutex::default);

impl Deadlines {
    /// Those of the runtime that this is called on.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or on one without time, as tokio's own timer does.
    fn current() -> Arc<Self> {
        let runtime = Handle::current();
        let id = runtime.id();
        if let Some(known) = lock(&RUNTIMES).get(&id) {
            return Arc::clone(known);
        }
        // Made here, so that a runtime without time panics where it is asked to wait.
        let timer = Box::pin(sleep(Duration::ZERO));
        let new = Arc::new(Self {
            runtime: id,
            start: Instant::now(),
            state: Mutex::new(State::new()),
            closed: AtomicBool::new(false),
        });
        let deadlines = Arc::clone(lock(&RUNTIMES).entry(id).or_insert_with(|| Arc::clone(&new)));
        // Another thread may have been first. The lock is free again: a runtime that is ending
        // drops the task at once, which takes it.
        if Arc::ptr_eq(&deadlines, &new) {
            runtime.spawn(Driver { deadlines: new, timer }.run());
        }
        deadlines
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Milliseconds from the start to `due`, or a little more.
    fn rounded(&self, due: Instant, now: Instant) -> u64 {
        let left = due.saturating_duration_since(now);
        let step = step(u64::try_from(left.as_millis()).unwrap_or(u64::MAX) / LATE);
        let due = due.saturating_duration_since(self.start).as_nanos().div_ceil(1_000_000);
        u64::try_from(due).unwrap_or(u64::MAX / 2).div_ceil(step).saturating_mul(step)
    }
}

/// The largest of 1, 2, 5, 10, 20, ... that is not above `most`: multiples of these meet often.
fn step(most: u64) -> u64 {
    let power = 10_u64.pow(most.max(1).ilog10());
    match most / power {
        0 | 1 => power,
        2..5 => power * 2,
        _ => power * 5,
    }
}

/// Wakes one of many, of whom the others are not to miss theirs when it panics.
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

/// The table is whole whenever its lock is free.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Entries in lists of those that are due together.
struct State {
    entries: Vec<Entry>,
    /// The first one that is not in use; [`Entry::after`] goes on.
    free: u32,
    /// The first entry for each time.
    due: BTreeMap<u64, u32>,
    /// What the driver waits for, and how to tell it of an earlier one.
    awaited: u64,
    driver: Option<Waker>,
}

struct Entry {
    /// `None` when it is in no list.
    waker: Option<Waker>,
    due: u64,
    before: u32,
    after: u32,
}

impl State {
    fn new() -> Self {
        // The driver looks before it waits.
        let awaited = 0;
        Self { entries: Vec::new(), free: NONE, due: BTreeMap::new(), awaited, driver: None }
    }

    fn get(&mut self, entry: u32) -> Option<&mut Entry> {
        self.entries.get_mut(entry as usize)
    }

    /// An entry in no list; `None` when there are four thousand million of them.
    fn add(&mut self) -> Option<u32> {
        let entry = self.free;
        if let Some(unused) = self.get(entry) {
            self.free = unused.after;
            return Some(entry);
        }
        let entry = u32::try_from(self.entries.len()).ok().filter(|entry| *entry != NONE)?;
        self.entries.push(Entry { waker: None, due: 0, before: NONE, after: NONE });
        Some(entry)
    }

    fn link(&mut self, entry: u32, due: u64, waker: Waker) {
        let after = self.due.insert(due, entry).unwrap_or(NONE);
        if let Some(next) = self.get(after) {
            next.before = entry;
        }
        if let Some(this) = self.get(entry) {
            *this = Entry { waker: Some(waker), due, before: NONE, after };
        }
    }

    /// Takes an entry out of its list. The waker is the caller's to drop, when the lock is free.
    fn unlink(&mut self, entry: u32) -> Option<Waker> {
        let this = self.get(entry)?;
        let waker = this.waker.take()?;
        let Entry { due, before, after, .. } = *this;
        if let Some(next) = self.get(after) {
            next.before = before;
        }
        match self.get(before) {
            Some(previous) => previous.after = after,
            None if after == NONE => drop(self.due.remove(&due)),
            None => drop(self.due.insert(due, after)),
        }
        Some(waker)
    }

    fn remove(&mut self, entry: u32) -> Option<Waker> {
        let waker = self.unlink(entry);
        let free = self.free;
        if let Some(this) = self.get(entry) {
            this.after = free;
            self.free = entry;
        }
        waker
    }

    /// The wakers of all that are due, whose entries are in no list any more.
    fn take_due(&mut self, now: u64) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some(first) = self.due.first_entry().filter(|first| *first.key() <= now) {
            let mut next = first.remove();
            while let Some(entry) = self.get(next) {
                wakers.extend(entry.waker.take());
                next = entry.after;
            }
        }
        wakers
    }
}

/// The deadline of one stream: an entry of its own, which is free again when this is dropped.
pub(super) struct Deadline {
    of: Arc<Deadlines>,
    entry: u32,
}

impl Deadline {
    /// Has `waker` woken at `due`, or a little later, unless it is told otherwise before.
    pub(super) fn set(this: &mut Option<Self>, due: Instant, now: Instant, waker: &Waker) {
        let runtime = Handle::current().id();
        let here = this.as_ref().is_some_and(|known| known.of.runtime == runtime);
        let known = this.as_ref().filter(|_| here);
        if !known.is_some_and(|known| known.try_set(due, now, waker)) {
            *this = Self::new(Deadlines::current());
            // If this fails too, the runtime is ending, and the stream with it.
            this.as_ref().map(|new| new.try_set(due, now, waker));
        }
    }

    fn try_set(&self, due: Instant, now: Instant, waker: &Waker) -> bool {
        let Self { of, entry } = self;
        let (due, waker) = (of.rounded(due, now), waker.clone());
        let mut state = lock(&of.state);
        if of.is_closed() {
            return false;
        }
        let before = state.unlink(*entry);
        state.link(*entry, due, waker);
        let driver = if due < state.awaited { state.driver.take() } else { None };
        drop(state);
        drop(before);
        driver.into_iter().for_each(Waker::wake);
        true
    }

    fn new(of: Arc<Deadlines>) -> Option<Self> {
        let entry = lock(&of.state).add();
        entry.map(|entry| Self { of, entry })
    }

    /// Nobody waits for it any more.
    pub(super) fn is_void(&self) -> bool {
        self.of.is_closed()
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let waker = lock(&self.of.state).remove(self.entry);
        drop(waker);
    }
}

/// The task that waits. When it is dropped, its runtime has ended, or is ending.
struct Driver {
    deadlines: Arc<Deadlines>,
    timer: Pin<Box<Sleep>>,
}

impl Driver {
    async fn run(mut self) -> Infallible {
        poll_fn(move |cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        let Deadlines { start, state, .. } = &*self.deadlines;
        loop {
            let now = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            let waker = cx.waker().clone();
            let (due, next, before) = {
                let mut state = lock(state);
                let due = state.take_due(now);
                let next = state.due.first_key_value().map(|(due, _)| *due);
                state.awaited = next.unwrap_or(u64::MAX);
                (due, next, state.driver.replace(waker))
            };
            drop(before);
            due.into_iter().for_each(wake);
            let next = next.and_then(|due| start.checked_add(Duration::from_millis(due)));
            let Some(next) = next else { return Poll::Pending };
            self.timer.as_mut().reset(next);
            ready!(self.timer.as_mut().poll(cx));
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let Self { deadlines, .. } = self;
        let known = lock(&RUNTIMES).remove(&deadlines.runtime);
        // Those that are polled elsewhere go on there.
        let (due, driver) = {
            let mut state = lock(&deadlines.state);
            deadlines.closed.store(true, Ordering::Release);
            (state.take_due(u64::MAX), state.driver.take())
        };
        due.into_iter().for_each(wake);
        drop((known, driver));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::task::Wake;
    use std::thread;

    use tokio::runtime::Builder;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn set(waker: &Waker) -> Option<Deadline> {
        let (mut deadline, now) = (None, Instant::now());
        Deadline::set(&mut deadline, now + SECOND, now, waker);
        deadline
    }

    /// A waker that holds another deadline, which goes when it is woken or dropped.
    struct Holds(Mutex<Option<Deadline>>);

    impl Holds {
        fn another() -> Waker {
            Arc::new(Self(Mutex::new(set(Waker::noop())))).into()
        }
    }

    impl Wake for Holds {
        fn wake(self: Arc<Self>) {
            drop(lock(&self.0).take());
        }
    }

    #[test]
    fn nothing_of_a_waker_runs_while_the_table_is_locked() {
        let (done, ends) = mpsc::channel();
        // A lock that is held by its own thread would wait for ever.
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
            let Ok(runtime) = runtime else { return };
            let left = runtime.block_on(async {
                let mut replaced = set(&Holds::another());
                let now = Instant::now();
                Deadline::set(&mut replaced, now + SECOND * 2, now, &Holds::another());
                drop(replaced);
                let woken = set(&Holds::another());
                sleep(SECOND * 2).await;
                drop(woken);
                set(&Holds::another())
            });
            drop(runtime);
            drop(left);
            done.send(()).ok();
        });
        assert!(ends.recv_timeout(Duration::from_secs(20)).is_ok(), "nothing waits for itself");
    }
}
