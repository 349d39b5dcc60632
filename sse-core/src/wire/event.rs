//! One outgoing event: its fields, checked once and infallible after.

use std::borrow::Cow;
use std::time::Duration;

use super::event_id::{EventId, EventIdRef};
use super::event_type::EventType;

/// An event to be written to a stream ([HTML, section 9.2.5][parsing] names the fields).
///
/// Data and comments may hold any text, line breaks included. Id and type are checked when they
/// are set, so writing an event cannot fail.
///
/// ```
/// use gapless_sse_core::{Encoded, Event};
///
/// let event = Event::new("two\nlines").event("note")?.id(7)?;
/// assert_eq!(
///     Encoded::from(&event).as_ref(),
///     b"event: note\nid: 7\ndata: two\ndata: lines\n\n"
/// );
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
    /// dispatches nothing for it. The same as [`default`](Self::default).
    #[inline]
    pub fn empty() -> Self {
        Self::default()
    }

    /// An event with `value` as JSON for its data.
    ///
    /// ```
    /// use gapless_sse_core::{Encoded, Event};
    ///
    /// let event = Event::json(["a", "b"])?;
    /// assert_eq!(Encoded::from(event).as_ref(), b"data: [\"a\",\"b\"]\n\n");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `value` does not serialise: a map with keys that are no text, or an error of its own.
    #[cfg(feature = "json")]
    pub fn json(value: impl serde::Serialize) -> Result<Self, serde_json::Error> {
        Self::default().json_data(value)
    }

    /// Sets the data; without it, the event is a block that dispatches nothing.
    #[inline]
    pub fn data(mut self, data: impl Into<Cow<'a, str>>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Sets the data to `value` as JSON; see [`json`](Self::json).
    ///
    /// # Errors
    ///
    /// When `value` does not serialise.
    #[cfg(feature = "json")]
    pub fn json_data(self, value: impl serde::Serialize) -> Result<Self, serde_json::Error> {
        Ok(self.data(serde_json::to_string(&value)?))
    }

    /// Sets the id, which the client keeps as its last event ID and sends when it reconnects, to
    /// text, a number or an [`EventId`].
    ///
    /// A stream may yield the result as it is: `Result<Event, _>` is an item like `Event`.
    ///
    /// ```
    /// use gapless_sse_core::Event;
    ///
    /// let Ok(numbered) = Event::new("x").id(7); // a number is always an id
    /// assert_eq!(numbered.fields().id, Some("7"));
    /// assert!(Event::new("x").id("two\nlines").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// When the text holds NUL, CR or LF; numbers and [`EventId`]s cannot fail.
    #[inline]
    pub fn id<I: TryInto<EventId>>(self, id: I) -> Result<Self, I::Error> {
        Ok(self.event_id(id.try_into()?))
    }

    /// Sets the id to one that was checked before; see [`id`](Self::id).
    #[inline]
    pub fn event_id(mut self, id: EventId) -> Self {
        self.id = Some(id.into_string().into());
        self
    }

    /// Sets the id to one that is borrowed; see [`id`](Self::id).
    #[inline]
    pub fn event_id_ref(mut self, id: EventIdRef<'a>) -> Self {
        self.id = Some(id.as_str().into());
        self
    }

    /// Sets the type, for which a browser's `addEventListener` listens.
    ///
    /// A type that is known when the program is compiled is better a constant, for
    /// [`event_type`](Self::event_type): it is checked then, and never copied.
    ///
    /// ```
    /// use gapless_sse_core::Event;
    ///
    /// assert_eq!(Event::new("x").event("note")?.fields().event_type, Some("note"));
    /// # Ok::<(), gapless_sse_core::InvalidField>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the text holds CR or LF.
    #[inline]
    pub fn event<T: TryInto<EventType>>(self, event_type: T) -> Result<Self, T::Error> {
        Ok(self.event_type(event_type.try_into()?))
    }

    /// Sets the type to one that was checked before; see [`event`](Self::event).
    ///
    /// ```
    /// use gapless_sse_core::{Event, EventType};
    ///
    /// const NOTE: EventType = EventType::from_static("note");
    /// assert_eq!(Event::new("x").event_type(NOTE).fields().event_type, Some("note"));
    /// ```
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

    /// Sets a comment, written before the fields; a client ignores it.
    #[inline]
    pub fn comment(mut self, text: impl Into<Cow<'a, str>>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// What was set.
    ///
    /// ```
    /// use gapless_sse_core::{Event, Fields};
    ///
    /// let event = Event::new("x").comment("why");
    /// let Fields { data, comment, id, .. } = event.fields();
    /// assert_eq!((data, comment, id), (Some("x"), Some("why"), None));
    /// ```
    pub fn fields(&self) -> Fields<'_> {
        Fields {
            comment: self.comment.as_deref(),
            retry: self.retry,
            event_type: self.event_type.as_ref().map(EventType::as_str),
            id: self.id.as_deref(),
            data: self.data.as_deref(),
        }
    }

    /// The same event, with nothing borrowed.
    ///
    /// ```
    /// use gapless_sse_core::Event;
    ///
    /// let line = String::from("x");
    /// let kept: Event<'static> = Event::new(&line).into_owned();
    /// ```
    pub fn into_owned(self) -> Event<'static> {
        let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Event {
            comment: owned(self.comment),
            retry: self.retry,
            event_type: self.event_type,
            id: owned(self.id),
            data: owned(self.data),
        }
    }
}

/// The fields of an [`Event`], as far as they were set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fields<'a> {
    /// The comment.
    pub comment: Option<&'a str>,
    /// The reconnection time.
    pub retry: Option<Duration>,
    /// The event type.
    pub event_type: Option<&'a str>,
    /// The id.
    pub id: Option<&'a str>,
    /// The data.
    pub data: Option<&'a str>,
}

/// As [`Event::new`].
impl<'a> From<&'a str> for Event<'a> {
    fn from(data: &'a str) -> Self {
        Self::new(data)
    }
}

/// As [`Event::new`].
impl From<String> for Event<'_> {
    fn from(data: String) -> Self {
        Self::new(data)
    }
}
