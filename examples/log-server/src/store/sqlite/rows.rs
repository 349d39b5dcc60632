//! Rows as they are read, and those that were written after a position.

use gapless_sse_core::follow::{Batch, Entry, Topic};
use rusqlite::{Connection, Row as Found, params};

use super::coordinates::{Dated, Position};
use super::error::SqliteError;
use super::keep::Gone;
use super::lives;
use super::store::SqliteStore;
use crate::access::RowFields;
use crate::row::Row;
use crate::ruled::Ruled;

/// Rows of so many bytes in all are enough for one batch.
const LARGEST_BATCH: usize = 4 * 1024 * 1024;

/// What follows `from`, unless the log has not been there, or some of it is gone.
pub(super) fn changes(
    connection: &Connection,
    from: Position,
    limit: usize,
    fields: &RowFields,
) -> rusqlite::Result<Result<Batch<SqliteStore>, SqliteError>> {
    // One snapshot for all questions: what is not among the rows is not up to `through` either.
    let snapshot = connection.unchecked_transaction()?;
    if !lives::hold(&snapshot, from)? {
        return Ok(Err(SqliteError::CutOff));
    }
    if Gone::read(&snapshot)?.through > from.seq {
        return Ok(Err(SqliteError::HistoryLost));
    }
    let end = lives::last(&snapshot)?;
    if end.seq == from.seq {
        return Ok(Ok(Batch::new(Vec::new(), from)));
    }
    let mut question = snapshot.prepare_cached(
        "SELECT seq, date, workspace, workflow, row,
           (SELECT life FROM lives WHERE first <= seq ORDER BY first DESC LIMIT 1)
         FROM log WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let mut changes = Vec::new();
    let mut bytes = 0;
    let limited = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = question.query(params![from.seq, limited])?;
    while bytes <= LARGEST_BATCH {
        let Some(row) = rows.next()? else { break };
        let entry = entry(row, fields)?;
        bytes += entry.record.json().len();
        changes.push((Position { seq: entry.key.seq, life: row.get(5)? }, entry));
    }
    let cut = bytes > LARGEST_BATCH || changes.len() == limit;
    let last = changes.last().filter(|_| cut).map(|(last, _)| *last);
    Ok(Ok(Batch::new(changes, last.unwrap_or(end))))
}

pub(super) fn entry(row: &Found<'_>, fields: &RowFields) -> rusqlite::Result<Entry<Dated, Row>> {
    let (workspace, workflow, json): (String, String, String) =
        (row.get(2)?, row.get(3)?, row.get(4)?);
    let date = row.get(1)?;
    let ruled = Ruled::of_json(&json, fields);
    Ok(Entry {
        topic: Topic::new(workspace, workflow),
        key: Dated { date, seq: row.get(0)? },
        record: Row::new(json, Some(date)).ruled_by(ruled),
    })
}
