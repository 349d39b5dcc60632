//! The readers that catch up: which of them wait for the next pass, are ahead of the one under way,
//! or read what it publishes.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;
use std::time::Duration;

use slab::Slab;

use super::window::{GRACE, Room, Window};
use crate::follow::Fault;

/// The readers of a catch-up, by number.
#[derive(Debug)]
pub(super) struct Readers<P> {
    by_number: Slab<Reader<P>>,
    waiting: BTreeSet<usize>,
    /// Those ahead of the pass, by how far they are.
    ahead: BTreeMap<P, Vec<usize>>,
    window: Window<P>,
    pass: Option<Pass<P>>,
    failure: Option<Failure<P>>,
    /// How many passes in a row have found that history is lost where they began.
    lost_in_a_row: u32,
}

/// By how many passes in a row readers are told one by one that history is lost, as a power of two.
const PATIENCE: usize = 1 << 3;

/// The pass under way.
#[derive(Debug)]
struct Pass<P> {
    /// How far it has come.
    reached: P,
    /// The source has answered.
    open: bool,
}

/// How the last pass that failed did so.
#[derive(Debug)]
struct Failure<P> {
    fault: Fault,
    /// Only for those who are no further.
    up_to: Option<P>,
}

#[derive(Debug)]
struct Reader<P> {
    stands: Stands<P>,
    /// For how long the pass under way still waits for it, about.
    grace: Duration,
    waker: Option<Waker>,
}

#[derive(Debug)]
enum Stands<P> {
    Nowhere,
    /// Has everything up to here, and waits for the next pass.
    Waits(P),
    /// Has everything up to here, and waits for the pass under way to come by.
    Ahead(P),
    /// In this piece of what is published; for which the pass had waited so long before.
    Reads(u64, Duration),
}

/// What a reader is to do that has no place yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seek {
    /// Wait until it is woken.
    Wait,
    /// Look for its place in what is published.
    Here,
}

/// When a reader is to tell that it has moved.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tells<P> {
    Moved,
    /// When it has everything up to here.
    From(P),
    /// The pass does not wait for it any more.
    Never,
}

