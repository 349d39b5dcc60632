//! What a stream holds, lent by the parser that reads it.

use std::time::Duration;

/// Something a stream holds, in the order it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An event, at the blank line that ends it.
    Event(Message<'a>),
    /// A comment, such as a heartbeat, at the end of its line; without one leading space.
    Comment(&'a str),
    /// The reconnection time that holds from now on, at the end of its line.
    Retry(Duration),
}

/// An event that was received, as a browser hands it to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The event type; `message` where the stream gives none.
    pub event_type: &'a str,
    /// The data, its lines joined with line feeds.
    pub data: &'a str,
    /// The last event ID: of this event, or of the last before it that had one; else empty.
    pub last_event_id: &'a str,
}
