//! The events that say something of the stream itself, which a browser could not read otherwise.

use std::time::Duration;

use crate::follow::Reset;
use crate::wire::{Encoded, Event, EventId, EventType};

const START: EventType = EventType::from_static("start");
const SYNC: EventType = EventType::from_static("sync");
const RESET: EventType = EventType::from_static("reset");
const STATUS: EventType = EventType::from_static("status");
const DRAIN: EventType = EventType::from_static("drain");

/// What `start` is to say; taken when it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Began {
    Fresh,
    Resumed,
    BadId,
    Said,
}

/// How the stream began, and how often it shows that it is alive, so that a client can tell when
/// it is not.
pub(super) fn start(resumed: bool, reset: Option<Reset>, heartbeat: Option<Duration>) -> Encoded {
    let (reset, heartbeat) = (reset_or_null(reset), milliseconds_or_null(heartbeat));
    let data = format!("{{\"resumed\":{resumed},\"reset\":{reset},\"heartbeat_ms\":{heartbeat}}}");
    Event::new(data).event_type(START).into()
}

/// How a stream of several logs began: each by its name, and the names of those that are not there.
pub(super) fn start_of<'n>(
    began: impl Iterator<Item = (&'n str, (bool, Option<Reset>))>,
    unknown: impl Iterator<Item = &'n str>,
    heartbeat: Option<Duration>,
) -> Encoded {
    let (mut all_resumed, mut first) = (true, None);
    let logs = began.map(|(name, (resumed, reset))| {
        all_resumed &= resumed;
        first = first.or(reset);
        let reset = reset_or_null(reset);
        format!("\"{name}\":{{\"resumed\":{resumed},\"reset\":{reset}}}")
    });
    let logs = logs.collect::<Vec<_>>().join(",");
    let unknown = unknown.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",");
    let (reset, heartbeat) = (reset_or_null(first), milliseconds_or_null(heartbeat));
    let data = format!(
        "{{\"resumed\":{all_resumed},\"reset\":{reset},\"heartbeat_ms\":{heartbeat},\
         \"logs\":{{{logs}}},\"unknown\":[{unknown}]}}"
    );
    Event::new(data).event_type(START).into()
}

fn reset_or_null(reset: Option<Reset>) -> String {
    reset.map_or("null".to_owned(), |reset| format!("\"{}\"", reset.as_str()))
}

fn milliseconds_or_null(time: Option<Duration>) -> String {
    time.map_or("null".to_owned(), |time| time.as_millis().to_string())
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

/// Whether anything new can come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    #[default]
    Available,
    /// The source does not answer, or not now.
    Unavailable,
    /// The source does not answer until somebody acts.
    NeedsAction,
    /// The source does not take what this stream asks for.
    Refused,
    /// The driver of the log does not run.
    NotStarted,
    /// The driver of the log is gone.
    Stopped,
}

/// Tells a client whether anything new can come.
pub(super) fn status(status: Status) -> Encoded {
    let data = match status {
        Status::Available => r#"{"source":"ok","message":"the log's source can be read again"}"#,
        Status::Unavailable => {
            r#"{"source":"unavailable","message":"the log's source cannot be read at the moment; new records follow as soon as it can"}"#
        }
        Status::NeedsAction => {
            r#"{"source":"failed","message":"the log's source cannot be read until somebody who runs the server has acted, whose log says on what; new records follow then"}"#
        }
        Status::Refused => {
            r#"{"source":"failed","message":"the log's source does not take what this stream asks for, and is not asked again; no records come on this stream"}"#
        }
        Status::NotStarted => {
            r#"{"source":"unavailable","message":"the server has not begun to read the log; new records follow when it does"}"#
        }
        Status::Stopped => {
            r#"{"source":"unavailable","message":"the server has stopped reading the log; no new records come on this stream"}"#
        }
    };
    Event::new(data).event_type(STATUS).into()
}

/// The server shuts down; the client is to come back after `retry`.
pub(super) fn drain(retry: Duration) -> Encoded {
    Event::new("{}").event_type(DRAIN).retry(retry).into()
}
