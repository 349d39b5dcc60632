//! Which events a filter has admitted, for all who read by it.

use std::collections::{BTreeSet, VecDeque};

use super::decide::{Admitted, Decided};

/// How many events that were admitted are known at a time: readers that are so far apart, or less,
/// share the verdicts.
const KNOWN: usize = 1024;

/// At how many places of the ring there may be readers that share nothing.
const RUNS: usize = 4;

/// The verdicts of one filter on the events of one scope, in runs of events without a gap.
///
/// Of the readers of a run, the one that first comes to its end finds the verdicts on what follows,
/// while the others wait.
#[derive(Debug)]
pub(super) struct Verdicts<P> {
    /// What was used last is last.
    runs: Vec<Run<P>>,
    next_number: u64,
}

/// Everything between two places, of which the second is right behind an event.
#[derive(Debug)]
pub(super) struct Run<P> {
    number: u64,
    from: u64,
    pub(super) to: u64,
    /// The position of the last event before `to`; none before there is one.
    pub(super) last: Option<P>,
    admitted: VecDeque<Admitted>,
    /// Somebody finds the verdicts on what follows.
    is_claimed: bool,
    /// The readers that wait for them.
    waiting: BTreeSet<usize>,
}

/// Who finds the verdicts on what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// The reader itself, for the run with this number.
    Mine(u64),
    /// Another one, which will wake it.
    Theirs,
}

impl<P> Default for Verdicts<P> {
    fn default() -> Self {
        Self { runs: Vec::new(), next_number: 0 }
    }
}

impl<P> Verdicts<P> {
    /// Forgets all of them. Readers that wait are to be woken.
    pub(super) fn clear(&mut self) {
        self.runs.clear();
    }

    /// The run in which what follows `place` is known.
    pub(super) fn known(&self, place: u64) -> Option<&Run<P>> {
        let within = |run: &&Run<P>| run.from <= place && place < run.to;
        self.runs.iter().filter(within).max_by_key(|run| run.to)
    }

    /// `reader` is to know what follows `place`, which nobody knows yet. `is_next` says whether
    /// nothing is between an earlier place and this one.
    pub(super) fn claim(
        &mut self,
        place: u64,
        reader: usize,
        is_next: impl Fn(u64) -> bool,
    ) -> Claim {
        let before = self.runs.iter().enumerate().filter(|(_, run)| run.to <= place);
        let nearest = before.max_by_key(|(_, run)| run.to).map(|(index, run)| (index, run.to));
        let mut run = match nearest.filter(|(_, to)| *to == place || is_next(*to)) {
            Some((index, _)) => self.runs.remove(index),
            None => self.begin(place),
        };
        let claim = if run.is_claimed {
            run.waiting.insert(reader);
            Claim::Theirs
        } else {
            run.is_claimed = true;
            Claim::Mine(run.number)
        };
        self.runs.push(run);
        claim
    }

    fn begin(&mut self, from: u64) -> Run<P> {
        if self.runs.len() >= RUNS
            && let Some(unused) = self.runs.iter().position(|run| !run.is_claimed)
        {
            self.runs.remove(unused);
        }
        let number = self.next_number;
        self.next_number += 1;
        Run {
            number,
            from,
            to: from,
            last: None,
            admitted: VecDeque::new(),
            is_claimed: false,
            waiting: BTreeSet::new(),
        }
    }

    /// Gives back the claim on a run, with the verdicts that were found, and tells who has waited.
    /// Nothing before `first` is in the ring.
    pub(super) fn give_back(
        &mut self,
        number: u64,
        decided: Option<Decided<P>>,
        first: u64,
    ) -> BTreeSet<usize> {
        let Some(run) = self.runs.iter_mut().find(|run| run.number == number) else {
            return BTreeSet::new();
        };
        run.is_claimed = false;
        if let Some(Decided { to, last, admitted, .. }) = decided {
            (run.to, run.last) = (to, Some(last));
            run.admitted.extend(admitted);
        }
        let waiting = std::mem::take(&mut run.waiting);
        self.runs.iter_mut().for_each(|run| run.forget_before(first));
        waiting
    }
}

impl<P> Run<P> {
    /// Forgets what is before `first`, and what is too much.
    fn forget_before(&mut self, first: u64) {
        while let Some(oldest) = self.admitted.front()
            && (oldest.place < first || self.admitted.len() > KNOWN)
        {
            self.from = oldest.place + 1;
            self.admitted.pop_front();
        }
    }

    /// What was admitted from `place` on.
    pub(super) fn admitted_from(&self, place: u64) -> impl Iterator<Item = &Admitted> {
        let before = self.admitted.partition_point(|admitted| admitted.place < place);
        self.admitted.range(before..)
    }
}
