//! Deleting a row with all that belongs to it.

use rusqlite::Connection;

/// Deletes the row, and the id that its writer has given it.
pub(super) fn remove(file: &Connection, seq: i64) -> rusqlite::Result<()> {
    file.prepare_cached(
        "DELETE FROM ids WHERE seq = ?1 AND (workspace, workflow, id) IN (
           SELECT workspace, workflow, json_extract(row, '$.id') FROM log
           WHERE seq = ?1 AND json_valid(row))",
    )?
    .execute([seq])?;
    file.prepare_cached("DELETE FROM log WHERE seq = ?1")?.execute([seq])?;
    Ok(())
}
