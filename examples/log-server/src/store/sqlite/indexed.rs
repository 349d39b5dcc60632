//! What rows are found by, made behind the writer in small steps.
//!
//! Every row up to a mark, `indexed.through`, has its entries in `kinds` (by level and type), `words`
//! (by three letters of its message) and `made` (by the id that the server gave it). Entries and mark
//! are written in one transaction: wherever a process is stopped, the next one goes on. A row beyond
//! the mark is found by looking at it. So a file of an older format is open at once, and appending a
//! row waits for one step at most.

use std::time::{Duration, Instant};

use gapless_sse_core::follow::Record;
use rusqlite::{Connection, TransactionBehavior, params};

use super::folded::Folding;
use super::lives;
use crate::row::Row;
use crate::search::Level;

/// How long a step takes about.
const STEP: Duration = Duration::from_millis(10);

/// The most rows of a step.
const ROWS: i64 = 1000;

/// What is indexed of a row that has no level.
const NO_LEVEL: i64 = -1;

/// Up to which `seq` rows are indexed.
pub(super) fn through(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT through FROM indexed")?.query_row([], |row| row.get(0))
}

/// How many numbers of rows there are beyond those that are indexed.
pub(super) fn left(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(lives::last_seq(connection)?.abs_diff(through(connection)?))
}

/// Indexes the next rows; answers up to how many numbers of rows there are beyond them.
pub(super) fn step(writer: &mut Connection) -> rusqlite::Result<u64> {
    let (began, last) = (Instant::now(), lives::last_seq(writer)?);
    if through(writer)? >= last {
        return Ok(0);
    }
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = through(&transaction)?;
    let (mut reached, mut folding, mut cut) = (from, Folding::default(), 0);
    {
        let mut question = transaction.prepare_cached(
            "SELECT seq, workspace, workflow, date, row FROM log WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )?;
        let mut kind =
            transaction.prepare_cached("INSERT INTO kinds VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        let mut words =
            transaction.prepare_cached("INSERT INTO words (rowid, message) VALUES (?1, ?2)")?;
        let mut made = transaction.prepare_cached("INSERT INTO made VALUES (?1, ?2)")?;
        let mut rows = question.query([from, ROWS])?;
        while let Some(found) = rows.next()? {
            let (seq, date): (i64, i64) = (found.get(0)?, found.get(3)?);
            let (workspace, workflow): (String, String) = (found.get(1)?, found.get(2)?);
            let row = Row::new(found.get::<_, String>(4)?, Some(date));
            let mark = row.mark();
            kind.execute(params![workspace, level(mark.level), mark.kind(), date, seq, workflow])?;
            words.execute(params![seq, folding.fold(mark.message())])?;
            if let Some(id) = row.id().as_deref().and_then(made_id) {
                made.execute([id, seq])?;
            }
            (reached, cut) = (seq, cut + 1);
            if began.elapsed() >= STEP {
                cut = ROWS;
                break;
            }
        }
    }
    let last = lives::last_seq(&transaction)?;
    let through = if cut >= ROWS { reached } else { last };
    transaction.execute("UPDATE indexed SET through = ?1", [through])?;
    transaction.commit()?;
    Ok(last.abs_diff(through))
}

/// The level of a row as it is indexed.
pub(super) fn level(mark: Option<Level>) -> i64 {
    (0..).zip(Level::all()).find(|(_, level)| Some(*level) == mark).map_or(NO_LEVEL, |(at, _)| at)
}

/// What an id that the server gave is looked up by: when it was given and where in its request.
pub(super) fn made_id(id: &str) -> Option<i64> {
    let first = id.get(..16).filter(|_| id.len() == 24)?;
    u64::from_str_radix(first, 16).ok().map(u64::cast_signed)
}
