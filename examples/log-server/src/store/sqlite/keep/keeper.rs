//! Deleting what is not kept, a step at a time.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::gone::Gone;
use super::policy::Keep;
use super::space::{self, Space};
use crate::store::sqlite::lives;
use crate::store::sqlite::remove::remove;

/// For how long a row is there at least, whatever its date is, so that open streams are given it;
/// or for as long as rows are kept, if that is less.
const SEEN: Duration = Duration::from_secs(10);

/// A step that took longer is followed by a smaller one, and one that took less by a larger one.
const LONG: Duration = Duration::from_millis(8);
const SHORT: Duration = Duration::from_millis(3);

/// The most rows, or pages, of a step.
const MOST: usize = 1024;

/// How long after a look that found nothing the next one is.
const REST: Duration = Duration::from_secs(1);

/// Deletes what is not kept. It is driven by the thread that writes, between what others wait for.
#[derive(Debug)]
pub(in super::super) struct Keeper {
    keep: Keep,
    shrinks: bool,
    /// For how long a row is there at least.
    seen: Duration,
    /// How far the log was at these times, the earliest first.
    noted: VecDeque<(Instant, i64)>,
    /// The workspace that is looked at; none before the first one.
    workspace: Option<String>,
    rows: usize,
    pages: usize,
    rests_until: Instant,
    /// Whether the last step failed.
    failed: bool,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// There is more to do.
    More,
    /// All is as it is to be.
    Done,
}

impl Keeper {
    /// Of a log that was opened now.
    pub(in super::super) fn new(keep: Keep, file: &Connection) -> rusqlite::Result<Self> {
        let shrinks = space::shrinks(file)?;
        if !keep.is_everything() && !shrinks {
            tracing::warn!(
                "the file was made by an earlier version: what is deleted makes room for new rows, \
                 but the file does not become smaller; to let it, end the server and run \
                 `sqlite3 FILE 'PRAGMA auto_vacuum = 2; VACUUM'` once"
            );
        }
        let now = Instant::now();
        Ok(Self {
            keep,
            shrinks,
            seen: keep.age.map_or(SEEN, |age| age.min(SEEN)),
            noted: VecDeque::from([(now, lives::last_seq(file)?)]),
            workspace: None,
            rows: 1,
            pages: 1,
            rests_until: now,
            failed: false,
        })
    }

    /// How long it has nothing to do.
    pub(in super::super) fn rest(&self) -> Option<Duration> {
        (!self.keep.is_everything())
            .then(|| self.rests_until.saturating_duration_since(Instant::now()))
    }

    /// Deletes a few rows, or gives a few pages back.
    pub(in super::super) fn step(&mut self, file: &mut Connection) {
        let stepped = self.try_step(file);
        let rest = if let Ok(Kept::More) = stepped { Duration::ZERO } else { REST };
        self.rests_until = Instant::now() + rest;
        let failed = stepped.is_err();
        match stepped {
            Err(error) if !self.failed => {
                tracing::warn!(%error, "rows that are not to be kept are not deleted for now");
            }
            Ok(_) if self.failed => {
                tracing::info!("rows that are not to be kept are deleted again");
            }
            _ => {}
        }
        self.failed = failed;
    }

    fn try_step(&mut self, file: &mut Connection) -> rusqlite::Result<Kept> {
        // What was deleted may be there again after a loss of power, and is deleted again: so it
        // needs no sync of its own.
        file.pragma_update(None, "synchronous", "NORMAL")?;
        let stepped = self.delete(file).and_then(|kept| match kept {
            Kept::Done => self.give_back(file),
            Kept::More => Ok(Kept::More),
        });
        file.pragma_update(None, "synchronous", "FULL")?;
        stepped
    }

    fn delete(&mut self, file: &mut Connection) -> rusqlite::Result<Kept> {
        let began = Instant::now();
        let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let seen = seen(&mut self.noted, self.seen, began, lives::last_seq(&transaction)?);
        let mut rows = match self.keep.bytes {
            Some(bytes) if Space::of(&transaction)?.used() > bytes => {
                first(&transaction, seen, self.rows)?
            }
            _ => Vec::new(),
        };
        if rows.is_empty() {
            let Some(age) = self.keep.age else { return Ok(Kept::Done) };
            rows = self.expired(&transaction, before(age), seen)?;
        }
        let Some(gone) = gone(&rows) else { return Ok(Kept::Done) };
        for (seq, _) in &rows {
            remove(&transaction, *seq)?;
        }
        gone.grow(&transaction)?;
        transaction.commit()?;
        self.rows = paced(self.rows, began.elapsed());
        Ok(Kept::More)
    }

