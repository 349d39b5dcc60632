//! What polling has seen of the recent past, so that it notices what came too late.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::dates::Dates;
use crate::position::commit::{Place, Position};
use crate::position::key::Key;

/// How many times the lateness the audit looks back.
pub(crate) const WINDOW: u32 = 10;
/// How many records that came late are told apart from the others for good.
const MOST_LATE: usize = 10_000;
/// How long after a failure what was seen still stands for those who go on reading.
const GRACE: Duration = Duration::from_secs(60);

/// What one reader of the end of the log, the tail, has handed out of late.
///
/// A record is *known* when it was handed out in its place, or was there before the tail began.
/// One that is there and not known has come late: until it is handed out as late, at a position of
/// its own, nobody is shown it, and then everybody as of that position. So whoever reads history,
/// catches up or is live is given it exactly once.
#[derive(Debug)]
pub(crate) struct Audit {
    /// How the dates of keys are stored.
    dates: Arc<dyn Dates>,
    state: Mutex<State>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct State {
    /// Which tail this is about: a later one takes over.
    tail: u64,
    /// Until when it counts, if the tail has ended.
    until: Option<Instant>,
    /// Which life of the collection it is about.
    uuid: Vec<u8>,
    seen: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    /// Up to where all was handed out.
    through: Position,
    /// All that was handed out with a date from here on is known.
    floor: i64,
    known: BTreeSet<Mark>,
    /// The date up to which all was handed out when the last audit was made.
    audited: i64,
    /// What was found late and not handed out yet.
    found: BTreeMap<Mark, Key>,
    /// What was handed out late, by position.
    late: BTreeMap<Position, Vec<Key>>,
    late_at: BTreeMap<Mark, Position>,
    /// Whether it was said that there is not enough room.
    told: bool,
}

/// How a record was handed out.
#[derive(PartialEq)]
enum Standing {
    /// In its place, or it is to be, as far as is known.
    InPlace,
    /// Late, at this position.
    Late(Position),
    /// Not at all, and its place has been passed.
    Found,
}

/// A date, and a hash of the id: what is kept of a key.
type Mark = (i64, u64);

/// One tail's part in the audit; dropping it ends that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TailNumber(u64);

impl Audit {
    pub(crate) fn new(dates: Arc<dyn Dates>) -> Self {
        Self { dates, state: Mutex::default(), hasher: RandomState::new() }
    }

    /// A tail begins at `from`. Answers whether it is to [learn](Self::learn) what is there: not if
    /// it goes on where the last one stopped.
    pub(crate) fn begin(&self, uuid: &[u8], from: &Position) -> (TailNumber, bool) {
        let mut state = self.state();
        state.tail += 1;
        state.until = None;
        let goes_on =
            state.uuid == uuid && state.seen.as_ref().is_some_and(|seen| seen.through == *from);
        if !goes_on {
            uuid.clone_into(&mut state.uuid);
            state.seen = None;
        }
        (TailNumber(state.tail), !goes_on)
    }

    /// The tail has ended; after a failure, another one may go on.
    pub(crate) fn end(&self, tail: TailNumber, failed: bool) {
        let mut state = self.state();
        if state.tail == tail.0 {
            state.until = Some(Instant::now() + if failed { GRACE } else { Duration::ZERO });
        }
    }

    /// These are there before the tail begins at `from`, with dates from `floor` on.
    pub(crate) fn learn(&self, tail: TailNumber, from: &Position, floor: i64, keys: &[Key]) {
        let known = keys.iter().filter_map(|key| self.mark(key)).collect();
        let mut state = self.state();
        if state.tail == tail.0 {
            state.seen = Some(Seen {
                through: from.clone(),
                floor,
                known,
                audited: self.date_of(from).unwrap_or(floor),
                found: BTreeMap::new(),
                late: BTreeMap::new(),
                late_at: BTreeMap::new(),
                told: false,
            });
        }
    }

    /// The dates between which to look for what came late: `window` before the last time, and up to
    /// where all was handed out.
    pub(crate) fn window(&self, tail: TailNumber, window: i64) -> Option<(i64, i64)> {
        let state = self.state();
        let seen = state.seen.as_ref().filter(|_| state.tail == tail.0)?;
        let from = seen.audited.saturating_sub(window).max(seen.floor);
        let to = self.date_of(&seen.through)?;
        (from < to).then_some((from, to))
    }

    /// All that is there now with dates from `floor` on, up to where all was handed out.
    pub(crate) fn compare(&self, tail: TailNumber, floor: i64, keys: Vec<Key>, window: i64) {
        let marked: Vec<_> =
            keys.into_iter().filter_map(|key| Some((self.mark(&key)?, key))).collect();
        let mut state = self.state();
        let tails = state.tail;
        let Some(seen) = state.seen.as_mut().filter(|_| tails == tail.0) else { return };
        for (mark, key) in marked {
            let new = mark.0 >= floor.max(seen.floor)
                && !seen.known.contains(&mark)
                && !seen.late_at.contains_key(&mark);
            if new {
                seen.found.insert(mark, key);
            }
        }
        seen.audited = self.date_of(&seen.through).unwrap_or(seen.audited);
        seen.forget_before(seen.audited.saturating_sub(window).max(floor));
    }

