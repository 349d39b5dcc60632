//! What a reader of a hub is given and told.

use crate::follow::source::Fault;
use crate::wire::Encoded;

/// Where a position stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Located {
    /// In the ring: reading goes on right after it.
    Live,
    /// Some of what comes after it has left the ring: read the source.
    Behind,
}

/// What a reader was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RingRead<P> {
    /// One event, or several in one piece.
    Events {
        /// Their bytes; none when the filter has left all of them out.
        frame: Option<Encoded>,
        /// The position of the last of them.
        last: P,
    },
    /// Events of its own topics were evicted before they were read.
    Lagged,
    /// Its filter has panicked, with these words: it can read no further.
    Panicked(String),
}

/// What concerns every reader of a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The log was reached, or another life of it began: this is its epoch.
    Epoch(u32),
    /// The log cannot be read, for this reason, or can be again.
    Outage(Option<Fault>),
    /// Nothing more will be published.
    Stopped,
    /// The stream is to end.
    Drain,
}
