//! A log in memory that stalls, fails and forgets as it is told.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use gapless_sse_core::Event;
use gapless_sse_core::follow::{
    Batch, Changes, Coordinate, Entry, Fault, Filter, Frontier, FrontierOf, HistoryQuery, Page,
    Record, Reset, Scope, SortOrder, Source, SourceError, Topic,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(pub(crate) u32);

impl Coordinate for Number {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes());
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        let (bytes, rest) = input.split_first_chunk()?;
        *input = rest;
        Some(Self(u32::from_be_bytes(*bytes)))
    }
}

/// Which records a stream shows: those whose position is a multiple of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shown(pub(crate) u32);

impl Shown {
    pub(crate) const ALL: Self = Self(1);
    /// Panics at each record.
    pub(crate) const PANICS: Self = Self(0);
}

/// The mark of a record that panics when it is weighed.
const UNWEIGHABLE: u32 = u32::MAX;

impl Filter for Shown {
    type Mark = u32;

    fn admits(&self, position: &u32) -> bool {
        assert!(*self != Self::PANICS, "the filter panics");
        position.is_multiple_of(self.0)
    }

    fn weight(position: &u32) -> usize {
        assert!(*position != UNWEIGHABLE, "the weight panics");
        size_of_val(position)
    }
}

/// A record is its position, as text; some of its code may panic.
#[derive(Clone, Debug)]
pub(crate) struct Line(String, Option<Panics>);

/// What of a record panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panics {
    Event,
    Mark,
    Weight,
    Drop,
}

impl Drop for Line {
    fn drop(&mut self) {
        assert!(self.1 != Some(Panics::Drop), "the drop panics");
    }
}

impl Record for Line {
    type Filter = Shown;

    fn event(&self) -> Event<'_> {
        assert!(self.1 != Some(Panics::Event), "the event panics");
        Event::new(&*self.0)
    }

    fn mark(&self) -> u32 {
        assert!(self.1 != Some(Panics::Mark), "the mark panics");
        if self.1 == Some(Panics::Weight) { UNWEIGHABLE } else { self.0.parse().unwrap() }
    }
}

#[derive(Debug)]
pub(crate) struct Failed(Fault);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the model failed: {:?}", self.0)
    }
}

impl std::error::Error for Failed {}

impl SourceError for Failed {
    fn fault(&self) -> Fault {
        self.0
    }
}

/// The log. Positions are 1, 2, 3 …; keys are what the writer gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model(Arc<Mutex<State>>, watch::Sender<()>);

#[derive(Debug, Default)]
pub(crate) struct State {
    committed: Vec<(Number, Topic)>,
    /// The positions of records of which something panics.
    pub(crate) panicking: HashMap<u32, Panics>,
    /// How many records are passed over behind each position.
    pub(crate) passed_over: HashMap<u32, usize>,
    /// The positions of records that came late, and the last of those that came together.
    late: HashMap<u32, u32>,
    pub(crate) epoch: u32,
    /// Snapshots before this position cannot be read any more.
    pub(crate) snapshots_from: u32,
    /// Changes up to this position are lost.
    pub(crate) changes_from: u32,
    /// One of so many questions fails; 0 for none.
    pub(crate) fails_one_in: u32,
    pub(crate) down: bool,
    /// What a question that fails means.
    pub(crate) fault: Option<Fault>,
    /// Readers of changes panic.
    pub(crate) panics: bool,
    /// History refuses or fails for this reason, and nothing else does.
    pub(crate) history_fault: Option<Fault>,
    /// Opening changes fails for this reason, and reading the tail does not.
    pub(crate) changes_fault: Option<Fault>,
    /// Opening changes from before this position is never answered.
    pub(crate) hangs_before: u32,
    /// How long opening changes takes.
    pub(crate) opening: Duration,
    /// Changes that are being opened, and the most there were at a time.
    opening_now: usize,
    pub(crate) opening_most: usize,
    /// How many changes a batch has; a few at random if not told.
    pub(crate) batch: Option<u32>,
    /// How long reading a page of history takes.
    pub(crate) reading: Duration,
    /// Pages that are being read, and the most there were at a time.
    reading_now: usize,
    pub(crate) reading_most: usize,
    /// Another life ended at this position; changes from before it say so, once they are there.
    pub(crate) ended_at: u32,
    /// Whether that end was seen: from then on no tail starts before it.
    end_seen: bool,
    /// How far before the end of the log a tail starts; at random if not told.
    pub(crate) tail_before: Option<u32>,
    /// The last fresh snapshot that history was read of, newest first.
    pub(crate) newest_as_of: u32,
    /// Questions of each kind that were answered.
    pub(crate) answered: Answered,
    rng: Option<Rng>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) history: usize,
    pub(crate) changes: usize,
}

