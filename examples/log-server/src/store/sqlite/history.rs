//! Pages of the SQLite log, of all rows or of those that are searched for.

use std::ops::ControlFlow::{Break, Continue};
use std::time::{Duration, Instant};

use gapless_sse_core::follow::{Entry, HistoryQuery, Page, Scope, SortOrder};
use rusqlite::Connection;

use super::candidates::Candidates;
use super::coordinates::{Dated, Position};
use super::lives;
use super::places::Abandoned;
use super::store::SqliteStore;
use super::walk::{Seen, Stretch, walk};
use crate::access::RowFields;
use crate::row::Row;
use crate::search::{Effort, Search};

/// After so long a search lets others have their turn. What it has not found by then is looked up, if
/// it can be: what is frequent is found sooner by looking at one row after the other.
const STEP: Duration = Duration::from_millis(20);

/// A page that is being read, in one step or several. SQLite keeps to the time that is searched and
/// to the rules of who searches; the search decides over each of its rows.
pub(super) struct Reading {
    scope: Scope<Search>,
    query: HistoryQuery<Position, Dated>,
    effort: Effort,
    fields: RowFields,
    /// Only rows beyond this, and up to the date.
    after: Dated,
    end: i64,
    began: Instant,
    bytes: usize,
    found: Vec<Entry<Dated, Row>>,
    scanned: usize,
    way: Way,
    /// Whether a step was taken.
    walked: bool,
}

/// Why a walk was stopped.
enum Stop {
    Page,
    Step,
}

/// How rows are come by.
enum Way {
    /// One after the other, for now.
    First,
    /// What was looked up.
    LookUp(Candidates),
    /// One after the other, since they cannot be looked up.
    All,
}

/// What came of a step.
pub(super) enum Step {
    Unfinished(Box<Reading>),
    Done(Page<SqliteStore>),
    /// The snapshot is not of this life of the file.
    Gone,
}

impl Reading {
    pub(super) fn new(
        scope: Scope<Search>,
        query: HistoryQuery<Position, Dated>,
        effort: Effort,
        fields: &RowFields,
    ) -> Self {
        let terms = scope.filter().terms();
        let (start, end) = match query.order {
            SortOrder::Ascending => (
                terms.from.map_or(Dated::LEAST, |from| Dated { date: from, seq: i64::MIN }),
                terms.to.unwrap_or(i64::MAX),
            ),
            SortOrder::Descending => (
                terms.to.map_or(Dated::GREATEST, |to| Dated { date: to, seq: i64::MIN }),
                terms.from.unwrap_or(i64::MIN),
            ),
        };
        let after = match query.order {
            SortOrder::Ascending => query.after.map_or(start, |after| after.max(start)),
            SortOrder::Descending => query.after.map_or(start, |after| after.min(start)),
        };
        let (fields, began, found) = (fields.clone(), Instant::now(), Vec::new());
        Self {
            scope,
            query,
            effort,
            fields,
            after,
            end,
            began,
            bytes: 0,
            found,
            scanned: 0,
            way: Way::First,
            walked: false,
        }
    }

    /// The same, which looks up from the start.
    #[cfg(test)]
    pub(super) fn looking_up(self) -> Self {
        Self { walked: true, ..self }
    }