impl<P: Ord + Clone> Readers<P> {
    /// Readers of a ring of `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            by_number: Slab::new(),
            waiting: BTreeSet::new(),
            ahead: BTreeMap::new(),
            window: Window::new(max_bytes),
            pass: None,
            failure: None,
            lost_in_a_row: 0,
        }
    }

    /// Adds a reader, and returns its number.
    pub(super) fn join(&mut self) -> usize {
        self.by_number.insert(Reader { stands: Stands::Nowhere, grace: GRACE, waker: None })
    }

    /// Removes a reader; what it held is to be dropped without the lock.
    pub(super) fn leave(&mut self, number: usize) -> impl Sized + use<P> {
        // First of all: what follows compares positions, which is code of the source.
        let reader = self.by_number.try_remove(number)?;
        self.step_down(number, &reader.stands);
        Some(reader)
    }

    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Whether a pass is under way.
    pub(super) fn in_pass(&self) -> bool {
        self.pass.is_some()
    }

    /// Whether the pass may go on, or is to begin.
    pub(super) fn is_pass_due(&self) -> bool {
        match self.pass {
            Some(_) => self.window.may_have_room(),
            None => !self.waiting.is_empty(),
        }
    }

    /// What a reader is to do that has everything up to `at` and no place yet: wait until it is
    /// woken by `waker`, or look for its place in what is published. Returns the waker that is not
    /// needed, which is to be dropped without the lock.
    pub(super) fn seek(&mut self, number: usize, at: &P, waker: Waker) -> (Seek, Option<Waker>) {
        let stands = &self.by_number[number].stands;
        match &self.pass {
            None => self.wait(number, at),
            // The pass waits for it at its beginning.
            Some(Pass { open: false, .. }) if matches!(stands, Stands::Reads(..)) => {}
            Some(Pass { reached, open }) => {
                let comes_by = *at > *reached || *at == *reached && !open;
                if !comes_by && !matches!(stands, Stands::Waits(_)) {
                    return (Seek::Here, Some(waker));
                }
                self.await_pass(number, at);
            }
        }
        (Seek::Wait, self.by_number[number].waker.replace(waker))
    }

    /// The reader waits for the next pass, since what follows `at` is not in this one.
    pub(super) fn wait(&mut self, number: usize, at: &P) {
        if !matches!(self.by_number[number].stands, Stands::Waits(_)) {
            let at = at.clone();
            self.stand(number, Stands::Waits(at));
            self.waiting.insert(number);
        }
    }

    fn await_pass(&mut self, number: usize, at: &P) {
        if let Stands::Waits(_) | Stands::Ahead(_) = self.by_number[number].stands {
            return;
        }
        let (at, key) = (at.clone(), at.clone());
        self.ahead.entry(key).or_default().push(number);
        self.stand(number, Stands::Ahead(at));
    }

    /// The reader has everything up to `at`, and reads what is published after it. Returns when it
    /// is to tell that it has moved.
    pub(super) fn move_to(&mut self, number: usize, at: &P) -> Tells<P> {
        // What the pass has waited for it.
        self.stand(number, Stands::Nowhere);
        let reader = &mut self.by_number[number];
        if reader.grace.is_zero() {
            return Tells::Never;
        }
        let (piece, waited) = self.window.enter(at);
        reader.stands = Stands::Reads(piece, waited);
        self.window.through(piece).map_or(Tells::Moved, |through| Tells::From(through.clone()))
    }

    /// Takes the reader from where it stood. What is returned is to be dropped without the lock.
    fn stand(&mut self, number: usize, stands: Stands<P>) -> Option<Stands<P>> {
        let reader = self.by_number.get_mut(number)?;
        let stood = std::mem::replace(&mut reader.stands, stands);
        let waited = self.step_down(number, &stood);
        let reader = self.by_number.get_mut(number)?;
        reader.grace = reader.grace.saturating_sub(waited);
        Some(stood)
    }

    /// The reader does not stand there any more. Tells for how long the pass has waited for it.
    fn step_down(&mut self, number: usize, stood: &Stands<P>) -> Duration {
        match stood {
            Stands::Nowhere => {}
            Stands::Waits(_) => {
                self.waiting.remove(&number);
            }
            Stands::Ahead(at) => {
                if let Some(numbers) = self.ahead.get_mut(at) {
                    numbers.retain(|of| *of != number);
                    if numbers.is_empty() {
                        self.ahead.remove(at);
                    }
                }
            }
            Stands::Reads(piece, before) => {
                let waited = self.window.leave(*piece);
                return waited.map_or(GRACE, |waited| waited.saturating_sub(*before));
            }
        }
        Duration::ZERO
    }

    /// Begins a pass where the furthest behind is of the readers that wait for one, if any does.
    ///
    /// When history has been lost for several of them one after the other, it begins further on,
    /// each time by twice as many readers: if it is lost there too, all of those are told at once.
    pub(super) fn begin_pass(&mut self) -> Option<P> {
        let positions = self.waiting.iter().filter_map(|number| self.waits_at(*number));
        let mut positions: Vec<_> = positions.collect();
        let last = positions.len().checked_sub(1)?;
        let passed_over = (1 << self.lost_in_a_row.min(24)) / PATIENCE;
        let (_, from, _) = positions.select_nth_unstable(last.min(passed_over));
        let from = from.clone();
        self.window.clear();
        for number in self.waiting_where(|at| *at >= from) {
            self.waiting.remove(&number);
            // Until it has found out where it stands, the pass waits for it at its beginning.
            let (piece, waited) = self.window.enter(&from);
            if let Some(reader) = self.by_number.get_mut(number) {
                (reader.stands, reader.grace) = (Stands::Reads(piece, waited), GRACE);
            }
        }
        self.pass = Some(Pass { reached: from.clone(), open: false });
        Some(from)
    }

    fn waits_at(&self, number: usize) -> Option<&P> {
        match &self.by_number.get(number)?.stands {
            Stands::Waits(at) => Some(at),
            _ => None,
        }
    }

    /// Those who wait and have everything up to such a position.
    fn waiting_where(&self, is_such: impl Fn(&P) -> bool) -> Vec<usize> {
        let waiting = self.waiting.iter().copied();
        waiting.filter(|number| self.waits_at(*number).is_some_and(&is_such)).collect()
    }

    /// The source has answered. Returns who is to look for its place.
    pub(super) fn open_pass(&mut self) -> Vec<Waker> {
        if let Some(pass) = &mut self.pass {
            pass.open = true;
        }
        self.wake_all()
    }

    /// What is published next goes up to `through`. Returns who is to be woken then: those who are
    /// not ahead any more.
    pub(super) fn publish(&mut self, through: &P, bytes: usize) -> Vec<Waker> {
        let (mut reached, end) = (Vec::new(), through.clone());
        while let Some(first) = self.ahead.first_entry()
            && first.key() <= through
        {
            reached.push(first.remove_entry());
        }
        // Nobody could move past what leads nowhere.
        let leads_nowhere = self.pass.as_ref().is_some_and(|pass| *through <= pass.reached);
        if bytes > 0 || !leads_nowhere {
            self.window.push(end, bytes);
        }
        if let Some(pass) = &mut self.pass {
            pass.reached.clone_from(through);
        }
        let mut wakers = Vec::new();
        for (at, numbers) in reached {
            for number in numbers {
                let (piece, waited) = self.window.enter(&at);
                if let Some(reader) = self.by_number.get_mut(number) {
                    (reader.stands, reader.grace) = (Stands::Reads(piece, waited), GRACE);
                    wakers.extend(reader.waker.take());
                }
            }
        }
        wakers
    }

    pub(super) fn room(&mut self, bytes: usize) -> Room {
        self.window.room(bytes)
    }

    pub(super) fn waited(&mut self, bytes: usize, time: Duration) {
        self.window.waited(bytes, time);
    }

    /// The pass that began at `from` is over. Returns who is to be woken.
    pub(super) fn end_pass(&mut self, from: P, fault: Option<Fault>) -> Vec<Waker> {
        self.pass = None;
        let is_lost = fault == Some(Fault::HistoryLost);
        self.lost_in_a_row = if is_lost { self.lost_in_a_row.saturating_add(1) } else { 0 };
        if let Some(fault) = fault {
            // What is lost for the furthest behind may be there for the others.
            let only = matches!(fault, Fault::HistoryLost | Fault::Refused);
            if is_lost {
                // They are told, and need no pass for that.
                for number in self.waiting_where(|at| *at <= from) {
                    self.stand(number, Stands::Nowhere);
                }
            }
            self.failure = Some(Failure { fault, up_to: only.then_some(from) });
        }
        for (_, number) in std::mem::take(&mut self.ahead) {
            for number in number {
                if let Some(reader) = self.by_number.get_mut(number) {
                    reader.stands = Stands::Nowhere;
                }
            }
        }
        self.wake_all()
    }

    fn wake_all(&mut self) -> Vec<Waker> {
        self.by_number.iter_mut().filter_map(|(_, reader)| reader.waker.take()).collect()
    }

    /// Why the last pass that failed did so, for a reader that has everything up to `at`.
    pub(super) fn failure(&self, at: &P) -> Option<Fault> {
        let failure = self.failure.as_ref()?;
        failure.up_to.as_ref().is_none_or(|up_to| at <= up_to).then_some(failure.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readers that have everything up to these positions, numbered in this order, and wait.
    fn waiting<const N: usize>(at: [u32; N]) -> Readers<u32> {
        let mut readers = Readers::new(10);
        for at in at {
            let number = readers.join();
            assert_eq!(seek(&mut readers, number, at), Seek::Wait);
        }
        readers
    }

    fn seek(readers: &mut Readers<u32>, number: usize, at: u32) -> Seek {
        readers.seek(number, &at, Waker::noop().clone()).0
    }

    const WAIT: Room = Room::Wait { at_most: GRACE, wake: true };

    #[test]
    fn a_pass_begins_where_the_furthest_behind_is_and_waits_for_all_it_began_for() {
        let mut readers = waiting([5, 3, 1]);
        drop(readers.leave(2));
        assert_eq!((readers.begin_pass(), readers.in_pass()), (Some(3), true));
        assert_eq!(seek(&mut readers, 1, 3), Seek::Wait, "the source has not answered");
        assert_eq!(readers.open_pass().len(), 2);
        readers.publish(&4, 8);
        assert_eq!(readers.room(8), WAIT, "nobody has found a place yet");
        assert_eq!(seek(&mut readers, 0, 5), Seek::Wait, "it is ahead");
        assert_eq!(seek(&mut readers, 1, 3), Seek::Here);
        assert_eq!(readers.move_to(1, &3), Tells::From(4));
        assert_eq!(readers.move_to(1, &4), Tells::Moved);
        assert_eq!(readers.room(8), Room::Enough);
        assert_eq!(readers.publish(&6, 8).len(), 1, "who was ahead is woken");
        assert_eq!(readers.end_pass(3, None).len(), 0);
        assert_eq!(readers.begin_pass(), None, "nobody needs another one yet");
    }

    #[test]
    fn a_reader_that_comes_during_a_pass_joins_it_or_waits_for_the_next() {
        let mut readers = waiting([3]);
        readers.begin_pass();
        let ahead = readers.join();
        assert_eq!(seek(&mut readers, ahead, 3), Seek::Wait);
        assert_eq!(readers.open_pass().len(), 2);
        assert_eq!(seek(&mut readers, ahead, 3), Seek::Here, "the pass has come by");
        readers.publish(&9, 8);
        assert_eq!(seek(&mut readers, ahead, 3), Seek::Here);
        let behind = readers.join();
        assert_eq!(seek(&mut readers, behind, 1), Seek::Here, "to find out whether it is there");
        readers.wait(behind, &1);
        assert_eq!(seek(&mut readers, behind, 1), Seek::Wait);
        assert!(!readers.is_pass_due(), "two readers stand in the first piece");
        assert_eq!(readers.end_pass(3, None).len(), 1);
        assert!(readers.is_pass_due());
        assert_eq!(readers.begin_pass(), Some(1));
    }

    #[test]
    fn many_are_told_by_few_passes_that_history_is_lost_and_the_others_are_given_it() {
        let mut readers = waiting::<0>([]);
        let mut at: Vec<u32> = (1..=1000).rev().collect();
        let numbers: Vec<_> = at.iter().map(|_| readers.join()).collect();
        at.iter().zip(&numbers).for_each(|(at, number)| _ = seek(&mut readers, *number, *at));
        let (mut passes, mut told, mut given) = (0, 0, 0);
        while let Some(from) = readers.begin_pass() {
            passes += 1;
            let is_lost = from <= 900;
            readers.end_pass(from, is_lost.then_some(Fault::HistoryLost));
            assert_eq!(readers.waiting_where(|at| is_lost && *at <= from), [0; 0], "they are told");
            for (at, number) in at.iter_mut().zip(&numbers).filter(|(at, _)| **at > 0) {
                let is_told = is_lost && readers.failure(at) == Some(Fault::HistoryLost);
                let is_given = !is_lost && *at >= from;
                (told, given) = (told + usize::from(is_told), given + usize::from(is_given));
                if is_told || is_given {
                    drop(readers.leave(*number));
                    *at = 0;
                } else {
                    assert_eq!(seek(&mut readers, *number, *at), Seek::Wait);
                }
            }
        }
        assert_eq!((told, given), (900, 100));
        assert!(passes < 60, "{passes} passes");
    }

    #[test]
    fn a_lost_history_is_lost_for_the_furthest_behind_and_an_outage_is_for_all() {
        let mut readers = waiting([1, 2]);
        readers.begin_pass();
        readers.end_pass(1, Some(Fault::HistoryLost));
        assert_eq!([1, 2].map(|at| readers.failure(&at)), [Some(Fault::HistoryLost), None]);
        readers.end_pass(1, Some(Fault::Unavailable));
        assert_eq!([1, 2].map(|at| readers.failure(&at)), [Some(Fault::Unavailable); 2]);
    }
}
