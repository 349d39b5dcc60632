//! A line of a workflow's log, as it is written and as it is read.

use std::borrow::Cow;

use gapless_sse_core::Event;
use gapless_sse_core::follow::Record;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::mark::Level;
pub use crate::mark::{LEVELS, Mark};
use crate::search::Search;

/// How much of a message is looked at when one is searched for, in bytes.
const SEARCHED: usize = 16 * 1024;

/// A stored row as clients see it: one JSON object on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    json: Box<str>,
    date: Option<i64>,
}

impl Row {
    /// The row that `json` is, and its date in milliseconds since 1970, if it has one.
    pub fn new(json: impl Into<Box<str>>, date: Option<i64>) -> Self {
        Self { json: json.into(), date }
    }

    /// The row as JSON.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// What of a row it can be found by, as it stands in the row.
#[derive(Deserialize)]
struct Searched<'a> {
    #[serde(borrow)]
    level: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

impl Record for Row {
    type Filter = Search;

    fn event(&self) -> Event<'_> {
        Event::new(&*self.json)
    }

    fn mark(&self) -> Mark {
        let Ok(Searched { level, kind, message }) = serde_json::from_str(&self.json) else {
            return Mark { date: self.date, ..Mark::default() };
        };
        let level = level.and_then(|level| Level::of(&text(level)));
        let message = message.map(text).unwrap_or_default();
        let mut end = message.len().min(SEARCHED);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        let kind = kind.map(text).unwrap_or_default().into();
        Mark { level, kind, message: message[..end].into(), date: self.date }
    }
}

fn text(value: &RawValue) -> Cow<'_, str> {
    // Strings are borrowed as far as they hold no escapes.
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    let text = serde_json::from_str(value.get()).map(|Text(text)| text);
    text.unwrap_or(Cow::Borrowed(value.get()))
}

/// A row that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRow {
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
const RESERVED: [&str; 5] = ["id", "_id", "workspace_id", "workflow_id", "date_text"];

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
        if let Some(name) = RESERVED.iter().find(|name| fields.contains_key(**name)) {
            return Err(format!("`{name}` is set by the server; leave it out"));
        }
        check_fields(&fields, 1)?;
        let message = take_text(&mut fields, "message")?
            .ok_or("`message` is missing; it is the text of the line")?;
        let level = take_text(&mut fields, "level")?.unwrap_or_else(|| "INFO".to_owned());
        if !LEVELS.contains(&level.as_str()) {
            return Err(format!("`level` is {level:?}; it is one of {}", LEVELS.join(", ")));
        }
        let kind = take_text(&mut fields, "type")?.unwrap_or_else(|| "log".to_owned());
        let date = match take_text(&mut fields, "date")? {
            None => now,
            Some(text) => text.parse().map_err(|_| {
                format!("`date` is {text:?}; write it like 2025-09-22T08:54:01.123Z")
            })?,
        };
        Ok(Self { date, level, kind, message, more: fields })
    }

    /// The row as clients see it, once the store has given it `id`.
    pub fn stored(&self, id: &str, workspace: &str, workflow: &str) -> Row {
        let date = self.date.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let date_text = self.date.strftime("%b %d %Y at %I:%M %p").to_string();
        let known = [
            ("id", id),
            ("workspace_id", workspace),
            ("workflow_id", workflow),
            ("date", &date),
            ("date_text", &date_text),
            ("level", &self.level),
            ("type", &self.kind),
            ("message", &self.message),
        ];
        let known = known.map(|(name, text)| (name.to_owned(), Value::from(text)));
        let mut fields = Map::from_iter(known);
        fields.extend(self.more.clone());
        Row::new(Value::Object(fields).to_string(), Some(self.date.as_millisecond()))
    }
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
