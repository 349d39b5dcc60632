//! A line of a workflow's log, as it is written and as it is read.

mod date;
mod id;
mod number;
mod posted;
mod shown;
mod writer;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use gapless_sse_core::follow::Record;
use gapless_sse_core::{Encoded, Event};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::Text;
pub use crate::level::LEVELS;
use crate::level::Level;
pub use crate::mark::Mark;
use crate::mark::{Part, searched};
use crate::ruled::Ruled;
use crate::search::Search;
pub(crate) use id::Ids;
pub use posted::NewRow;
pub(crate) use posted::{check_id, with_id};
pub(crate) use shown::Shown;
pub use writer::Writer;

/// A stored row as clients see it: one JSON object on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// It is text.
    json: Bytes,
    date: Option<i64>,
    ruled: Option<Arc<Ruled>>,
}

impl Row {
    /// The row that `json` is, and its date in milliseconds since 1970, if it has one.
    pub fn new(json: impl Into<Box<str>>, date: Option<i64>) -> Self {
        Self { json: json.into().into_boxed_bytes().into(), date, ruled: None }
    }

    /// The same, of which rules may look at this.
    pub(crate) fn ruled_by(self, ruled: Option<Arc<Ruled>>) -> Self {
        Self { ruled, ..self }
    }

    /// Its id, as text.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        let id = crate::json::at(self.json(), "id")?;
        Some(serde_json::from_str(id).map_or(Cow::Borrowed(id), |Text(id)| id))
    }

    /// The row as JSON.
    pub fn json(&self) -> &str {
        str::from_utf8(&self.json).unwrap_or_default()
    }

    fn mark_in(&self, json: Bytes, alone: bool) -> Mark {
        let (date, ruled) = (self.date, self.ruled.clone());
        let mark = Mark { json, alone, date, ruled, ..Mark::default() };
        let row = self.json();
        let Ok(Searched { level, kind, message }) = serde_json::from_str(row) else { return mark };
        let level = level.and_then(|level| Level::of(&text(level)));
        let kind = Part::new(row, &kind.map(text).unwrap_or_default());
        let message = Part::new(row, &searched(message.map(text).unwrap_or_default()));
        Mark { level, kind, message, ..mark }
    }
}

/// What of a row it can be found by, as it stands in the row. Of fields that are there twice, it is
/// the last, as it is for JavaScript.
#[derive(Default)]
struct Searched<'a> {
    level: Option<&'a RawValue>,
    kind: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Searched<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Searched<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Searched<'de>, A::Error> {
        let mut searched = Searched::default();
        while let Some(Text(name)) = fields.next_key()? {
            match &*name {
                "level" => searched.level = fields.next_value()?,
                "type" => searched.kind = fields.next_value()?,
                "message" => searched.message = fields.next_value()?,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(searched)
    }
}

impl Record for Row {
    type Filter = Search;

    fn event(&self) -> Event<'_> {
        Event::new(self.json())
    }

    fn mark(&self) -> Mark {
        self.mark_in(self.json.clone(), true)
    }

    fn mark_beside(&self, event: &Encoded) -> Mark {
        match event.data() {
            // A row of several lines is several lines of data.
            Some(data) if data.len() == self.json.len() => self.mark_in(data, false),
            _ => self.mark(),
        }
    }
}

fn text(value: &RawValue) -> Cow<'_, str> {
    let text = serde_json::from_str(value.get()).map(|Text(text)| text);
    text.unwrap_or(Cow::Borrowed(value.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_keeps_nothing_that_the_event_has() {
        let shared = |json: &str| {
            let row = Row::new(json, None);
            let frame = Encoded::from(
                row.event().event_type(gapless_sse_core::EventType::from_static("late")),
            );
            let mark = row.mark_beside(&frame);
            assert_eq!(
                (mark.json(), mark.message(), mark.kind()),
                (json, row.mark().message(), row.mark().kind())
            );
            mark.weight() - size_of::<Mark>()
        };
        let long = "x".repeat(5000);
        assert_eq!(shared(&format!(r#"{{"message":"{long}","type":"{long}","level":"INFO"}}"#)), 0);
        // What is written in escapes is kept apart, and so is a row of several lines.
        assert_eq!(shared(&format!(r#"{{"message":"\n{long}","type":"a"}}"#)), 5001);
        assert_eq!(shared("{\n\"message\":\"a\"}"), 16);
    }

    #[test]
    fn a_row_with_a_field_twice_is_found_by_the_last_of_them() {
        let json = r#"{"level":"INFO","message":"a","type":"x","more":1,"more":2,
            "level":"ERROR","message":"b","typ\u0065":"y"}"#;
        let mark = Row::new(json, Some(7)).mark();
        assert_eq!((mark.level, mark.message(), mark.kind()), (Level::of("ERROR"), "b", "y"));
        assert_eq!(mark.date, Some(7));
    }
}
