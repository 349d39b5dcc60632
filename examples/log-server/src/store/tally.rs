//! How many rows a search finds.

use std::collections::BTreeMap;

use gapless_sse_core::follow::{Filter, HistoryQuery, Record, Scope, SortOrder, Source};
use jiff::Timestamp;

use crate::level::Level;
use crate::row::Row;
use crate::search::{Effort, Search};

/// So many rows are looked at in one go.
const STEP: usize = 5000;

/// About so many bytes of rows are looked at in one go.
const STEP_BYTES: usize = 4 << 20;

/// How to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TallyQuery {
    /// How long the stretches of time are for which is counted, in milliseconds; none for all time
    /// together. They begin at whole multiples since 1970.
    pub every: Option<i64>,
    /// How much may be looked at.
    pub effort: Effort,
}

/// How many rows a search finds: all that is said about them is a sum over these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there are of each kind.
    pub rows: BTreeMap<Cell, u64>,
    /// How many were looked at.
    pub scanned: u64,
    /// Whether there was more to look at than was looked at: the counts are of the oldest rows up to
    /// `reached`.
    pub incomplete: bool,
    /// The date of the last row that was looked at, if it has one.
    pub reached: Option<Timestamp>,
}

/// What rows have in common that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// When their stretch of time begins, in milliseconds since 1970; none of rows without a date,
    /// and where all time is counted together.
    pub begins: Option<i64>,
    /// Their level, if it is one.
    pub level: Option<Level>,
    /// Their type.
    pub kind: Box<str>,
}

impl Tally {
    /// Counts rows of one kind.
    pub fn add(&mut self, cell: Cell, rows: u64) {
        *self.rows.entry(cell).or_default() += rows;
    }

    /// How many there are together.
    pub fn total(&self) -> u64 {
        self.rows.values().sum()
    }
}

/// Counts what is found by looking at every row; `date` is that of a key.
pub(super) async fn by_looking<S: Source<Record = Row>>(
    store: &S,
    scope: &Scope<Search>,
    query: &TallyQuery,
    date: impl Fn(&S::Key) -> Option<Timestamp>,
) -> Result<Tally, S::Error> {
    let began = std::time::Instant::now();
    let mut tally = Tally::default();
    let (mut as_of, mut after) = (None, None);
    loop {
        let step = HistoryQuery {
            as_of,
            after,
            order: SortOrder::Ascending,
            limit: STEP,
            max_bytes: STEP_BYTES,
        };
        let page = store.history(scope, step).await?;
        tally.scanned += page.scanned as u64;
        for entry in &page.entries {
            let mark = entry.record.mark();
            debug_assert!(scope.filter().admits(&mark), "history is filtered");
            let begins =
                query.every.zip(mark.date).map(|(every, date)| date - date.rem_euclid(every));
            tally.add(Cell { begins, level: mark.level, kind: mark.kind().into() }, 1);
        }
        let Some(more) = page.more_after else { return Ok(tally) };
        tally.reached = date(&more);
        let Effort { rows, time } = query.effort;
        if tally.scanned >= rows as u64 || began.elapsed() >= time {
            tally.incomplete = true;
            return Ok(tally);
        }
        (as_of, after) = (Some(page.as_of), Some(more));
    }
}
