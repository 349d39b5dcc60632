//! One outgoing event: its fields, checked once and infallible after.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use memchr::{memchr2, memchr3};

/// An event to be written to a stream ([HTML, section 9.2.5][parsing] names the fields).
///
/// Data and comments may hold any text, line breaks included; id and type are checked when
/// they are made, so writing an event cannot fail.
///
/// ```
/// use sse_core::{Event, EventId, Frame};
///
/// let event = Event::new("two\nlines").id(EventId::new("7")?);
/// assert_eq!(Frame::from(&event).as_ref(), b"id: 7\ndata: two\ndata: lines\n\n");
/// # Ok::<(), sse_core::InvalidField>(())
/// ```
///
/// [parsing]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "event type is the standard's name")]
pub struct Event<'a> {
    pub(crate) comment: Option<Cow<'a, str>>,
    pub(crate) retry: Option<Duration>,
    pub(crate) event_type: Option<Cow<'a, str>>,
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) data: Option<Cow<'a, str>>,
}

impl<'a> Event<'a> {
    /// An event with `data`, which a browser hands to `onmessage` unless it is given a type.
    #[inline]
    pub fn new(data: impl Into<Cow<'a, str>>) -> Self {
        Self { data: Some(data.into()), ..Self::default() }
    }

    /// A block without data, for a comment, a reconnection time or an id alone: a browser
    /// dispatches nothing for it.
    #[inline]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Sets the data; without it, the event is a block that dispatches nothing.
    #[inline]
    pub fn data(mut self, data: impl Into<Cow<'a, str>>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Sets the id, which the client keeps as its last event ID and sends when it reconnects.
    #[inline]
    pub fn id(mut self, id: EventId) -> Self {
        self.id = Some(id.0.into_string().into());
        self
    }

    /// Sets the id to text that is checked here and borrowed: nothing is allocated.
    ///
    /// # Errors
    ///
    /// Those of [`EventId::new`].
    #[inline]
    pub fn try_id(mut self, id: &'a str) -> Result<Self, InvalidField> {
        check_id(id)?;
        self.id = Some(id.into());
        Ok(self)
    }

    /// Sets the type, for which a browser's `addEventListener` listens.
    #[inline]
    pub fn event_type(mut self, event_type: EventType) -> Self {
        self.event_type = Some(event_type.0);
        self
    }

    /// Sets the type to text that is checked here and borrowed: nothing is allocated.
    ///
    /// # Errors
    ///
    /// Those of [`EventType::new`].
    #[inline]
    pub fn try_event_type(mut self, event_type: &'a str) -> Result<Self, InvalidField> {
        check_event_type(event_type)?;
        self.event_type = Some(event_type.into());
        Ok(self)
    }

    /// Sets how long a client waits before it reconnects; written in whole milliseconds.
    #[inline]
    pub fn retry(mut self, reconnection_time: Duration) -> Self {
        self.retry = Some(reconnection_time);
        self
    }

    /// Adds a comment, written before the fields; a client ignores it.
    #[inline]
    pub fn comment(mut self, text: impl Into<Cow<'a, str>>) -> Self {
        self.comment = Some(text.into());
        self
    }
}

/// An id that a stream can carry: text without NUL, CR or LF.
///
/// ```
/// use sse_core::EventId;
///
/// assert_eq!(EventId::new("41-7")?.as_str(), "41-7");
/// assert!(EventId::new("a\nb").is_err());
/// # Ok::<(), sse_core::InvalidField>(())
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
        check_id(&id)?;
        Ok(Self(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An event type that a stream can carry: text without CR or LF.
///
/// ```
/// use sse_core::EventType;
///
/// const DONE: EventType = EventType::from_static("done");
/// assert_eq!(EventType::new("done")?, DONE);
/// # Ok::<(), sse_core::InvalidField>(())
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
        check_event_type(&event_type)?;
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

#[inline]
fn check_id(id: &str) -> Result<(), InvalidField> {
    check("event id", id, memchr3(b'\0', b'\r', b'\n', id.as_bytes()))
}

#[inline]
fn check_event_type(event_type: &str) -> Result<(), InvalidField> {
    check("event type", event_type, memchr2(b'\r', b'\n', event_type.as_bytes()))
}

#[inline]
fn check(field: &'static str, value: &str, invalid: Option<usize>) -> Result<(), InvalidField> {
    match invalid {
        None => Ok(()),
        Some(at) => Err(InvalidField { field, byte: value.as_bytes()[at], at }),
    }
}

/// A field that no stream can carry, since a client would read something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidField {
    field: &'static str,
    byte: u8,
    at: usize,
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.byte {
            0 => "NUL",
            b'\r' => "a carriage return",
            _ => "a line feed",
        };
        write!(f, "the {} holds {name} at byte {}; remove it", self.field, self.at)
    }
}

impl std::error::Error for InvalidField {}
