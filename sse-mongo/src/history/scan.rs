//! One page of history, read in steps that each look at a bounded part of the index.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use gapless_sse_core::follow::{Entry, Filter, Record, Scope, SortOrder, Topic};

use super::search::Search;
use super::snapshot::fresh;
use crate::options::Effort;
use crate::position::key::Key;
use crate::records::Records;
use crate::server::error::Error;
use crate::server::find::{Find, Found, MAX_TIME, Range, Snapshot, What};
use crate::server::operation::Operation;

/// How many records a step reads, but for the first, which reads as many as are wanted.
const RECORDS: usize = 2000;
/// How many records the server looks at in the first step in which it leaves some out, and in any.
const FIRST_KEYS: usize = 2000;
const MOST_KEYS: usize = 50_000;
/// A step that took no longer is followed by a larger one.
const QUICK: Duration = Duration::from_millis(100);
/// What the server is given for a step in any case, and the filter to decide.
const SHORTEST: Duration = Duration::from_millis(50);

/// What a page may still look at.
pub(crate) struct Scan {
    effort: Effort,
    began: Instant,
    stepped: Instant,
    keys: usize,
}

/// What to read in one step.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// How many records the page lacks.
    pub(crate) limit: usize,
    /// How many to read of a range at most.
    records: usize,
    /// How many the server is to look at, where it leaves some out.
    keys: usize,
    max_time: Duration,
    until: Instant,
}

/// What was read.
pub(crate) struct Read<R> {
    pub(crate) entries: Vec<Entry<Key, R>>,
    /// Up to where, if there may be more beyond it.
    pub(crate) more_after: Option<Key>,
    pub(crate) scanned: usize,
    bytes: usize,
    /// Whether any was left out that the server had not: by the filter, or undecodable.
    left_out: bool,
}

impl Scan {
    pub(crate) fn new(effort: Effort) -> Self {
        let now = Instant::now();
        // One of them may be the last of the step before.
        let keys = FIRST_KEYS.min(effort.records).max(2);
        Self { effort, began: now, stepped: now, keys }
    }

    /// The step that is made in any case.
    pub(crate) fn first(&self, limit: usize) -> Step {
        let until = self.began + self.effort.time;
        Step { limit, records: limit, keys: self.keys, max_time: MAX_TIME, until }
    }

    /// The next step, if the page lacks records because of its filter and may look for more.
    pub(crate) fn next<R>(
        &mut self,
        search: &Search,
        read: &Read<R>,
        limit: usize,
    ) -> Option<Step> {
        let filtered = read.left_out || search.query.is_some();
        let lacking = limit.saturating_sub(read.entries.len());
        let records = self.effort.records.saturating_sub(read.scanned);
        let time = self.effort.time.saturating_sub(self.began.elapsed());
        if !filtered
            || lacking == 0
            || records == 0
            || time.is_zero()
            || read.bytes >= self.effort.bytes
        {
            return None;
        }
        if self.stepped.elapsed() < QUICK {
            self.keys = (self.keys * 2).min(MOST_KEYS);
        } else {
            self.keys = (self.keys / 2).max(FIRST_KEYS);
        }
        self.stepped = Instant::now();
        Some(Step {
            limit: lacking,
            records: RECORDS.min(records),
            keys: self.keys.min(records).max(2),
            max_time: time.clamp(SHORTEST, MAX_TIME),
            until: self.began + self.effort.time,
        })
    }
}

impl<R> Read<R> {
    /// The step after this one was made.
    pub(crate) fn append(&mut self, next: Self) {
        self.entries.extend(next.entries);
        self.more_after = next.more_after;
        self.scanned += next.scanned;
        self.bytes += next.bytes;
        self.left_out |= next.left_out;
    }
}

/// One range of the index as part of a step.
pub(crate) struct Part<'a, R> {
    pub(crate) records: &'a Records<R>,
    /// The index's name.
    pub(crate) index: &'a str,
    pub(crate) search: &'a Search,
    pub(crate) step: Step,
    pub(crate) snapshot: Option<Snapshot>,
}

