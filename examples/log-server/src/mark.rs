//! What a row can be found by.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::access::RowRules;
use crate::level::Level;
use crate::ruled::Ruled;

/// How much of a message is looked at when one is searched for, in bytes.
const SEARCHED: usize = 16 * 1024;

/// What of a row it can be found by: where in its JSON that stands, which is kept once for this and
/// for the event that shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub(crate) json: Bytes,
    /// Whether the JSON is kept for the mark alone.
    pub(crate) alone: bool,
    pub(crate) level: Option<Level>,
    pub(crate) kind: Part,
    pub(crate) message: Part,
    pub(crate) date: Option<i64>,
    /// What rules look at, if there are any.
    pub(crate) ruled: Option<Arc<Ruled>>,
}

/// A text of a row; of what is no text, its JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It stands in the row as it is.
    Within {
        /// Behind so many bytes.
        start: u32,
        /// So many bytes.
        length: u32,
    },
    /// The row has escapes for some of it.
    Apart(Box<str>),
}

impl Default for Part {
    fn default() -> Self {
        Self::Within { start: 0, length: 0 }
    }
}

impl Part {
    /// A text that was read from `json`, and may be a part of it.
    pub(crate) fn new(json: &str, text: &str) -> Self {
        let start = (text.as_ptr() as usize).checked_sub(json.as_ptr() as usize);
        let within = start.filter(|start| json.get(*start..start + text.len()) == Some(text));
        match (within.map(u32::try_from), u32::try_from(text.len())) {
            (Some(Ok(start)), Ok(length)) => Self::Within { start, length },
            _ => Self::Apart(text.into()),
        }
    }

    fn of<'a>(&'a self, json: &'a [u8]) -> &'a str {
        match self {
            Self::Within { start, length } => {
                let (start, length) = (*start as usize, *length as usize);
                let text = json.get(start..start + length).unwrap_or_default();
                // It was a part of a text.
                str::from_utf8(text).unwrap_or_default()
            }
            Self::Apart(text) => text,
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Within { .. } => 0,
            Self::Apart(text) => text.len(),
        }
    }
}

/// As much of a message as is looked at.
pub(crate) fn searched(message: Cow<'_, str>) -> Cow<'_, str> {
    if message.len() <= SEARCHED {
        return message;
    }
    let mut end = SEARCHED;
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    match message {
        Cow::Borrowed(message) => message[..end].into(),
        Cow::Owned(mut message) => {
            message.truncate(end);
            message.into()
        }
    }
}

impl Mark {
    /// The row's type.
    pub(crate) fn kind(&self) -> &str {
        self.kind.of(&self.json)
    }

    /// As much of what the row says as is looked at.
    pub(crate) fn message(&self) -> &str {
        self.message.of(&self.json)
    }

    /// The row.
    pub(crate) fn json(&self) -> &str {
        str::from_utf8(&self.json).unwrap_or_default()
    }

    /// Whether the row is one that these rules show.
    pub(crate) fn meets(&self, rules: &RowRules) -> bool {
        let meets = |rule| self.ruled.as_ref().is_some_and(|ruled| ruled.meet(rule));
        rules.0.iter().all(meets)
    }

    /// How many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        let ruled = self.ruled.as_ref().map_or(0, |ruled| ruled.weight());
        let json = if self.alone { self.json.len() } else { 0 };
        size_of_val(self) + json + self.kind.weight() + self.message.weight() + ruled
    }
}
