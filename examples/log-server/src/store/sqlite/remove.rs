//! Deleting a row with all that it is found by.

use gapless_sse_core::follow::Record;
use rusqlite::{Connection, OptionalExtension, params};

use super::indexed::{self, made_id};
use crate::row::Row;

/// Deletes the row, the id that its writer has given it, and what is indexed of it.
pub(super) fn remove(file: &Connection, seq: i64) -> rusqlite::Result<()> {
    let found = file
        .prepare_cached("SELECT workspace, workflow, date, row FROM log WHERE seq = ?1")?
        .query_row([seq], |row| {
            let names: (String, String) = (row.get(0)?, row.get(1)?);
            Ok((names, row.get::<_, i64>(2)?, row.get::<_, String>(3)?))
        })
        .optional()?;
    let Some(((workspace, workflow), date, row)) = found else { return Ok(()) };
    let row = Row::new(row, Some(date));
    let id = row.id();
    if let Some(id) = &id {
        file.prepare_cached(
            "DELETE FROM ids WHERE workspace = ?1 AND workflow = ?2 AND id = ?3 AND seq = ?4",
        )?
        .execute(params![workspace, workflow, id, seq])?;
    }
    if seq <= indexed::through(file)? {
        let mark = row.mark();
        file.prepare_cached(
            "DELETE FROM kinds
             WHERE workspace = ?1 AND level = ?2 AND type = ?3 AND date = ?4 AND seq = ?5",
        )?
        .execute(params![
            workspace,
            indexed::level(mark.level),
            mark.kind(),
            date,
            seq
        ])?;
        file.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([seq])?;
        if let Some(made) = id.as_deref().and_then(made_id) {
            file.prepare_cached("DELETE FROM made WHERE id = ?1 AND seq = ?2")?
                .execute([made, seq])?;
        }
    }
    file.prepare_cached("DELETE FROM log WHERE seq = ?1")?.execute([seq])?;
    Ok(())
}
