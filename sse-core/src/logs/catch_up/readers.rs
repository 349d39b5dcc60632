//! The readers that catch up: how far each has come, and which of them need another pass.

use std::collections::HashMap;
use std::time::Duration;

use crate::follow::Fault;

/// How long a pass waits in all for a reader that does not keep up, before it goes on without it.
const GRACE: Duration = Duration::from_millis(500);

/// The readers of a catch-up, by number.
#[derive(Debug)]
pub(super) struct Readers<P> {
    by_number: HashMap<u64, Reader<P>>,
    next: u64,
    in_pass: bool,
}

#[derive(Debug)]
struct Reader<P> {
    /// Up to where it has been given everything.
    at: P,
    needs_pass: bool,
    /// How long the pass under way still waits for it.
    grace: Duration,
    fault: Option<Fault>,
}

impl<P: Ord + Clone> Readers<P> {
    pub(super) fn new() -> Self {
        Self { by_number: HashMap::new(), next: 0, in_pass: false }
    }

    /// Adds a reader that has everything up to `at`, and returns its number.
    pub(super) fn join(&mut self, at: P) -> u64 {
        let number = self.next;
        self.next += 1;
        let reader = Reader { at, needs_pass: false, grace: GRACE, fault: None };
        self.by_number.insert(number, reader);
        number
    }

    pub(super) fn leave(&mut self, number: u64) {
        self.by_number.remove(&number);
    }

    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Whether a pass is under way.
    pub(super) fn in_pass(&self) -> bool {
        self.in_pass
    }

    /// The reader has everything up to `at`.
    pub(super) fn move_to(&mut self, number: u64, at: &P) {
        if let Some(reader) = self.by_number.get_mut(&number) {
            reader.at.clone_from(at);
        }
    }

    /// Whether the reader waits for the next pass.
    pub(super) fn set_needs_pass(&mut self, number: u64, needs_pass: bool) {
        if let Some(reader) = self.by_number.get_mut(&number) {
            reader.needs_pass = needs_pass;
        }
    }

    /// Why the last pass failed the reader; returned once.
    pub(super) fn take_fault(&mut self, number: u64) -> Option<Fault> {
        self.by_number.get_mut(&number)?.fault.take()
    }

    /// Begins a pass where the furthest behind is of the readers that need one, if any does.
    pub(super) fn begin_pass(&mut self) -> Option<P> {
        let waiting = self.by_number.values().filter(|reader| reader.needs_pass);
        let from = waiting.map(|reader| &reader.at).min()?.clone();
        self.in_pass = true;
        // A reader that does not ask again after it fell behind is not waited for.
        for reader in self.by_number.values_mut().filter(|reader| reader.needs_pass) {
            (reader.needs_pass, reader.grace) = (false, GRACE);
        }
        Some(from)
    }

    /// The pass that began at `from` is over.
    pub(super) fn end_pass(&mut self, from: &P, fault: Option<Fault>) {
        self.in_pass = false;
        let Some(fault) = fault else { return };
        for reader in self.by_number.values_mut() {
            // What is lost for the furthest behind may be there for the others.
            if !matches!(fault, Fault::HistoryLost | Fault::Refused) || reader.at <= *from {
                reader.fault = Some(fault);
            }
        }
    }

    /// Where the slowest reader is that the pass waits for, and for how long it does.
    pub(super) fn slowest(&self) -> Option<(P, Duration)> {
        let waited_for =
            self.by_number.values().filter(|reader| !reader.needs_pass && !reader.grace.is_zero());
        let slowest = waited_for.map(|reader| (&reader.at, reader.grace)).min()?;
        Some((slowest.0.clone(), slowest.1))
    }

    /// The pass has waited for those before `position`, for all of them together.
    pub(super) fn waited_for(&mut self, position: &P, time: Duration) {
        for reader in self.by_number.values_mut().filter(|reader| reader.at < *position) {
            reader.grace = reader.grace.saturating_sub(time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readers at these positions, numbered in this order, which all need a pass.
    fn readers<const N: usize>(at: [u32; N]) -> Readers<u32> {
        let mut readers = Readers::new();
        for at in at {
            let number = readers.join(at);
            readers.set_needs_pass(number, true);
        }
        readers
    }

    #[test]
    fn a_pass_begins_where_the_furthest_behind_of_those_who_need_one_is() {
        let mut readers = readers([5, 3, 1]);
        readers.set_needs_pass(2, false);
        assert_eq!((readers.begin_pass(), readers.in_pass()), (Some(3), true));
        assert_eq!(readers.begin_pass(), None, "nobody needs another one yet");
        readers.end_pass(&3, None);
        assert!(!readers.in_pass());
    }

    #[test]
    fn a_reader_that_is_gone_or_needs_the_next_pass_is_not_waited_for() {
        let mut readers = readers([1, 2, 3]);
        readers.begin_pass();
        assert_eq!(readers.slowest(), Some((1, GRACE)));
        readers.set_needs_pass(0, true);
        assert_eq!(readers.slowest(), Some((2, GRACE)));
        readers.leave(1);
        assert_eq!(readers.slowest(), Some((3, GRACE)));
        readers.move_to(2, &9);
        assert_eq!((readers.slowest(), readers.len()), (Some((9, GRACE)), 2));
    }

    #[test]
    fn grace_is_used_up_by_all_who_are_slow_together_and_is_new_with_the_next_pass() {
        let mut readers = readers([1, 2, 8]);
        readers.begin_pass();
        readers.waited_for(&5, GRACE / 2);
        assert_eq!(readers.slowest(), Some((1, GRACE / 2)));
        readers.waited_for(&5, GRACE);
        assert_eq!(readers.slowest(), Some((8, GRACE)));
        readers.set_needs_pass(0, true);
        assert_eq!(readers.begin_pass(), Some(1));
        assert_eq!(readers.slowest(), Some((1, GRACE)));
    }

    #[test]
    fn a_lost_history_is_lost_for_the_furthest_behind_and_an_outage_is_for_all() {
        let mut readers = readers([1, 2]);
        readers.end_pass(&1, Some(Fault::HistoryLost));
        assert_eq!(
            [0, 1].map(|number| readers.take_fault(number)),
            [Some(Fault::HistoryLost), None]
        );
        readers.end_pass(&1, Some(Fault::Unavailable));
        assert_eq!([0, 1].map(|number| readers.take_fault(number)), [Some(Fault::Unavailable); 2]);
        assert_eq!(readers.take_fault(0), None, "it is told once");
    }
}
