//! An id that a stream can carry.

use std::fmt;
use std::str::FromStr;

use memchr::memchr3;

use super::invalid_field::{InvalidField, check};

/// An id that a stream can carry: text without NUL, CR or LF.
///
/// ```
/// use gapless_sse_core::EventId;
///
/// assert_eq!(EventId::new("41-7")?.as_str(), "41-7");
/// assert!(EventId::new("a\nb").is_err());
/// # Ok::<(), gapless_sse_core::InvalidField>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventId(Box<str>);

impl EventId {
    /// Checks `id`. The empty id is valid: it clears the client's last event ID.
    ///
    /// # Errors
    ///
    /// When `id` holds NUL (a client would ignore it), CR or LF (they would end the field).
    pub fn new(id: impl Into<Box<str>>) -> Result<Self, InvalidField> {
        let id = id.into();
        EventIdRef::new(&id)?;
        Ok(Self(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as text that is owned.
    pub fn into_string(self) -> String {
        self.0.into_string()
    }
}

impl AsRef<str> for EventId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EventId {
    type Err = InvalidField;

    fn from_str(id: &str) -> Result<Self, InvalidField> {
        Self::new(id)
    }
}

impl TryFrom<&str> for EventId {
    type Error = InvalidField;

    fn try_from(id: &str) -> Result<Self, InvalidField> {
        Self::new(id)
    }
}

impl TryFrom<String> for EventId {
    type Error = InvalidField;

    fn try_from(id: String) -> Result<Self, InvalidField> {
        Self::new(id)
    }
}

impl From<EventIdRef<'_>> for EventId {
    fn from(id: EventIdRef<'_>) -> Self {
        Self(id.0.into())
    }
}

macro_rules! from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for EventId {
            fn from(number: $number) -> Self {
                Self(number.to_string().into_boxed_str())
            }
        }
    )*};
}

from_number!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

/// An id that a stream can carry, borrowed: to check and write one without an allocation.
///
/// ```
/// use gapless_sse_core::{Event, EventIdRef, encode};
///
/// let row = ("41-7", "x");
/// let mut buffer = Vec::new();
/// encode(&Event::new(row.1).event_id_ref(EventIdRef::new(row.0)?), &mut buffer);
/// assert_eq!(buffer, b"id: 41-7\ndata: x\n\n");
/// # Ok::<(), gapless_sse_core::InvalidField>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventIdRef<'a>(&'a str);

impl<'a> EventIdRef<'a> {
    /// Checks `id`, as [`EventId::new`] does.
    ///
    /// # Errors
    ///
    /// When `id` holds NUL, CR or LF.
    #[inline]
    pub fn new(id: &'a str) -> Result<Self, InvalidField> {
        check("event id", id, memchr3(b'\0', b'\r', b'\n', id.as_bytes()))?;
        Ok(Self(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

impl<'a> From<&'a EventId> for EventIdRef<'a> {
    fn from(id: &'a EventId) -> Self {
        Self(&id.0)
    }
}