impl Model {
    pub(crate) fn seeded(seed: u64) -> Self {
        let model = Self::default();
        model.state().rng = Some(Rng::with_seed(seed));
        model
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Answers every question from now on.
    pub(crate) fn recover(&self) {
        let mut state = self.state();
        (state.down, state.fails_one_in) = (false, 0);
    }

    /// Goes on in another life.
    pub(crate) fn end_life(&self, epoch: u32) {
        self.state().epoch = epoch;
        self.1.send_replace(());
    }

    /// Answers no question until it recovers, also none that was asked before.
    pub(crate) fn go_down(&self) {
        self.state().down = true;
        self.1.send_replace(());
    }

    /// Commits a record and answers its position.
    pub(crate) fn commit(&self, topic: &str, key: u32) -> u32 {
        let mut state = self.state();
        state.committed.push((Number(key), Topic::new("s", topic)));
        self.1.send_replace(());
        state.end()
    }

    /// Commits records of these topics and keys, which come late and together.
    pub(crate) fn commit_late(&self, records: &[(&str, u32)]) {
        let mut state = self.state();
        let first = state.end() + 1;
        let committed = records.iter().map(|(topic, key)| (Number(*key), Topic::new("s", *topic)));
        state.committed.extend(committed);
        let last = state.end();
        state.late.extend((first..=last).map(|position| (position, last)));
        self.1.send_replace(());
    }

    pub(crate) fn end(&self) -> u32 {
        self.state().end()
    }

    /// The positions of all records of `scope`, in the order of their keys.
    pub(crate) fn in_order(&self, scope: &Scope<Shown>) -> Vec<u32> {
        let mut entries = self.state().entries(scope, |_, _| true);
        entries.sort_by_key(|(position, entry)| (entry.key, *position));
        entries.into_iter().map(|(Number(position), _)| position).collect()
    }

    fn answer<T>(&self, give: impl FnOnce(&mut State) -> Result<T, Failed>) -> Result<T, Failed> {
        let mut state = self.state();
        let one_in = state.fails_one_in;
        let fails = one_in > 0 && state.pick(one_in) == 0;
        if state.down || fails {
            return Err(Failed(state.fault.unwrap_or(Fault::Unavailable)));
        }
        give(&mut state)
    }
}

impl State {
    fn end(&self) -> u32 {
        u32::try_from(self.committed.len()).unwrap()
    }

    fn entry(&self, position: u32, key: Number, topic: &Topic) -> Entry<Number, Line> {
        let record = Line(position.to_string(), self.panicking.get(&position).copied());
        Entry { topic: topic.clone(), key, record }
    }

    fn pick(&mut self, bound: u32) -> u32 {
        self.rng.get_or_insert_with(|| Rng::with_seed(0)).u32(..bound)
    }

    fn entries(
        &self,
        scope: &Scope<Shown>,
        wanted: impl Fn(Number, Number) -> bool,
    ) -> Vec<(Number, Entry<Number, Line>)> {
        (1..)
            .zip(&self.committed)
            .filter(|(position, (key, topic))| {
                scope.contains(topic)
                    && scope.filter().admits(position)
                    && wanted(Number(*position), *key)
            })
            .map(|(position, (key, topic))| (Number(position), self.entry(position, *key, topic)))
            .collect()
    }
}

impl Source for Model {
    type Position = Number;
    type Key = Number;
    type Record = Line;
    type Error = Failed;
    type Changes = ModelChanges;

    async fn epoch(&self) -> Result<u32, Failed> {
        self.answer(|state| Ok(state.epoch))
    }

    async fn tail_start(&self) -> Result<Number, Failed> {
        self.answer(|state| {
            let before = state.tail_before.unwrap_or_else(|| state.pick(4));
            let began = if state.end_seen { state.ended_at } else { 0 };
            let start = state.end().saturating_sub(before);
            Ok(Number(start.max(state.changes_from).max(began)))
        })
    }

    async fn resume(
        &self,
        frontier: FrontierOf<Self>,
    ) -> Result<Result<FrontierOf<Self>, Reset>, Failed> {
        self.answer(|state| {
            let (Frontier::Live(at) | Frontier::History { as_of: at, .. }) = &frontier;
            Ok(if at.0 > state.end() { Err(Reset::Future) } else { Ok(frontier) })
        })
    }

