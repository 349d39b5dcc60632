//! What a stream holds, to be kept: text shared with the chunk in which it arrived.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrayvec::ArrayString;
use bytes::Bytes;
use bytestring::ByteString;

use super::span::Span;

/// Up to this length in bytes, the fields of an event are copied into it: that takes less time than
/// counting a reference, and keeps no chunk. It is as much as fits where longer events have their
/// spans.
const SHORT: usize = 68;

/// Something a stream holds, as [`Item`](crate::Item), to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// An event, at the blank line that ends it.
    Event(ReceivedEvent),
    /// A comment, such as a heartbeat, at the end of its line; without one leading space.
    Comment(String),
    /// The reconnection time that holds from now on, at the end of its line.
    Retry(Duration),
}

/// An event that was received, as [`Message`](crate::Message), to be kept.
///
/// An event whose data, type and last event ID take up to 68 bytes together holds them itself. A
/// longer one that arrived within one chunk shares the chunk's memory, at the cost of one
/// reference; one that is joined from several chunks or several lines of data has memory of its
/// own. A clone is a copy of the former, a reference to the latter.
///
/// So one event that is not short keeps its whole chunk alive, which is some 16 KiB from most
/// clients. That does not matter to an event that is handled and dropped; [`detach`](Self::detach)
/// one that is kept for long.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use gapless_sse_core::{EventReader, Received};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let chunks = stream::iter([Ok::<_, ()>(&b"event: done\nid: 41\ndata: 212,000 rows\n\n"[..])]);
/// let mut reader = EventReader::new(chunks);
/// let Some(Ok(Received::Event(event))) = reader.next().await else { unreachable!() };
/// assert_eq!(event.event_type(), "done");
/// assert_eq!(event.data(), "212,000 rows");
/// assert_eq!(event.last_event_id(), "41");
/// # }
/// ```
#[derive(Clone)]
pub struct ReceivedEvent(Fields);

/// Where the fields of an event are.
#[derive(Clone)]
enum Fields {
    /// In the event itself: the data, the type and the last event ID.
    Short { text: ArrayString<SHORT>, data_end: u8, type_end: u8 },
    /// In the lines of the chunk, or in a text of their own.
    Shared {
        text: ByteString,
        data: Span,
        event_type: Span,
        /// The last event ID, unless it is the former.
        id: Span,
        former_id: Option<Arc<str>>,
    },
}

impl ReceivedEvent {
    /// The event type; `message` where the stream gives none.
    pub fn event_type(&self) -> &str {
        match self.own_type() {
            "" => "message",
            event_type => event_type,
        }
    }

    /// The data, its lines joined with line feeds.
    #[inline]
    pub fn data(&self) -> &str {
        match &self.0 {
            Fields::Short { text, data_end, .. } => &text[..usize::from(*data_end)],
            Fields::Shared { text, data, .. } => data.of(text),
        }
    }

    /// The last event ID: of this event, or of the last before it that had one; else empty.
    pub fn last_event_id(&self) -> &str {
        match &self.0 {
            Fields::Short { text, type_end, .. } => &text[usize::from(*type_end)..],
            Fields::Shared { former_id: Some(id), .. } => id,
            Fields::Shared { text, id, .. } => id.of(text),
        }
    }

    /// The data as bytes that share the event's memory, to send it on without a copy; that of a
    /// short event is copied.
    ///
    /// ```
    /// use gapless_sse_core::ReceivedEvent;
    ///
    /// fn payload(event: &ReceivedEvent) -> bytes::Bytes {
    ///     event.data_bytes()
    /// }
    /// ```
    pub fn data_bytes(&self) -> Bytes {
        match &self.0 {
            Fields::Short { .. } => Bytes::copy_from_slice(self.data().as_bytes()),
            Fields::Shared { text, data, .. } => text.as_bytes().slice(data.start()..data.end()),
        }
    }

