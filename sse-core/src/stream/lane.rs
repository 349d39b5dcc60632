//! One reading of a source's changes, for all streams that have missed some.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::iter::Peekable;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::log::Inner;
use crate::follow::{
    Batch, Changes, Fault, Filter, Hub, Late, Located, News, Publication, Record, RingRead, Scope,
    Source, SourceError, Subscription,
};
use crate::wire::Encoded;

/// How many bytes of events a passenger is given at once.
const READ: usize = 64 * 1024;

/// How long a pass waits in all for one that does not keep up, before it goes on without it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Reads the changes of a source from where the furthest behind of its passengers is, and hands
/// them to all of them: the source is asked once, however many they are.
///
/// A lane makes one pass after the other. Who is ahead of it waits until it comes by; who is
/// behind it, or was too slow, waits for the next pass. A pass ends where the log's own ring
/// begins to have what follows.
pub(super) struct Lane<P, F: Filter> {
    hub: Hub<P, F>,
    ring_bytes: usize,
    ride: Mutex<Ride<P>>,
    /// Somebody boarded, moved on, was left behind or got off.
    moved: Notify,
}

struct Ride<P> {
    passengers: HashMap<u64, Place<P>>,
    next: u64,
    /// Whether a pass is under way.
    running: bool,
}

struct Place<P> {
    /// Up to where it has been given everything.
    at: P,
    /// It needs the next pass.
    stranded: bool,
    /// How long the pass under way still waits for it.
    patience: Duration,
    fault: Option<Fault>,
}

/// The lanes of a log: who has missed a minute does not wait for who has missed a day.
pub(super) struct Lanes<P, F: Filter> {
    pub(super) recent: Arc<Lane<P, F>>,
    pub(super) old: Arc<Lane<P, F>>,
    marks: Mutex<Option<Marks<P>>>,
}

/// Where the log was a while ago.
struct Marks<P> {
    older: P,
    newer: P,
    set: Instant,
}

/// A position is recent for this long, and for twice that at most.
const RECENT: Duration = Duration::from_secs(30);

impl<P: Ord + Clone, F: Filter> Lanes<P, F> {
    pub(super) fn new(ring_bytes: usize) -> Self {
        let lane = || Arc::new(Lane::new(ring_bytes));
        Self { recent: lane(), old: lane(), marks: Mutex::new(None) }
    }

    /// The log begins here, as far as is known.
    pub(super) fn begin(&self, start: &P) {
        let (older, newer) = (start.clone(), start.clone());
        *self.marks() = Some(Marks { older, newer, set: Instant::now() });
    }

    /// The log has come so far.
    pub(super) fn note(&self, head: &P) {
        let mut marks = self.marks();
        if let Some(Marks { older, newer, set }) = &mut *marks
            && set.elapsed() >= RECENT
        {
            *older = std::mem::replace(newer, head.clone());
            *set = Instant::now();
        }
    }

    /// The lane for those who have everything up to `at`.
    pub(super) fn of(&self, at: &P) -> &Arc<Lane<P, F>> {
        let recent = self.marks().as_ref().is_some_and(|marks| *at >= marks.older);
        if recent { &self.recent } else { &self.old }
    }

    /// How many of them are under way, and how many passengers they have.
    pub(super) fn load(&self) -> (usize, usize) {
        let (recent, old) = (self.recent.ride(), self.old.ride());
        let running = usize::from(recent.running) + usize::from(old.running);
        (running, recent.passengers.len() + old.passengers.len())
    }

    fn marks(&self) -> MutexGuard<'_, Option<Marks<P>>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Ord + Clone, F: Filter> Lane<P, F> {
    fn new(ring_bytes: usize) -> Self {
        let ride = Ride { passengers: HashMap::new(), next: 0, running: false };
        let ride = Mutex::new(ride);
        Self { hub: Hub::new(ring_bytes), ring_bytes, ride, moved: Notify::new() }
    }

    /// Makes passes for whoever needs one.
    pub(super) async fn run<S>(&self, log: &Inner<S>) -> Infallible
    where
        S: Source<Position = P, Record: Record<Filter = F>>,
    {
        loop {
            let from = self.wanted().await;
            let passed = self.pass(log, &from).await;
            self.end(&from, passed.err());
        }
    }

