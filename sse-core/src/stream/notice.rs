//! The events that say something of the stream itself, which a browser could not read otherwise.

use std::time::Duration;

use crate::follow::Reset;
use crate::wire::{Encoded, Event, EventId, EventType};

const START: EventType = EventType::from_static("start");
const SYNC: EventType = EventType::from_static("sync");
const RESET: EventType = EventType::from_static("reset");
const STATUS: EventType = EventType::from_static("status");
const DRAIN: EventType = EventType::from_static("drain");

/// How the stream began, and how often it shows that it is alive, so that a client can tell when
/// it is not.
pub(super) fn start(resumed: bool, reset: Option<Reset>, heartbeat: Option<Duration>) -> Encoded {
    let reset = reset.map_or("null".to_owned(), |reset| format!("\"{}\"", reset.as_str()));
    let heartbeat = heartbeat.map_or("null".to_owned(), |time| time.as_millis().to_string());
    let data = format!("{{\"resumed\":{resumed},\"reset\":{reset},\"heartbeat_ms\":{heartbeat}}}");
    Event::new(data).event_type(START).into()
}

/// A fresh position. Its data keeps clients from ignoring a block that has only an id.
pub(super) fn sync(id: EventId) -> Encoded {
    Event::new("{}").event_type(SYNC).event_id(id).into()
}

/// What the client has is void; what follows is history anew. The empty id clears its last one.
pub(super) fn reset(reset: Reset) -> Encoded {
    let data = format!("{{\"reason\":\"{}\"}}", reset.as_str());
    Event::new(data).event_type(RESET).event_id(EventId::default()).into()
}

/// Whether the source of the log can be reached.
pub(super) fn status(unavailable: bool) -> Encoded {
    let data = if unavailable {
        r#"{"source":"unavailable","message":"the log's database cannot be reached at the moment; new lines follow as soon as it can"}"#
    } else {
        r#"{"source":"ok","message":"the log's database can be reached again"}"#
    };
    Event::new(data).event_type(STATUS).into()
}

/// The server shuts down; the client is to come back after `retry`.
pub(super) fn drain(retry: Duration) -> Encoded {
    Event::new("{}").event_type(DRAIN).retry(retry).into()
}