    async fn history(
        &self,
        scope: &Scope<Shown>,
        query: HistoryQuery<Number, Number>,
    ) -> Result<Page<Self>, Failed> {
        let reading = {
            let mut state = self.state();
            state.reading_now += 1;
            state.reading_most = state.reading_most.max(state.reading_now);
            state.reading
        };
        if !reading.is_zero() {
            sleep_until(Instant::now() + reading).await;
        }
        self.state().reading_now -= 1;
        self.answer(|state| {
            state.answered.history += 1;
            if let Some(fault) = state.history_fault {
                return Err(Failed(fault));
            }
            let as_of = query.as_of.unwrap_or(Number(state.end()));
            if as_of.0 < state.snapshots_from {
                return Err(Failed(Fault::SnapshotGone));
            }
            let descending = query.order == SortOrder::Descending;
            if descending {
                state.newest_as_of = as_of.0;
            }
            let beyond = |key: Number| {
                query.after.is_none_or(|after| if descending { key < after } else { key > after })
            };
            let all = scope.clone().filtered(Shown::ALL);
            let mut entries = state.entries(&all, |at, key| at <= as_of && beyond(key));
            entries.sort_by_key(|(_, entry)| entry.key);
            if descending {
                entries.reverse();
            }
            // Small pages, so that streams are cut within history, also where a filter leaves out
            // all of a page.
            let (limit, most) = if descending { (query.limit, usize::MAX) } else { (3, 4) };
            let limit = limit.min(query.limit);
            let mut page = Page { as_of, entries: Vec::new(), more_after: None, scanned: 0 };
            let mut last = None;
            for (position, entry) in entries {
                if page.scanned == most || page.entries.len() == limit {
                    page.more_after = last;
                    break;
                }
                page.scanned += 1;
                last = Some(entry.key);
                if scope.filter().admits(&position.0) {
                    page.entries.push(entry);
                }
            }
            Ok(page)
        })
    }

    async fn changes(&self, from: &Number) -> Result<ModelChanges, Failed> {
        let fault = self.state().changes_fault;
        if let Some(fault) = fault {
            self.state().answered.changes += 1;
            return Err(Failed(fault));
        }
        let (hangs, opening) = {
            let mut state = self.state();
            state.opening_now += 1;
            state.opening_most = state.opening_most.max(state.opening_now);
            (from.0 < state.hangs_before, state.opening)
        };
        if hangs {
            return pending().await;
        }
        if !opening.is_zero() {
            sleep_until(Instant::now() + opening).await;
        }
        self.state().opening_now -= 1;
        self.tail(from).await
    }

    async fn tail(&self, from: &Number) -> Result<ModelChanges, Failed> {
        let opened = |state: &mut State| {
            state.answered.changes += 1;
            if from.0 < state.changes_from {
                return Err(Failed(Fault::HistoryLost));
            }
            let (model, news) = (self.clone(), self.1.subscribe());
            Ok(ModelChanges { model, news, told: false, at: from.0, epoch: state.epoch })
        };
        self.answer(opened)
    }
}

#[derive(Debug)]
pub(crate) struct ModelChanges {
    model: Model,
    news: watch::Receiver<()>,
    told: bool,
    at: u32,
    epoch: u32,
}

impl Changes<Model> for ModelChanges {
    async fn next(&mut self) -> Result<Batch<Model>, Failed> {
        // At first it answers at once, so that a reader that is up to date is told so.
        if self.told && self.model.end() == self.at {
            self.news.changed().await.unwrap();
        }
        let panics = self.model.state().panics;
        assert!(!panics, "the model panics");
        self.told = true;
        let (epoch, at) = (self.epoch, self.at);
        let batch: Batch<Model> = self.model.answer(|state| {
            let ended = at < state.ended_at && at + 1 >= state.ended_at;
            if state.epoch != epoch || ended {
                state.end_seen |= ended;
                return Err(Failed(Fault::Ended));
            }
            let end = if at < state.ended_at { state.ended_at - 1 } else { state.end() };
            let last = end.min(at + state.batch.unwrap_or_else(|| state.pick(4)));
            // Those that came together are in one batch, of which the last has the position.
            let group = (at + 1..=last).find_map(|first| Some(first..=*state.late.get(&first)?));
            let last = group.as_ref().map_or(last, |group| *group.end());
            let late = group.unwrap_or(last + 1..=last);
            let read = |position: u32| {
                let (key, topic) = &state.committed[position as usize - 1];
                state.entry(position, *key, topic)
            };
            let in_order = at + 1..*late.start();
            let changes = in_order.map(|position| (Number(position), read(position))).collect();
            let late = late.map(read).collect();
            let passed_over = (at + 1..=last).filter_map(|at| state.passed_over.get(&at)).sum();
            Ok(Batch { changes, late, lost: passed_over, through: Number(last) })
        })?;
        self.at = batch.through.0;
        Ok(batch)
    }
}