    /// Waits until somebody needs a pass, and answers where it begins.
    async fn wanted(&self) -> P {
        loop {
            let moved = self.moved.notified();
            {
                let mut ride = self.ride();
                let stranded = ride.passengers.values().filter(|place| place.stranded);
                if let Some(from) = stranded.map(|place| place.at.clone()).min() {
                    ride.running = true;
                    // Who has not asked since it fell off is not waited for.
                    for place in ride.passengers.values_mut().filter(|place| place.stranded) {
                        (place.stranded, place.patience) = (false, PATIENCE);
                    }
                    return from;
                }
            }
            moved.await;
        }
    }

    async fn pass<S>(&self, log: &Inner<S>, from: &P) -> Result<(), Fault>
    where
        S: Source<Position = P, Record: Record<Filter = F>>,
    {
        let fault = |error: S::Error| error.fault();
        let epoch = log.source.epoch().await.map_err(fault)?;
        let mut changes = log.source.changes(from).await.map_err(fault)?;
        self.hub.open(epoch, from.clone());
        let mut published = VecDeque::new();
        loop {
            let Batch { changes: records, late, through } = changes.next().await.map_err(fault)?;
            let mut late = log.encode_late(epoch, late, &through);
            let mut events = log.encode(epoch, records).into_iter().peekable();
            loop {
                let piece = self.piece(&mut events);
                // What came late stands behind all others, and leaves by itself.
                let more = events.peek().is_some() || !(late.is_empty() || piece.is_empty());
                let last = piece.last().filter(|_| more);
                let late = if more { Vec::new() } else { take(&mut late) };
                let to = last.map_or(&through, |event| &event.position).clone();
                let bytes = piece.iter().map(Publication::weight::<F>).sum::<usize>()
                    + late.iter().map(Late::weight::<F>).sum::<usize>();
                self.wait_for_the_slow(&mut published, bytes).await;
                self.hub.publish_late(piece, to.clone(), late);
                // Also those without an event of their own are further on now.
                self.hub.wake();
                published.push_back((to, bytes));
                if !more {
                    break;
                }
            }
            let Some((_, head)) = log.hub.head().filter(|(of, _)| *of == epoch) else {
                // Another life of the log has begun, of which its own ring is still to tell.
                return Err(Fault::Unavailable);
            };
            if through >= head || self.ride().passengers.is_empty() {
                return Ok(());
            }
        }
    }

    /// As many events as half the ring holds, and at least one: who has read all before them
    /// finds all of them there.
    fn piece(
        &self,
        events: &mut Peekable<impl Iterator<Item = Publication<P, F::Mark>>>,
    ) -> Vec<Publication<P, F::Mark>> {
        let mut piece: Vec<_> = events.next().into_iter().collect();
        let mut bytes: usize = piece.iter().map(Publication::weight::<F>).sum();
        while let Some(event) =
            events.next_if(|event| bytes + event.weight::<F>() <= self.ring_bytes / 2)
        {
            bytes += event.weight::<F>();
            piece.push(event);
        }
        piece
    }

    /// The pass is over. Who has had all of it and has not got off needs another.
    fn end(&self, from: &P, fault: Option<Fault>) {
        let mut ride = self.ride();
        ride.running = false;
        if let Some(fault) = fault {
            for place in ride.passengers.values_mut() {
                // What is lost for the furthest behind may be there for the others.
                if fault != Fault::HistoryLost || place.at <= *from {
                    place.fault = Some(fault);
                }
            }
        }
        drop(ride);
        self.hub.wake();
    }

    /// Waits until passengers have read so much that there is room for so many bytes, but not for
    /// long for any of them.
    async fn wait_for_the_slow(&self, published: &mut VecDeque<(P, usize)>, room: usize) {
        loop {
            let moved = self.moved.notified();
            let Some((slowest, patience)) = self.slowest() else { return };
            while published.front().is_some_and(|(through, _)| *through <= slowest) {
                published.pop_front();
            }
            let mut held = room;
            let too_far = published.iter().rev().find(|(_, bytes)| {
                held += bytes;
                held > self.ring_bytes
            });
            let Some((too_far, _)) = too_far else { return };
            let since = Instant::now();
            let _ = timeout(patience, moved).await;
            // Those who are slow are waited for together, not one after the other.
            for place in self.ride().passengers.values_mut().filter(|place| place.at < *too_far) {
                place.patience = place.patience.saturating_sub(since.elapsed());
            }
        }
    }

