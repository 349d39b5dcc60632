//! An event type that a stream can carry.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use memchr::memchr2;

use super::invalid_field::{InvalidField, check};

/// An event type that a stream can carry: text without CR or LF.
///
/// ```
/// use gapless_sse_core::EventType;
///
/// const DONE: EventType = EventType::from_static("done");
/// assert_eq!(EventType::new("done")?, DONE);
/// # Ok::<(), gapless_sse_core::InvalidField>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventType(Cow<'static, str>);

impl EventType {
    /// Checks `event_type`. The empty type is valid: clients read it as `message`.
    ///
    /// # Errors
    ///
    /// When `event_type` holds CR or LF, which would end the field.
    pub fn new(event_type: impl Into<Cow<'static, str>>) -> Result<Self, InvalidField> {
        let event_type = event_type.into();
        check("event type", &event_type, memchr2(b'\r', b'\n', event_type.as_bytes()))?;
        Ok(Self(event_type))
    }

    /// A type known when the program is compiled.
    ///
    /// # Panics
    ///
    /// When `event_type` holds CR or LF; in a constant, that is an error of compilation.
    pub const fn from_static(event_type: &'static str) -> Self {
        let bytes = event_type.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            assert!(bytes[at] != b'\r' && bytes[at] != b'\n', "an event type holds a line break");
            at += 1;
        }
        Self(Cow::Borrowed(event_type))
    }

    /// The type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for EventType {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EventType {
    type Err = InvalidField;

    fn from_str(event_type: &str) -> Result<Self, InvalidField> {
        Self::new(event_type.to_owned())
    }
}

impl TryFrom<&str> for EventType {
    type Error = InvalidField;

    fn try_from(event_type: &str) -> Result<Self, InvalidField> {
        Self::new(event_type.to_owned())
    }
}

impl TryFrom<String> for EventType {
    type Error = InvalidField;

    fn try_from(event_type: String) -> Result<Self, InvalidField> {
        Self::new(event_type)
    }
}
