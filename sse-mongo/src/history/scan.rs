//! How one page of history is read: in steps that each look at a bounded part of the index.

use std::time::{Duration, Instant};

use super::read::Read;
use super::search::Search;
use crate::options::Effort;
use crate::server::find::MAX_TIME;

/// What is read in one step takes about as much.
const STEP_BYTES: usize = 4 << 20;
/// How many records a step reads, but for the first, which reads as many as are wanted.
const RECORDS: usize = 2000;
/// How many records the server looks at in the first step in which it leaves some out, and in any.
const FIRST_KEYS: usize = 2000;
const MOST_KEYS: usize = 50_000;
/// A step that took no longer is followed by a larger one.
const QUICK: Duration = Duration::from_millis(100);
/// What the server is given for a step in any case, and the filter to decide.
pub(crate) const SHORTEST: Duration = Duration::from_millis(50);

/// What a page may still look at.
pub(crate) struct Scan {
    effort: Effort,
    limit: usize,
    max_bytes: usize,
    began: Instant,
    stepped: Instant,
    keys: usize,
}

/// What to read in one step.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// How many records the page lacks.
    pub(crate) limit: usize,
    /// How many bytes it may still take.
    pub(crate) room: usize,
    /// How many records to read of a range at most, and about how many bytes.
    pub(crate) records: usize,
    pub(crate) bytes: usize,
    /// How many the server is to look at, where it leaves some out.
    pub(crate) keys: usize,
    pub(crate) max_time: Duration,
    pub(crate) until: Instant,
    /// How long was looked at records for this page.
    pub(crate) spent: Duration,
}

impl Scan {
    pub(crate) fn new(effort: Effort, limit: usize, max_bytes: usize) -> Self {
        let now = Instant::now();
        // One of them may be the last of the step before.
        let keys = FIRST_KEYS.min(effort.records).max(2);
        let max_bytes = max_bytes.max(1);
        Self { effort, limit, max_bytes, began: now, stepped: now, keys }
    }

    /// The step that is made in any case.
    pub(crate) fn first(&self) -> Step {
        Step {
            limit: self.limit,
            room: self.max_bytes,
            records: self.limit,
            bytes: STEP_BYTES.min(self.max_bytes),
            keys: self.keys,
            max_time: MAX_TIME,
            until: self.began + self.effort.time,
            spent: Duration::ZERO,
        }
    }

    /// The next step, if the page lacks records and may look for more.
    pub(crate) fn next<R>(&mut self, search: &Search, read: &Read<R>) -> Option<Step> {
        let lacking = self.limit.saturating_sub(read.admitted.len());
        let bytes = read.page_bytes();
        let room = self.max_bytes.saturating_sub(bytes);
        // One more is taken to be as large as those that there are.
        let next = bytes.checked_div(read.admitted.len()).unwrap_or_default();
        if lacking == 0 || room == 0 || room < next {
            return None;
        }
        let further =
            Step { limit: lacking, room, records: lacking, spent: read.spent, ..self.first() };
        if !read.left_out && search.query.is_none() {
            return Some(Step { bytes: room.min(STEP_BYTES), ..further });
        }
        let records = self.effort.records.saturating_sub(read.scanned);
        let time = self.effort.time.saturating_sub(self.began.elapsed());
        if records == 0 || time.is_zero() || read.bytes >= self.effort.bytes {
            return None;
        }
        if self.stepped.elapsed() < QUICK {
            self.keys = (self.keys * 2).min(MOST_KEYS);
        } else {
            self.keys = (self.keys / 2).max(FIRST_KEYS);
        }
        self.stepped = Instant::now();
        Some(Step {
            records: RECORDS.min(records),
            keys: self.keys.min(records).max(2),
            max_time: time.clamp(SHORTEST, MAX_TIME),
            ..further
        })
    }
}
