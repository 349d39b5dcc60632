//! What the passes of a catch-up and its readers share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::readers::Readers;
use crate::follow::internals::{Hub, Wakers};
use crate::follow::{Fault, Filter};

/// A reading of the changes for all streams of a log that have missed about as much: the source is
/// asked once, however many they are.
///
/// One pass follows the other. A reader ahead of a pass waits until the pass comes by; one that is
/// behind it, or too slow for it, waits for the next. A pass ends where the log's own ring begins
/// to have what follows.
pub(in crate::logs) struct CatchUp<P, F: Filter> {
    pub(super) hub: Hub<P, F>,
    pub(super) ring_bytes: usize,
    readers: Mutex<Readers<P>>,
    in_pass: AtomicBool,
    /// How many passes have failed.
    failures: AtomicU64,
    /// A pass is to begin, or may go on.
    pub(super) due: Notify,
}

/// The catch-ups of a log, so that a stream that has missed a minute does not wait for one that
/// has missed a day.
pub(in crate::logs) struct CatchUps<P, F: Filter> {
    pub(in crate::logs) recent: Arc<CatchUp<P, F>>,
    pub(in crate::logs) old: Arc<CatchUp<P, F>>,
    heads: Mutex<Option<Heads<P>>>,
}

/// Where the log was a while ago.
struct Heads<P> {
    older: P,
    newer: P,
    set: Instant,
}

/// A position is recent for this long, and for twice that at most.
const RECENT: Duration = Duration::from_secs(30);

impl<P: Ord + Clone, F: Filter> CatchUp<P, F> {
    fn new(ring_bytes: usize) -> Self {
        Self {
            hub: Hub::new(ring_bytes),
            ring_bytes,
            readers: Mutex::new(Readers::new(ring_bytes)),
            in_pass: AtomicBool::new(false),
            failures: AtomicU64::new(0),
            due: Notify::new(),
        }
    }

    pub(super) fn readers(&self) -> MutexGuard<'_, Readers<P>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A change of a reader, which a pass may have waited for.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Readers<P>) -> T) -> T {
        let mut readers = self.readers();
        let changed = change(&mut readers);
        let is_due = readers.is_pass_due();
        drop(readers);
        if is_due {
            self.due.notify_one();
        }
        changed
    }

    /// Whether a pass is under way.
    pub(super) fn in_pass(&self) -> bool {
        self.in_pass.load(Ordering::Acquire)
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Acquire)
    }

    /// Begins a pass if a reader needs one, and returns where.
    pub(super) fn begin_pass(&self) -> Option<P> {
        let from = self.readers().begin_pass()?;
        self.in_pass.store(true, Ordering::Release);
        Some(from)
    }

    /// The pass that began at `from` is over. Returns who is to be woken.
    pub(super) fn end_pass(&self, from: P, fault: Option<Fault>) -> Wakers {
        let waiting = self.readers().end_pass(from, fault);
        self.in_pass.store(false, Ordering::Release);
        self.failures.fetch_add(u64::from(fault.is_some()), Ordering::AcqRel);
        let mut wakers = self.hub.wakers();
        wakers.add(waiting);
        self.let_go();
        wakers
    }

    /// Keeps no events for nobody.
    pub(super) fn let_go(&self) {
        if !self.in_pass() && self.readers().len() == 0 {
            // If a pass has begun since, its readers have lagged, and need another.
            self.hub.let_go();
        }
    }
}

impl<P: Ord + Clone, F: Filter> CatchUps<P, F> {
    /// Each of them keeps `ring_bytes` of events.
    pub(in crate::logs) fn new(ring_bytes: usize) -> Self {
        let catch_up = || Arc::new(CatchUp::new(ring_bytes));
        Self { recent: catch_up(), old: catch_up(), heads: Mutex::new(None) }
    }

    /// The log begins here, as far as is known.
    pub(in crate::logs) fn begin(&self, start: &P) {
        let (older, newer) = (start.clone(), start.clone());
        *self.heads() = Some(Heads { older, newer, set: Instant::now() });
    }

    /// The log has come so far.
    pub(in crate::logs) fn note_head(&self, head: &P) {
        let mut heads = self.heads();
        if let Some(Heads { older, newer, set }) = &mut *heads
            && set.elapsed() >= RECENT
        {
            *older = std::mem::replace(newer, head.clone());
            *set = Instant::now();
        }
    }

    /// The one for a stream that has everything up to `at`.
    pub(in crate::logs) fn of(&self, at: &P) -> &Arc<CatchUp<P, F>> {
        let recent = self.heads().as_ref().is_some_and(|heads| *at >= heads.older);
        if recent { &self.recent } else { &self.old }
    }

    /// How many passes are under way, and how many readers there are.
    pub(in crate::logs) fn load(&self) -> (usize, usize) {
        let (recent, old) = (self.recent.readers(), self.old.readers());
        let passes = usize::from(recent.in_pass()) + usize::from(old.in_pass());
        (passes, recent.len() + old.len())
    }

    fn heads(&self) -> MutexGuard<'_, Option<Heads<P>>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
