//! How much an unfinished line or event may hold, so that no stream exhausts memory.

use std::fmt;

/// What a [`Parser`](crate::Parser) accepts, in bytes.
///
/// A parser holds one begun line and one begun event at a time, and the last event ID. What it
/// allocates stays in proportion to both limits, whatever a server sends and for how long.
///
/// ```
/// use gapless_sse_core::{Limits, Parser};
///
/// let parser = Parser::with_limits(Limits { line: 64 * 1024, ..Limits::default() });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line, without its end; 1 MiB by default. Comments and unknown fields are
    /// lines as well.
    pub line: usize,
    /// The largest event: its data with one byte for each line's end, its type and its id
    /// together, as UTF-8; 4 MiB by default, and never more than [`LARGEST_EVENT`].
    ///
    /// [`LARGEST_EVENT`]: Self::LARGEST_EVENT
    pub event: usize,
}

impl Limits {
    /// The largest event that any limit lets pass, in bytes: a little less than 4 GiB.
    pub const LARGEST_EVENT: usize = u32::MAX as usize - 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 1024 * 1024, event: 4 * 1024 * 1024 }
    }
}

/// A stream that holds more than [`Limits`] accept.
///
/// The events before it have been reported. The rest of the stream cannot be read: give it up,
/// or read it anew with a higher limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitExceeded {
    /// A line is longer than [`Limits::line`].
    Line {
        /// The line's number in the stream, from 1.
        at: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// An event is larger than [`Limits::event`].
    Event {
        /// The number of the line that is too much, from 1.
        at: u64,
        /// The limit in bytes.
        limit: usize,
    },
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { at, limit } => {
                write!(f, "line {at} is longer than the line limit of {limit} bytes")
            }
            Self::Event { at, limit } => {
                write!(f, "the event at line {at} is larger than the event limit of {limit} bytes")
            }
        }
    }
}

impl std::error::Error for LimitExceeded {}
