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
/// use gapless_sse_core::{Event, EventId, Encoded};
///
/// let event = Event::new("two\nlines").id(EventId::new("7")?);
/// assert_eq!(Encoded::from(&event).as_ref(), b"id: 7\ndata: two\ndata: lines\n\n");
/// # Ok::<(), gapless_sse_core::InvalidField>(())
/// ```
///
/// [parsing]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "event type is the standard's name")]
pub struct Event<'a> {
    pub(crate) comment: Option<Cow<'a, str>>,
    pub(crate) retry: Option<Duration>,
    pub(crate) event_type: Option<EventType>,
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

    /// Sets the id to one that is borrowed; see [`id`](Self::id).
    #[inline]
    pub fn id_ref(mut self, id: EventIdRef<'a>) -> Self {
        self.id = Some(id.0.into());
        self
    }

    /// Sets the type, for which a browser's `addEventListener` listens.
    #[inline]
    pub fn event_type(mut self, event_type: EventType) -> Self {
        self.event_type = Some(event_type);
        self
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
}

/// An id that a stream can carry, borrowed: to check and write one without an allocation.
///
/// ```
/// use gapless_sse_core::{Event, EventIdRef, encode};
///
/// let row = ("41-7", "x");
/// let mut buffer = Vec::new();
/// encode(&Event::new(row.1).id_ref(EventIdRef::new(row.0)?), &mut buffer);
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
}

impl<'a> From<&'a EventId> for EventIdRef<'a> {
    fn from(id: &'a EventId) -> Self {
        Self(&id.0)
    }
}

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
