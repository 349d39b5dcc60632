//! One row, by its id.

use gapless_sse_core::follow::{Entry, Topic};
use rusqlite::{Connection, OptionalExtension, params};

use super::coordinates::Dated;
use super::indexed::{made_id, through};
use super::rows::entry;
use crate::access::RowFields;
use crate::row::Row;

/// The row of this topic that has this id.
pub(super) fn find(
    connection: &Connection,
    topic: &Topic,
    id: &str,
    fields: &RowFields,
) -> rusqlite::Result<Option<Entry<Dated, Row>>> {
    let snapshot = connection.unchecked_transaction()?;
    let names = [topic.space(), topic.name()];
    let given = snapshot
        .prepare_cached(
            "SELECT log.seq, date, log.workspace, log.workflow, row FROM ids JOIN log USING (seq)
             WHERE ids.workspace = ?1 AND ids.workflow = ?2 AND id = ?3",
        )?
        .query_row([names[0], names[1], id], |row| entry(row, fields))
        .optional()?;
    if given.is_some() {
        return Ok(given);
    }
    let is_it = |found: &Entry<Dated, Row>| found.record.id().as_deref() == Some(id);
    if let Some(made) = made_id(id) {
        let mut question = snapshot.prepare_cached(
            "SELECT log.seq, date, workspace, workflow, row FROM made JOIN log USING (seq)
             WHERE id = ?1 AND workspace = ?2 AND workflow = ?3",
        )?;
        let mut rows = question.query(params![made, names[0], names[1]])?;
        while let Some(row) = rows.next()? {
            let found = entry(row, fields)?;
            if is_it(&found) {
                return Ok(Some(found));
            }
        }
    }
    let mut question = snapshot.prepare_cached(
        "SELECT seq, date, workspace, workflow, row FROM log
         WHERE seq > ?1 AND +workspace = ?2 AND +workflow = ?3 AND instr(row, ?4) ORDER BY seq",
    )?;
    let mut rows = question.query(params![through(&snapshot)?, names[0], names[1], id])?;
    while let Some(row) = rows.next()? {
        let found = entry(row, fields)?;
        if is_it(&found) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
