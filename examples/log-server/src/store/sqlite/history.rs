//! Pages of the SQLite log, of all rows or of those that are searched for.

use std::time::{Duration, Instant};

use gapless_sse_core::follow::{Entry, HistoryQuery, Page, Scope, SortOrder};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::coordinates::{Dated, Position};
use super::lives;
use super::places::Abandoned;
use super::rows::entry;
use super::ruled;
use super::store::SqliteStore;
use crate::access::RowFields;
use crate::row::Row;
use crate::search::{Effort, Search};

/// After so long a search lets others have their turn.
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
        Self { scope, query, effort, fields, after, end, began, bytes: 0, found, scanned: 0 }
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
        // Of a search, nobody knows how many rows it takes.
        let everything = self.scope.filter().is_everything();
        let mut question = snapshot.prepare_cached(&self.question())?;
        let mut rows = question.query(params_from_iter(self.values(as_of, everything)))?;
        while let Some(row) = rows.next()? {
            let row = entry(row, &self.fields)?;
            let admitted = everything || self.scope.admits(&row.record);
            let bytes = self.bytes + row.record.json().len();
            if admitted && !self.found.is_empty() && bytes > self.query.max_bytes {
                let reached = self.after;
                return Ok(self.done(as_of, Some(reached)));
            }
            self.after = row.key;
            self.scanned += 1;
            if admitted {
                self.bytes = bytes;
                self.found.push(row);
            }
            if self.is_enough() {
                let reached = self.after;
                return Ok(self.done(as_of, Some(reached)));
            }
            if abandoned.is_so() || !everything && began.elapsed() >= STEP {
                return Ok(Step::Unfinished(Box::new(self)));
            }
        }
        Ok(self.done(as_of, None))
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

    fn question(&self) -> String {
        let (beyond, order, within) = match self.query.order {
            SortOrder::Ascending => (">", "ASC", "<"),
            SortOrder::Descending => ("<", "DESC", ">="),
        };
        let workflows = self.scope.topics().map_or_else(String::new, |topics| {
            format!(" AND workflow IN ({})", vec!["?"; topics.len()].join(", "))
        });
        let ruled = ruled::condition(self.scope.filter().rules());
        format!(
            "SELECT seq, date, workspace, workflow, row FROM log
             WHERE workspace = ?{workflows}{ruled} AND seq <= ?
               AND (date, seq) {beyond} (?, ?) AND date {within} ?
             ORDER BY date {order}, seq {order} LIMIT ?"
        )
    }

    fn values(&self, as_of: Position, everything: bool) -> Vec<Value> {
        let mut values = vec![Value::from(self.scope.space().to_owned())];
        let topics = self.scope.topics().unwrap_or_default().iter();
        values.extend(topics.map(|topic| Value::from(topic.name().to_owned())));
        let rules = &self.scope.filter().rules().0;
        values.extend(rules.iter().map(|rule| Value::from(rule.value.to_string())));
        let limit = i64::try_from(self.query.limit).ok().filter(|_| everything).unwrap_or(-1);
        let Dated { date, seq } = self.after;
        values.extend([as_of.seq, date, seq, self.end, limit].map(Value::from));
        values
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