impl<R: Record> Part<'_, R> {
    pub(crate) async fn read(
        &mut self,
        scope: &Scope<R::Filter>,
        topic: &Topic,
        mut range: Range,
    ) -> Result<Read<R>, Error> {
        let date = &self.records.connection.options.fields.date;
        let order = self.search.order;
        let (mut what, mut end) = (What::All, None);
        if let Some(query) = &self.search.query {
            what = What::Matching(query.clone());
            // So far, and no further: else the server would look at everything for the few that
            // there are, and not say how far it has come.
            let keys = What::Keys { skip: self.step.keys - 1 };
            let found = self.find(range.clone(), &keys, 2).await?;
            let mut keys = found.documents().map(|keys| Key::of(keys, date));
            if let (Some(last), Some(beyond)) = (keys.next(), keys.next()) {
                match order {
                    SortOrder::Ascending => range.before = Some(beyond),
                    SortOrder::Descending => range.after = Some(beyond),
                }
                end = Some(last);
            }
        }
        let found = self.find(range, &what, self.step.records).await?;
        let until = self.step.until.max(Instant::now() + SHORTEST);
        let mut read =
            Read { entries: Vec::new(), more_after: None, scanned: 0, bytes: 0, left_out: false };
        let (mut last, mut cut) = (None, found.more);
        for record in found.documents() {
            // A pattern may be slow.
            if read.left_out && Instant::now() >= until {
                cut = true;
                break;
            }
            let key = Key::of(record, date);
            read.scanned += 1;
            read.bytes += record.as_bytes().len();
            last = Some(key.clone());
            match self.records.decode(record) {
                Some(record) if scope.filter().admits(&record.mark()) => {
                    read.entries.push(Entry { topic: topic.clone(), key, record });
                }
                _ => read.left_out = true,
            }
        }
        if cut {
            end = last.or(end);
        } else if end.is_some() {
            read.scanned = self.step.keys;
        }
        read.more_after = end;
        Ok(read)
    }

    async fn find(&mut self, range: Range, what: &What, limit: usize) -> Result<Found, Error> {
        let Self { records, index, search, step, snapshot } = self;
        let keys = records.connection.tail_keys();
        let find = || {
            let (range, keys, snapshot) = (range.clone(), keys.clone(), *snapshot);
            let find = Find { index, keys, range, order: search.order, limit, snapshot };
            find.run_for(&records.connection, Operation::History, what, step.max_time)
        };
        let found = match snapshot {
            Some(Snapshot::Fresh) => fresh(find).await?,
            _ => find().await?,
        };
        if let Some(time) = found.at {
            *snapshot = Some(Snapshot::At(time));
        }
        Ok(found)
    }
}

/// The first `limit` records of all parts.
pub(crate) fn merge<R>(parts: Vec<Read<R>>, order: SortOrder, limit: usize) -> Read<R> {
    let sorted = parts.len() < 2;
    let mut all =
        Read { entries: Vec::new(), more_after: None, scanned: 0, bytes: 0, left_out: false };
    for part in parts {
        // Beyond the end of a part, its next record may come before those of the others; and of
        // what is to be read up to a key, the server gives that as well when it goes back to it.
        let end = match (all.more_after.take(), part.more_after.clone()) {
            (Some(left), Some(right)) => Some(match compare(order, &left, &right) {
                Ordering::Greater => right,
                _ => left,
            }),
            (left, right) => left.or(right),
        };
        all.append(part);
        all.more_after = end;
    }
    let by_key = |left: &Key, right: &Key| compare(order, left, right);
    if !sorted {
        all.entries.sort_by(|left, right| by_key(&left.key, &right.key));
    }
    if let Some(end) = &all.more_after {
        all.entries.retain(|entry| by_key(&entry.key, end).is_le());
    }
    if all.entries.len() > limit {
        all.entries.truncate(limit);
        all.more_after = all.entries.last().map(|entry| entry.key.clone());
    }
    all
}

fn compare(order: SortOrder, left: &Key, right: &Key) -> Ordering {
    match order {
        SortOrder::Ascending => left.cmp(right),
        SortOrder::Descending => right.cmp(left),
    }
}