    /// The first rows before this date, of the first workspace that has some.
    fn expired(
        &mut self,
        file: &Connection,
        before: i64,
        seen: i64,
    ) -> rusqlite::Result<Vec<(i64, i64)>> {
        let mut find = file.prepare_cached(
            "SELECT seq, date FROM log WHERE workspace = ?1 AND date < ?2 AND seq <= ?3
             ORDER BY date LIMIT ?4",
        )?;
        if self.workspace.is_none() {
            self.workspace = next(file, None)?;
        }
        while let Some(workspace) = &self.workspace {
            let limit = i64::try_from(self.rows).unwrap_or(i64::MAX);
            let rows: Vec<_> = find
                .query_map(params![workspace, before, seen, limit], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            if !rows.is_empty() {
                return Ok(rows);
            }
            self.workspace = next(file, Some(workspace))?;
        }
        Ok(Vec::new())
    }

    fn give_back(&mut self, file: &Connection) -> rusqlite::Result<Kept> {
        if !self.shrinks || !Space::of(file)?.is_spare() {
            return Ok(Kept::Done);
        }
        let began = Instant::now();
        space::give_back(file, self.pages)?;
        self.pages = paced(self.pages, began.elapsed());
        Ok(Kept::More)
    }
}

/// How far the log was when what it has was seen by all; notes how far it is now.
fn seen(noted: &mut VecDeque<(Instant, i64)>, after: Duration, now: Instant, last: i64) -> i64 {
    while let Some((at, _)) = noted.get(1)
        && now.saturating_duration_since(*at) >= after
    {
        noted.pop_front();
    }
    if noted.back().is_none_or(|(at, _)| now.saturating_duration_since(*at) >= REST) {
        noted.push_back((now, last));
    }
    match noted.front() {
        Some((at, seq)) if now.saturating_duration_since(*at) >= after => *seq,
        _ => i64::MIN,
    }
}

/// The date before which rows are too old.
fn before(age: Duration) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    milliseconds(now).saturating_sub(milliseconds(age))
}

