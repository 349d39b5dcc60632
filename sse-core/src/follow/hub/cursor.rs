//! Where a reader of a hub is, and what it sees there.

use std::sync::Arc;
use std::task::Waker;

use super::decide::{STEP_EVENTS, Undecided};
use super::held::Held;
use super::merge_cache::Asked;
use super::reading::{News, RingRead};
use super::ring::{Lagged, Ring};
use super::scopes::Joined;
use super::state::State;
use super::verdicts::Claim;
use crate::follow::filter::Filter;
use crate::follow::source::Fault;

/// Where a reader is. What it does is done while the state is locked.
pub(super) struct Cursor<F> {
    pub(super) reader: usize,
    pub(super) joined: Joined<F>,
    pub(super) admits_all: bool,
    pub(super) epoch: Option<u32>,
    pub(super) outage: Option<Fault>,
    pub(super) stopped: bool,
    pub(super) place: u64,
    /// There is nothing for it before this place: not worth a look until there are more.
    pub(super) read_to: u64,
}

/// What a look at the state came to.
pub(super) enum Look<P, F: Filter> {
    Done(Result<RingRead<P>, News>),
    /// There is nothing for it yet.
    Wait,
    /// It is to find the verdicts on this, for the run with this number.
    Decide(u64, Undecided<P, F::Mark>),
}

impl<F: Filter> Cursor<F> {
    pub(super) fn news<P>(&mut self, state: &State<P, F>) -> Option<News> {
        if state.drained {
            return Some(News::Drain);
        }
        let epoch = state.open.as_ref().map(|(epoch, _)| *epoch);
        if epoch != self.epoch {
            self.epoch = epoch;
            return epoch.map(News::Epoch);
        }
        if state.outage != self.outage {
            self.outage = state.outage;
            return Some(News::Outage(self.outage));
        }
        if state.stopped != self.stopped {
            self.stopped = state.stopped;
            return Some(News::Stopped);
        }
        None
    }

    /// Leaves `waker` to be woken by, and takes the one that was left before; answers `false` if
    /// there is none to leave.
    pub(super) fn wait<P>(&self, state: &mut State<P, F>, waker: &mut Option<Waker>) -> bool {
        let is_some = waker.is_some();
        if is_some && let Some(slot) = state.readers.get_mut(self.reader) {
            std::mem::swap(slot, waker);
        }
        is_some
    }

    pub(super) fn look<P: Ord + Clone>(
        &mut self,
        state: &mut State<P, F>,
        max_bytes: usize,
    ) -> Look<P, F> {
        if let Some(news) = self.news(state) {
            return Look::Done(Err(news));
        }
        let State { open: Some((_, ring)), .. } = state else { return Look::Wait };
        if self.read_to == ring.next_place() {
            return Look::Wait;
        }
        let looked = if self.admits_all {
            self.take(state, max_bytes)
        } else {
            self.take_admitted(state, max_bytes)
        };
        looked.unwrap_or_else(|Lagged| Look::Done(Ok(RingRead::Lagged)))
    }

    /// Takes what is of its scope.
    fn take<P: Ord + Clone>(
        &mut self,
        state: &mut State<P, F>,
        max_bytes: usize,
    ) -> Result<Look<P, F>, Lagged> {
        let State { open: Some((_, ring)), pieces, .. } = state else { return Ok(Look::Wait) };
        let Joined { scope, number, .. } = &self.joined;
        let (next, asked) =
            (ring.next_place(), Asked { scope: *number, from: self.place, max_bytes });
        let is_all = |to| to == next || ring.is_read(scope, to);
        if let Some(piece) = pieces.made(asked, is_all) {
            (self.place, self.read_to) = (piece.to, if piece.to == next { next } else { 0 });
            return Ok(Look::Done(Ok(piece.read())));
        }
        let unread = ring.unread(scope, self.place)?.filter_map(|place| {
            let held = ring.held(place)?;
            Some((place, &held.position, held.shown(scope, |_| true)?))
        });
        let Some(piece) = pieces.make(asked, unread, None) else {
            self.read_to = next;
            return Ok(Look::Wait);
        };
        (self.place, self.read_to) = (piece.to, if piece.to == next { next } else { 0 });
        Ok(Look::Done(Ok(piece.read())))
    }

    /// Takes what is known to be admitted, or what is to be decided next.
    fn take_admitted<P: Ord + Clone>(
        &mut self,
        state: &mut State<P, F>,
        max_bytes: usize,
    ) -> Result<Look<P, F>, Lagged> {
        let State { open: Some((_, ring)), pieces, scopes, .. } = state else {
            return Ok(Look::Wait);
        };
        let Joined { scope, key, number } = &self.joined;
        let Some(verdicts) = scopes.verdicts(*key) else { return Ok(Look::Wait) };
        let mut unread = ring.unread(scope, self.place)?;
        let Some(run) = verdicts.known(self.place) else {
            let Some(next) = unread.next() else {
                self.read_to = ring.next_place();
                return Ok(Look::Wait);
            };
            let is_next = |place| {
                let first = ring.unread(scope, place).ok().and_then(|mut unread| unread.next());
                first == Some(next)
            };
            return Ok(match verdicts.claim(self.place, self.reader, is_next) {
                Claim::Theirs => Look::Wait,
                Claim::Mine(run) => {
                    Look::Decide(run, undecided(ring, [next].into_iter().chain(unread)))
                }
            });
        };
        let asked = Asked { scope: *number, from: self.place, max_bytes };
        let piece = if let Some(piece) = pieces.made(asked, |to| to == run.to) {
            Some(piece)
        } else {
            let admitted = run.admitted_from(self.place).filter_map(|admitted| {
                let held = ring.held(admitted.place)?;
                let made = admitted.made.as_deref().cloned();
                let frame = made.or_else(|| held.shown(scope, |_| true))?;
                Some((admitted.place, &held.position, frame))
            });
            let end = run.last.as_ref().map(|last| (run.to, last));
            pieces.make(asked, admitted, end)
        };
        let Some(piece) = piece else { return Ok(Look::Wait) };
        let next = ring.next_place();
        (self.place, self.read_to) = (piece.to, if piece.to == next { next } else { 0 });
        Ok(Look::Done(Ok(piece.read())))
    }
}

/// References to the first of what is at these places.
fn undecided<P: Ord + Clone, M>(
    ring: &Ring<P, M>,
    places: impl Iterator<Item = u64>,
) -> Undecided<P, M> {
    let mut rest = places.filter_map(|place| Some((place, ring.held(place)?))).peekable();
    let mut events: Vec<(u64, Arc<Held<P, M>>)> = Vec::new();
    while let Some((place, held)) = rest.next_if(|(_, held)| {
        let of_last = events.last().is_some_and(|(_, last)| last.position == held.position);
        events.len() < STEP_EVENTS || of_last
    }) {
        events.push((place, Arc::clone(held)));
    }
    Undecided { events, is_all: rest.peek().is_none() }
}