    /// How far the slowest has come of those who are waited for, and for how long that is.
    fn slowest(&self) -> Option<(P, Duration)> {
        let ride = self.ride();
        let waited_for =
            ride.passengers.values().filter(|place| !place.stranded && !place.patience.is_zero());
        waited_for.map(|place| (place.at.clone(), place.patience)).min()
    }

    fn ride(&self) -> MutexGuard<'_, Ride<P>> {
        self.ride.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that is given what it has missed.
pub(super) struct Passenger<P: Ord + Clone, F: Filter> {
    lane: Arc<Lane<P, F>>,
    number: u64,
    subscription: Subscription<P, F>,
    /// The life of the log that the lane reads.
    epoch: Option<u32>,
    seated: bool,
}

/// What a passenger is given.
#[derive(Debug)]
pub(super) enum Passed<P> {
    /// Events, up to this position.
    Events(Option<Encoded>, P),
    /// Nothing for it up to this position.
    Through(P),
    /// The source could not be read.
    Failed(Fault),
}

impl<P: Ord + Clone, F: Filter> Passenger<P, F> {
    /// Boards `lane`, to go on from `at`.
    pub(super) fn board(lane: &Arc<Lane<P, F>>, scope: Scope<F>, at: P) -> Self {
        let mut ride = lane.ride();
        let number = ride.next;
        ride.next += 1;
        ride.passengers
            .insert(number, Place { at, stranded: false, patience: PATIENCE, fault: None });
        drop(ride);
        let subscription = lane.hub.subscribe(scope);
        Self { lane: Arc::clone(lane), number, subscription, epoch: None, seated: false }
    }

    /// Waits for what follows `at` in the life of the log that `epoch` names.
    pub(super) fn poll_next(
        &mut self,
        epoch: u32,
        at: &P,
        cx: &mut Context<'_>,
    ) -> Poll<Passed<P>> {
        if let Some(fault) = self.place(|place| {
            place.at = at.clone();
            place.fault.take()
        }) {
            return Poll::Ready(Passed::Failed(fault));
        }
        loop {
            let polled = if self.seated {
                self.subscription.poll_read(READ, cx).map_ok(|read| match read {
                    RingRead::Events { frame, last } => Some(Passed::Events(frame, last)),
                    RingRead::Lagged => None,
                })
            } else {
                match self.subscription.poll_locate(at, cx) {
                    Poll::Ready(Ok(Located::Live)) if self.epoch == Some(epoch) => {
                        self.seated = true;
                        self.place(|place| place.stranded = false);
                        continue;
                    }
                    other => other.map_ok(|_| None),
                }
            };
            match polled {
                Poll::Ready(Err(news)) => {
                    if let News::Epoch(epoch) = news {
                        (self.epoch, self.seated) = (Some(epoch), false);
                    }
                }
                Poll::Ready(Ok(Some(events))) => {
                    if let Passed::Events(_, last) = &events {
                        self.place(|place| place.at = last.clone());
                    }
                    return Poll::Ready(events);
                }
                // What it needs has left the lane, or is of another life of the log.
                Poll::Ready(Ok(None)) => {
                    self.seated = false;
                    self.strand();
                    // Wakes this when the next pass begins.
                    if self.subscription.poll_news(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
                Poll::Pending => return self.rest(at),
            }
        }
    }

    /// There is nothing for it at the moment.
    fn rest(&self, at: &P) -> Poll<Passed<P>> {
        if let Some(head) = self.subscription.caught_up().filter(|_| self.seated)
            && head > *at
        {
            self.place(|place| place.at = head.clone());
            return Poll::Ready(Passed::Through(head));
        }
        if !self.lane.ride().running {
            self.strand();
        }
        Poll::Pending
    }

    /// Asks for another pass.
    fn strand(&self) {
        self.place(|place| place.stranded = true);
    }

    fn place<T>(&self, change: impl FnOnce(&mut Place<P>) -> T) -> T
    where
        T: Default,
    {
        let mut ride = self.lane.ride();
        let changed = ride.passengers.get_mut(&self.number).map(change);
        drop(ride);
        self.lane.moved.notify_waiters();
        changed.unwrap_or_default()
    }
}

impl<P: Ord + Clone, F: Filter> Drop for Passenger<P, F> {
    fn drop(&mut self) {
        self.lane.ride().passengers.remove(&self.number);
        self.lane.moved.notify_waiters();
    }
}