/// The rows that were written first.
fn first(file: &Connection, seen: i64, limit: usize) -> rusqlite::Result<Vec<(i64, i64)>> {
    file.prepare_cached("SELECT seq, date FROM log WHERE seq <= ?1 ORDER BY seq LIMIT ?2")?
        .query_map(params![seen, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect()
}

/// The next workspace that has rows.
fn next(file: &Connection, after: Option<&str>) -> rusqlite::Result<Option<String>> {
    file.prepare_cached("SELECT min(workspace) FROM log WHERE ?1 IS NULL OR workspace > ?1")?
        .query_row([after], |row| row.get(0))
        .optional()
        .map(Option::flatten)
}

fn gone(rows: &[(i64, i64)]) -> Option<Gone> {
    let through = rows.iter().map(|(seq, _)| *seq).max()?;
    let date = rows.iter().map(|(_, date)| *date).max()?;
    Some(Gone { through, date })
}

/// How large the next step is, after one of this size that took so long.
fn paced(size: usize, took: Duration) -> usize {
    if took > LONG {
        (size / 2).max(1)
    } else if took < SHORT {
        (size * 2).min(MOST)
    } else {
        size
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use std::path::Path;

    use super::*;
    use crate::access::RowFields;
    use crate::store::sqlite::{file, indexed};

    fn log(folder: &Path) -> Connection {
        file::open(&folder.join("logs.db"), &RowFields::default()).unwrap().writer
    }

    /// A row of this date, whose writer has given it an id.
    fn write(log: &Connection, workspace: &str, date: i64, bytes: usize) {
        let id = format!("{workspace}{date}");
        let row = format!(r#"{{"id":"{id}","message":"{}"}}"#, "x".repeat(bytes));
        log.execute(
            "INSERT INTO log VALUES (NULL, ?1, 'f', ?2, ?3)",
            params![workspace, date, row],
        )
        .unwrap();
        let seq = log.last_insert_rowid();
        log.execute("INSERT INTO ids VALUES (?1, 'f', ?2, ?3)", params![workspace, id, seq])
            .unwrap();
    }

    /// Deletes until nothing is left to do, and answers in how many steps.
    fn settle(keeper: &mut Keeper, log: &mut Connection) -> usize {
        let steps = 1..;
        steps.into_iter().find(|_| keeper.try_step(log).unwrap() == Kept::Done).unwrap()
    }

    fn dates(log: &Connection) -> Vec<i64> {
        let mut dates = log.prepare("SELECT date FROM log ORDER BY date").unwrap();
        dates.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn what_is_older_goes_with_its_ids_in_every_workspace_and_what_is_new_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log(folder.path());
        let now = before(Duration::ZERO);
        for age in 0..100 {
            for workspace in ["a", "b", "c"] {
                write(&log, workspace, now - 60_000 * age, 10);
            }
        }
        while indexed::step(&mut log).unwrap() > 0 {}
        let hour = Keep { age: Some(Duration::from_secs(3600)), bytes: None };
        let mut keeper = Keeper { seen: Duration::ZERO, ..Keeper::new(hour, &log).unwrap() };
        let steps = settle(&mut keeper, &mut log);
        assert!(steps > 5, "it was done in {steps} steps");
        let left = dates(&log);
        assert!((3 * 60..=3 * 61).contains(&left.len()), "{}", left.len());
        assert!(left.iter().all(|date| *date >= now - 3_600_000));
        for of in ["ids", "kinds", "words WHERE words MATCH '\"XXX\"'"] {
            let count = format!("SELECT count(*) FROM {of}");
            let count: i64 = log.query_row(&count, [], |row| row.get(0)).unwrap();
            assert_eq!(usize::try_from(count).unwrap(), left.len(), "{of}");
        }
        let gone = Gone::read(&log).unwrap();
        assert!(gone.date < now - 3_590_000 && gone.through == 300, "{gone:?}");
        assert!(!gone.is_beyond(crate::store::sqlite::coordinates::Dated { date: now, seq: 1 }));
    }

    #[test]
    fn a_row_that_was_just_written_is_there_for_a_while_whatever_its_date_is() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log(folder.path());
        let hour = Keep { age: Some(Duration::from_secs(3600)), bytes: None };
        let mut keeper = Keeper::new(hour, &log).unwrap();
        write(&log, "a", 0, 10);
        settle(&mut keeper, &mut log);
        assert_eq!(dates(&log), [0]);
        // As if it had been noted long ago.
        let long_ago = Instant::now().checked_sub(2 * SEEN).unwrap();
        keeper.noted = VecDeque::from([(long_ago, 1)]);
        settle(&mut keeper, &mut log);
        assert_eq!(dates(&log), [0; 0]);
    }

    #[test]
    fn what_is_too_much_goes_first_come_first_and_the_file_becomes_smaller() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log(folder.path());
        let begun = log.transaction().unwrap();
        for date in 0..8000 {
            write(&begun, "a", date, 2000);
        }
        begun.commit().unwrap();
        let full = Space::of(&log).unwrap();
        let bytes = full.used() / 2;
        let keep = Keep { age: None, bytes: Some(bytes) };
        let mut keeper = Keeper { seen: Duration::ZERO, ..Keeper::new(keep, &log).unwrap() };
        settle(&mut keeper, &mut log);
        let (left, now) = (dates(&log), Space::of(&log).unwrap());
        assert!(now.used() <= bytes, "{} of {bytes}", now.used());
        assert!(left.len() > 3500, "no more than is needed: {} are left", left.len());
        assert!(
            left.is_sorted()
                && left.last() == Some(&7999)
                && usize::try_from(left[0]).unwrap() == 8000 - left.len()
        );
        assert!(!now.is_spare() && now.pages < full.pages, "{now:?} of {full:?}");
        assert_eq!(Gone::read(&log).unwrap().through, 8000 - i64::try_from(left.len()).unwrap());
    }
}
