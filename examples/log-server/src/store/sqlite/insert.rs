//! Writing the rows of one request.

use gapless_sse_core::follow::Topic;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use serde_json::{Map, Value};

use super::error::SqliteError;
use super::request::{Pending, Request};
use crate::row::with_id;
use crate::store::AppendError;

/// Why the rows of a request were not written.
pub(super) enum Refusal {
    /// Its own fault.
    Own(AppendError<SqliteError>),
    /// That of the file.
    File(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::File(error)
    }
}

/// Writes the rows after `last`, which becomes that of the last of them, and answers their ids.
pub(super) fn insert(
    connection: &Connection,
    request: &Request,
    last: &mut i64,
) -> Result<Vec<String>, Refusal> {
    let (workspace, workflow) = (request.topic.space(), request.topic.name());
    let mut insert = connection.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut ids = Vec::with_capacity(request.rows.len());
    for (row, pending) in request.rows.iter().enumerate() {
        let seq = *last + 1;
        let Pending { id, given, date, rest } = pending;
        if *given {
            if let Some(known) = known(connection, &request.topic, id)? {
                if !known.is_empty() && !says_the_same(&known, id, rest) {
                    let conflict = AppendError::Conflict { row, id: id.clone(), written: 0 };
                    return Err(Refusal::Own(conflict));
                }
                ids.push(id.clone());
                continue;
            }
            connection
                .prepare_cached("INSERT INTO ids VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![workspace, workflow, id, seq])?;
        }
        let json = with_id(id, rest);
        insert
            .execute(params![seq, workspace, workflow, date, json])
            .map_err(|error| of_row(row, error))?;
        *last = seq;
        ids.push(id.clone());
    }
    Ok(ids)
}

/// The row of the topic that has this id already, if there is one; empty if it was deleted since.
fn known(connection: &Connection, topic: &Topic, id: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT coalesce(row, '') FROM ids LEFT JOIN log USING (seq)
             WHERE ids.workspace = ?1 AND ids.workflow = ?2 AND id = ?3",
        )?
        .query_row([topic.space(), topic.name(), id], |row| row.get(0))
        .optional()
}

/// Whether two rows say the same, their dates aside: a row without a date has that of its writing.
fn says_the_same(known: &str, id: &str, rest: &str) -> bool {
    let fields = |json: &str| {
        let mut fields: Map<String, Value> = serde_json::from_str(json).ok()?;
        fields.retain(|name, _| name != "date" && name != "date_text");
        Some(fields)
    };
    let known = fields(known);
    known.is_some() && known == fields(&with_id(id, rest))
}

/// What a trigger or a size refuses is the row's own fault.
fn of_row(row: usize, error: rusqlite::Error) -> Refusal {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig) => {
            Refusal::Own(AppendError::Refused { row, reason: error.to_string(), written: 0 })
        }
        _ => Refusal::File(error),
    }
}
