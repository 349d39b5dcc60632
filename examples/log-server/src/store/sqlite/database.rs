//! The questions that the store asks its tables.

use gapless_sse_core::follow::{Batch, Entry, Topic};
use rusqlite::{Connection, TransactionBehavior, params};

use super::coordinates::{Dated, Seq};
use super::file::last;
use super::store::SqliteStore;
use crate::row::{NewRow, Row};

/// Rows of so many bytes in all are enough for one page.
pub(super) const LARGEST_PAGE: usize = 4 * 1024 * 1024;

pub(super) fn append(
    connection: &mut Connection,
    topic: &Topic,
    rows: &[NewRow],
) -> rusqlite::Result<Vec<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut seq = last(&transaction)?.0;
    let mut seqs = Vec::with_capacity(rows.len());
    {
        let mut insert =
            transaction.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for row in rows {
            seq += 1;
            let stored = row.stored(&seq.to_string(), topic.space(), topic.name());
            let date = row.date.as_millisecond();
            insert.execute(params![seq, topic.space(), topic.name(), date, stored.json()])?;
            seqs.push(seq);
        }
    }
    transaction.commit()?;
    Ok(seqs)
}

pub(super) fn changes(
    connection: &Connection,
    from: Seq,
    limit: usize,
) -> rusqlite::Result<Batch<SqliteStore>> {
    // One snapshot for both questions: what is not among the rows is not up to `through` either.
    let snapshot = connection.unchecked_transaction()?;
    let mut question = snapshot.prepare_cached(
        "SELECT seq, date, workspace, workflow, row FROM log WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let rows =
        question.query_map(params![from.0, i64::try_from(limit).unwrap_or(i64::MAX)], entry)?;
    let (entries, cut) = bounded(rows)?;
    let changes: Vec<_> = entries.into_iter().map(|entry| (Seq(entry.key.seq), entry)).collect();
    let through = match changes.last() {
        Some((last, _)) if cut || changes.len() == limit => *last,
        _ => last(&snapshot)?.max(from),
    };
    Ok(Batch::new(changes, through))
}

/// The rows, or the first of them if all together are too large; and whether they were cut.
fn bounded(
    rows: impl Iterator<Item = rusqlite::Result<Entry<Dated, Row>>>,
) -> rusqlite::Result<(Vec<Entry<Dated, Row>>, bool)> {
    let mut entries = Vec::new();
    let mut bytes = 0;
    for row in rows {
        let entry = row?;
        bytes += entry.record.json().len();
        entries.push(entry);
        if bytes > LARGEST_PAGE {
            return Ok((entries, true));
        }
    }
    Ok((entries, false))
}

pub(super) fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<Entry<Dated, Row>> {
    let (workspace, workflow, json): (String, String, String) =
        (row.get(2)?, row.get(3)?, row.get(4)?);
    let date = row.get(1)?;
    Ok(Entry {
        topic: Topic::new(workspace, workflow),
        key: Dated { date, seq: row.get(0)? },
        record: Row::new(json, Some(date)),
    })
}

/// Steps from one workspace to the next on the index, so that it reads one row for each.
pub(super) fn workspaces(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached(
            "WITH RECURSIVE w(name) AS (
                SELECT min(workspace) FROM log
                UNION ALL
                SELECT (SELECT min(workspace) FROM log WHERE workspace > name) FROM w
                WHERE name IS NOT NULL
             ) SELECT name FROM w WHERE name IS NOT NULL",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// As [`workspaces`], for the workflows of one.
pub(super) fn workflows(connection: &Connection, workspace: &str) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached(
            "WITH RECURSIVE w(name) AS (
                SELECT min(workflow) FROM log WHERE workspace = ?1
                UNION ALL
                SELECT (SELECT min(workflow) FROM log WHERE workspace = ?1 AND workflow > name)
                FROM w WHERE name IS NOT NULL
             ) SELECT name FROM w WHERE name IS NOT NULL",
        )?
        .query_map([workspace], |row| row.get(0))?
        .collect()
}