    /// Reads on for a while.
    pub(super) fn step(
        mut self,
        connection: &Connection,
        abandoned: &Abandoned,
    ) -> rusqlite::Result<Step> {
        let began = Instant::now();
        let snapshot = connection.unchecked_transaction()?;
        let as_of = match self.query.as_of {
            Some(as_of) if !lives::hold(&snapshot, as_of)? => {
                return Ok(Step::Gone);
            }
            Some(as_of) => as_of,
            None => lives::last(&snapshot)?,
        };
        self.query.as_of = Some(as_of);
        if self.query.limit == 0 {
            return Ok(self.done(as_of, None));
        }
        let everything = self.scope.filter().is_everything();
        if matches!(self.way, Way::First) && self.walked && !everything {
            let found = Candidates::of(&snapshot, &self.scope, as_of.seq, self.query.order)?;
            self.way = found.map_or(Way::All, Way::LookUp);
        }
        let way = std::mem::replace(&mut self.way, Way::First);
        let candidates = match &way {
            Way::LookUp(candidates) => Some(candidates),
            Way::First | Way::All => None,
        };
        let (scope, fields, order) = (self.scope.clone(), self.fields.clone(), self.query.order);
        let (after, end, as_of_seq) = (self.after, self.end, as_of.seq);
        let stretch =
            Stretch { scope: &scope, fields: &fields, order, as_of: as_of_seq, after, end };
        let mut others = false;
        let stopped = walk(&snapshot, &stretch, candidates, |seen| {
            match seen {
                Seen::Row(row) => {
                    if !self.take(*row, everything) || self.is_enough() {
                        return Break(Stop::Page);
                    }
                }
                Seen::Other(key) => (self.after, others) = (key, true),
            }
            // Of a search, nobody knows how many rows it takes.
            let steps = others || !everything;
            let pause = abandoned.is_so() || steps && began.elapsed() >= STEP;
            if pause { Break(Stop::Step) } else { Continue(()) }
        })?;
        (self.way, self.walked) = (way, true);
        Ok(match stopped {
            Some(Stop::Step) => Step::Unfinished(Box::new(self)),
            Some(Stop::Page) => {
                let reached = self.after;
                self.done(as_of, Some(reached))
            }
            None => self.done(as_of, None),
        })
    }

    /// Takes the next row, unless it is to be on the next page.
    fn take(&mut self, row: Entry<Dated, Row>, everything: bool) -> bool {
        let admitted = everything || self.scope.admits(&row.record);
        let bytes = self.bytes + row.record.json().len();
        if admitted && !self.found.is_empty() && bytes > self.query.max_bytes {
            return false;
        }
        self.after = row.key;
        self.scanned += 1;
        if admitted {
            self.bytes = bytes;
            self.found.push(row);
        }
        true
    }

    fn done(self, as_of: Position, more_after: Option<Dated>) -> Step {
        Step::Done(Page { as_of, entries: self.found, more_after, scanned: self.scanned })
    }

    fn is_enough(&self) -> bool {
        let full = self.found.len() == self.query.limit || self.bytes >= self.query.max_bytes;
        let left_out = self.scanned > self.found.len();
        let Effort { rows, time } = self.effort;
        full || left_out && (self.scanned >= rows || self.began.elapsed() >= time)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use super::super::file;
    use super::*;
    use crate::search::Terms;

    #[test]
    fn a_page_that_nobody_waits_for_ends_at_the_next_row() {
        let folder = tempfile::tempdir().unwrap();
        let fields = RowFields::default();
        let file = file::open(&folder.path().join("logs.db"), &fields).unwrap().writer;
        let row = r#"INSERT INTO log VALUES (NULL, 'etl', 'orders', 0, '{"message":"m"}');"#;
        file.execute_batch(&row.repeat(2)).unwrap();
        let nothing = Terms { texts: vec!["nowhere".to_owned()], ..Terms::default() };
        for search in [Search::default(), Search::new(nothing).unwrap()] {
            let scope = Scope::new("etl", ["orders"]).filtered(search);
            let (order, max_bytes) = (SortOrder::Descending, usize::MAX);
            let query = HistoryQuery { as_of: None, after: None, order, limit: 10, max_bytes };
            let reading = Reading::new(scope, query, Effort::default(), &fields);
            let abandoned = Abandoned::default();
            abandoned.tell();
            let step = reading.step(&file, &abandoned).unwrap();
            let Step::Unfinished(reading) = step else { panic!("it goes on to its end") };
            assert_eq!(reading.scanned, 1);
            // What was begun goes on where it was.
            let step = reading.step(&file, &Abandoned::default()).unwrap();
            let Step::Done(page) = step else { panic!("there is no more") };
            assert_eq!(page.scanned, 2);
        }
    }
}
