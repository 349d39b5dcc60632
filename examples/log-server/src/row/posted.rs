//! A row that is to be written, as a client sends it.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::shown::Shown;
use super::{LEVELS, Row, date, number};

/// A row that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRow {
    /// The id that its writer has given it; without one, the store gives it one.
    pub id: Option<String>,
    /// When it happened.
    pub date: Timestamp,
    /// One of [`LEVELS`].
    pub level: String,
    /// The kind of thing that happened, such as `stage` or `progress`.
    pub kind: String,
    /// What happened, in words.
    pub message: String,
    /// Whatever else the writer has to say, in its order.
    pub more: Map<String, Value>,
}

/// The fields that a writer cannot set: the store and the address of the request do.
const RESERVED: [&str; 4] = ["_id", "workspace_id", "workflow_id", "date_text"];

/// The most characters of an id that a writer gives.
const LONGEST_ID: usize = 128;

impl NewRow {
    /// Reads a row that a client sends.
    ///
    /// # Errors
    ///
    /// In words for the client: what is wrong with which field, and what would be right.
    pub fn from_json(json: &str, now: Timestamp) -> Result<Self, String> {
        let value: Value = serde_json::from_str(json).map_err(|e| format!("not JSON: {e}"))?;
        let Value::Object(mut fields) = value else {
            return Err("not a JSON object; send {\"message\": \"…\"}".to_owned());
        };
        if let Some(digits) = number::inexact(json) {
            return Err(format!(
                "the number {digits} is beyond what is kept exactly, {} to {}; send it as text",
                i64::MIN,
                i64::MAX
            ));
        }
        if let Some(name) = RESERVED.iter().find(|name| fields.contains_key(**name)) {
            return Err(format!("`{name}` is set by the server; leave it out"));
        }
        check_fields(&fields, 1)?;
        let id = take_text(&mut fields, "id")?;
        if let Some(id) = &id {
            check_id(id).map_err(|wrong| format!("`id` is {id:?}; {wrong}"))?;
        }
        let message = take_text(&mut fields, "message")?
            .ok_or("`message` is missing; it is the text of the line")?;
        let level = take_text(&mut fields, "level")?.unwrap_or_else(|| "INFO".to_owned());
        if !LEVELS.contains(&level.as_str()) {
            return Err(format!("`level` is {level:?}; it is one of {}", LEVELS.join(", ")));
        }
        let kind = take_text(&mut fields, "type")?.unwrap_or_else(|| "log".to_owned());
        let date = match take_text(&mut fields, "date")? {
            None => now,
            Some(text) => date::parse(&text)?,
        };
        Ok(Self { id, date, level, kind, message, more: fields })
    }

    /// The row as clients see it, once the store has given it `id`.
    pub fn stored(&self, id: &str, workspace: &str, workflow: &str) -> Row {
        let json = with_id(id, &self.without_id(workspace, workflow));
        Row::new(json, Some(self.date.as_millisecond()))
    }

    /// What follows the id in the row as clients see it.
    pub(crate) fn without_id(&self, workspace: &str, workflow: &str) -> String {
        let mut shown = Shown::with_capacity(256 + self.message.len());
        shown.0.text("workspace_id", workspace);
        shown.0.text("workflow_id", workflow);
        // Dates that are taken can be written.
        shown.date(self.date.as_millisecond());
        shown.0.text("level", &self.level);
        shown.0.text("type", &self.kind);
        shown.0.text("message", &self.message);
        for (name, value) in &self.more {
            shown.0.json(name, &value.to_string());
        }
        let mut json = shown.finish();
        json.remove(0);
        json
    }
}

/// A row of [`NewRow::without_id`] and its id.
pub(crate) fn with_id(id: &str, rest: &str) -> String {
    format!("{{\"id\":{},{rest}", Value::from(id))
}

/// Whether a writer may call a row so, and why not.
pub(crate) fn check_id(id: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:~/+=@".contains(&byte);
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(allowed) {
        return Err(format!(
            "an id has 1 to {LONGEST_ID} characters, letters and digits of ASCII and any of \
             - _ . : ~ / + = @"
        ));
    }
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("digits alone are what the server gives; put a letter in it".to_owned());
    }
    Ok(())
}

/// How deep objects and lists may lie within each other; MongoDB takes 100.
const DEEPEST: usize = 64;

/// Refuses what some store could not keep.
fn check_fields(fields: &Map<String, Value>, depth: usize) -> Result<(), String> {
    if let Some(name) = fields.keys().find(|name| name.contains('\0')) {
        return Err(format!("the field name {name:?} holds NUL; leave it out"));
    }
    fields.values().try_for_each(|value| check_value(value, depth + 1))
}

fn check_value(value: &Value, depth: usize) -> Result<(), String> {
    match value {
        Value::Object(_) | Value::Array(_) if depth > DEEPEST => {
            Err(format!("fields lie deeper than {DEEPEST} within each other; make it flatter"))
        }
        Value::Object(fields) => check_fields(fields, depth),
        Value::Array(values) => values.iter().try_for_each(|value| check_value(value, depth + 1)),
        _ => Ok(()),
    }
}

fn take_text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{name}` is {other}; it is to be text")),
    }
}