    /// The data as a string of its own: copied, unless the event has memory of its own that nobody
    /// shares.
    ///
    /// ```
    /// use gapless_sse_core::{Received, ReceivedEvent};
    ///
    /// fn collect(received: Received, messages: &mut Vec<String>) {
    ///     if let Received::Event(event) = received {
    ///         messages.push(event.into_data());
    ///     }
    /// }
    /// ```
    pub fn into_data(self) -> String {
        match self.0 {
            // Taking the text copies all of it if it is shared.
            Fields::Shared { text, data: at, .. } if text.len() <= 2 * at.len() => {
                let mut data = String::from(text);
                data.truncate(at.end());
                data.drain(..at.start());
                data
            }
            _ => self.data().to_owned(),
        }
    }

    /// The event in memory of its own, no larger than the event: for one that is kept long after
    /// its chunk.
    ///
    /// ```
    /// use gapless_sse_core::ReceivedEvent;
    ///
    /// fn remember(latest: &mut Option<ReceivedEvent>, event: ReceivedEvent) {
    ///     *latest = Some(event.detach());
    /// }
    /// ```
    pub fn detach(self) -> Self {
        match &self.0 {
            Fields::Short { .. } => self,
            Fields::Shared { text, id, former_id, .. } => {
                Self::copied(self.data(), self.own_type(), id.of(text), former_id.clone())
            }
        }
    }

    /// The event type that the stream gives, if any.
    fn own_type(&self) -> &str {
        match &self.0 {
            Fields::Short { text, data_end, type_end } => {
                &text[usize::from(*data_end)..usize::from(*type_end)]
            }
            Fields::Shared { text, event_type, .. } => event_type.of(text),
        }
    }

    /// An event that holds its fields itself, if they are short.
    #[allow(clippy::cast_possible_truncation, reason = "what fits is shorter")]
    #[inline]
    pub(super) fn short(data: &str, event_type: &str, last_event_id: &str) -> Option<Self> {
        const { assert!(SHORT <= u8::MAX as usize) };
        let type_end = data.len() + event_type.len();
        if type_end + last_event_id.len() > SHORT {
            return None;
        }
        let mut text = ArrayString::new();
        text.try_push_str(data).ok()?;
        if !event_type.is_empty() {
            text.try_push_str(event_type).ok()?;
        }
        if !last_event_id.is_empty() {
            text.try_push_str(last_event_id).ok()?;
        }
        let (data_end, type_end) = (data.len() as u8, type_end as u8);
        Some(Self(Fields::Short { text, data_end, type_end }))
    }

    /// An event whose data and type lie in `text`.
    #[inline]
    pub(super) fn shared(
        text: ByteString,
        data: Span,
        event_type: Span,
        id: Span,
        former_id: Option<Arc<str>>,
    ) -> Self {
        Self(Fields::Shared { text, data, event_type, id, former_id })
    }

    /// An event of which nothing lies in a text that can be shared.
    pub(super) fn copied(
        data: &str,
        event_type: &str,
        id: &str,
        former_id: Option<Arc<str>>,
    ) -> Self {
        let mut text = String::with_capacity(data.len() + event_type.len() + id.len());
        let data = Span::appended(data, &mut text);
        Self::owned(text, data, event_type, id, former_id)
    }

    /// An event whose data lies in `text`, which takes the other fields in as well.
    pub(super) fn owned(
        mut text: String,
        data: Span,
        event_type: &str,
        id: &str,
        former_id: Option<Arc<str>>,
    ) -> Self {
        text.reserve_exact(event_type.len() + id.len());
        let event_type = Span::appended(event_type, &mut text);
        let id = Span::appended(id, &mut text);
        // What a string holds in reserve would last as long as the event.
        let text = ByteString::from(text.into_boxed_str());
        Self::shared(text, data, event_type, id, former_id)
    }
}

/// Two events are equal when a listener would see the same.
impl PartialEq for ReceivedEvent {
    fn eq(&self, other: &Self) -> bool {
        self.event_type() == other.event_type()
            && self.data() == other.data()
            && self.last_event_id() == other.last_event_id()
    }
}

impl Eq for ReceivedEvent {}

impl fmt::Debug for ReceivedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedEvent")
            .field("event_type", &self.event_type())
            .field("data", &self.data())
            .field("last_event_id", &self.last_event_id())
            .finish()
    }
}