    /// Up to `most` of those that came late and were not handed out yet.
    pub(crate) fn found(&self, tail: TailNumber, most: usize) -> Vec<Key> {
        let state = self.state();
        let seen = state.seen.as_ref().filter(|_| state.tail == tail.0);
        seen.map_or_else(Vec::new, |seen| seen.found.values().take(most).cloned().collect())
    }

    /// These are handed out up to `through`, and those late; of the known ones, so many are kept.
    pub(crate) fn hand_out(
        &self,
        tail: TailNumber,
        through: &Position,
        keys: impl Iterator<Item = Key>,
        late: Vec<Key>,
        most: usize,
    ) {
        let marks: Vec<_> = keys.filter_map(|key| self.mark(&key)).collect();
        let late: Vec<_> =
            late.into_iter().filter_map(|key| Some((self.mark(&key)?, key))).collect();
        let mut state = self.state();
        let tails = state.tail;
        let Some(seen) = state.seen.as_mut().filter(|_| tails == tail.0) else { return };
        seen.known.extend(marks);
        seen.through = through.clone();
        if !late.is_empty() {
            for (mark, _) in &late {
                seen.found.remove(mark);
                seen.late_at.insert(*mark, through.clone());
            }
            seen.late.insert(through.clone(), late.into_iter().map(|(_, key)| key).collect());
        }
        while seen.late_at.len() > MOST_LATE
            && let Some((_, forgotten)) = seen.late.pop_first()
        {
            for mark in forgotten.iter().filter_map(|key| self.mark(key)) {
                seen.late_at.remove(&mark);
            }
        }
        seen.keep(most);
    }

    /// Up to where the tail has handed out everything, while there is one.
    pub(crate) fn through(&self) -> Option<Position> {
        let state = self.state();
        state.counting().map(|seen| seen.through.clone())
    }

    /// Those that were handed out late first after `position`, and where.
    pub(crate) fn late_after(&self, position: &Position) -> Option<(Position, Vec<Key>)> {
        let state = self.state();
        let mut after = state.counting()?.late.range((Excluded(position), Unbounded));
        after.next().map(|(at, keys)| (at.clone(), keys.clone()))
    }

    /// Whether a record was handed out in its place, or is to be, as far as is known.
    pub(crate) fn in_place(&self, key: &Key) -> bool {
        self.standing(key) == Standing::InPlace
    }

    /// Whether a record belongs to history as of `position`.
    pub(crate) fn shows(&self, key: &Key, position: &Position) -> bool {
        match self.standing(key) {
            Standing::InPlace => true,
            Standing::Late(at) => at <= *position,
            Standing::Found => false,
        }
    }

    fn standing(&self, key: &Key) -> Standing {
        let Some(mark) = self.mark(key) else { return Standing::InPlace };
        let state = self.state();
        let Some(seen) = state.counting() else { return Standing::InPlace };
        if let Some(at) = seen.late_at.get(&mark) {
            return Standing::Late(at.clone());
        }
        let passed = mark.0 >= seen.floor && Position::settled(key) <= seen.through;
        if passed && !seen.known.contains(&mark) { Standing::Found } else { Standing::InPlace }
    }

    fn mark(&self, key: &Key) -> Option<Mark> {
        let mut id = Vec::new();
        key.id.encode(&mut id);
        Some((self.dates.shown(key.date.as_ref())?, self.hasher.hash_one(id)))
    }

    /// The date of a position between two dates.
    fn date_of(&self, position: &Position) -> Option<i64> {
        match &position.0 {
            Place::Settled { date, id: None } => self.dates.shown(date.as_ref()),
            _ => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn counting(&self) -> Option<&Seen> {
        self.seen.as_ref().filter(|_| self.until.is_none_or(|until| Instant::now() < until))
    }
}

impl Seen {
    fn forget_before(&mut self, date: i64) {
        self.floor = self.floor.max(date);
        self.known = self.known.split_off(&(self.floor, 0));
    }

    /// Keeps the newest of those that are known: the audit looks back less far.
    fn keep(&mut self, most: usize) {
        if self.known.len() <= most {
            return;
        }
        let over = self.known.len() - most;
        if let Some((date, _)) = self.known.iter().nth(over - 1).copied() {
            self.forget_before(date.saturating_add(1));
        }
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!(
                keys = most,
                "more records come than the audit of polling remembers: what comes very late may \
                 be missed",
            );
        }
    }
}
