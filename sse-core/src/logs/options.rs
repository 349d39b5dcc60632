//! How a log is followed, and where a stream begins.

use std::time::Duration;

use crate::follow::History;
use crate::wire::EventId;

/// How a [`Log`](crate::Log) is followed.
///
/// ```
/// use std::time::Duration;
/// use gapless_sse_core::LogOptions;
///
/// let options = LogOptions::default().ring_bytes(8 << 20).drain(Duration::from_secs(5));
/// assert_eq!(options.catch_up_bytes, 8 << 20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogOptions {
    /// How many bytes of encoded events are kept in memory; 64 MiB by default.
    pub ring_bytes: usize,
    /// How many bytes of encoded events each of the two catch-ups keeps, which read the source for
    /// streams that have missed more than the ring holds; 8 MiB by default.
    pub catch_up_bytes: usize,
    /// How many bytes that were read from the source may wait to be sent, one half for streams and
    /// one for pages; 64 MiB by default. Who wants to read more waits until others have sent theirs;
    /// those whose filter leaves something out take half at most, as nobody knows how long they read.
    /// Besides, each stream within history holds the piece that it is sending: up to 512 KiB, or one
    /// record.
    pub unsent_bytes: usize,
    /// About how many bytes of records a page of [`Log::page`](crate::Log::page) has at most, and
    /// one record in any case; 1 MiB by default.
    pub page_bytes: usize,
    /// How many streams may bring the history that they have up to date at the same time, because
    /// its snapshot has gone; the others wait for their turn. 4 by default.
    pub max_snapshot_refreshes: usize,
    /// When the server shuts down, clients come back within this time, each at a moment of its
    /// own; 2 s by default.
    pub drain: Duration,
    /// Whether an event keeps the id that its [`Record`](crate::follow::Record) gives it, in place
    /// of the id of its position; `false` by default.
    ///
    /// A client then comes back with an id of the application, which finds the position and makes an
    /// id of it: [`Log::position_id`](crate::Log::position_id). What is lost: such an id does not
    /// say that a client was within history. So where history has another order than the log, a
    /// client that left in the middle of it misses the rest.
    pub record_ids: bool,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            ring_bytes: 64 * 1024 * 1024,
            catch_up_bytes: 8 * 1024 * 1024,
            unsent_bytes: 64 * 1024 * 1024,
            page_bytes: 1024 * 1024,
            max_snapshot_refreshes: 4,
            drain: Duration::from_secs(2),
            record_ids: false,
        }
    }
}

impl LogOptions {
    /// Sets [`ring_bytes`](Self::ring_bytes).
    pub fn ring_bytes(self, ring_bytes: usize) -> Self {
        Self { ring_bytes, ..self }
    }

    /// Sets [`catch_up_bytes`](Self::catch_up_bytes).
    pub fn catch_up_bytes(self, catch_up_bytes: usize) -> Self {
        Self { catch_up_bytes, ..self }
    }

    /// Sets [`unsent_bytes`](Self::unsent_bytes).
    pub fn unsent_bytes(self, unsent_bytes: usize) -> Self {
        Self { unsent_bytes, ..self }
    }

    /// Sets [`page_bytes`](Self::page_bytes).
    pub fn page_bytes(self, page_bytes: usize) -> Self {
        Self { page_bytes, ..self }
    }

    /// Sets [`max_snapshot_refreshes`](Self::max_snapshot_refreshes).
    pub fn max_snapshot_refreshes(self, max_snapshot_refreshes: usize) -> Self {
        Self { max_snapshot_refreshes, ..self }
    }

    /// Sets [`drain`](Self::drain).
    pub fn drain(self, drain: Duration) -> Self {
        Self { drain, ..self }
    }

    /// Sets [`record_ids`](Self::record_ids).
    pub fn record_ids(self, record_ids: bool) -> Self {
        Self { record_ids, ..self }
    }
}

/// Where a stream begins, and which events it has besides its records.
///
/// ```
/// use gapless_sse_core::follow::History;
/// use gapless_sse_core::{EventId, FollowOptions};
///
/// let last_event_id = Some(EventId::from(41));
/// let options = FollowOptions::new(History::Newest(10)).after(last_event_id);
/// assert!(options.start && options.sync);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FollowOptions {
    /// The id of the last event that the client has, as it sent it.
    pub after: Option<EventId>,
    /// The history that a client without an id is given.
    pub history: History,
    /// Whether the stream begins with a `start` event; `true` by default. Without it, a client does
    /// not learn whether it was resumed, nor how often to expect a heartbeat.
    pub start: bool,
    /// Whether the stream has `sync` events; `true` by default. Without them, a client has no id
    /// until a record brings one, and a quiet one keeps an old id: when it comes back, it is given
    /// history again, or told that the log no longer reaches back to its id.
    pub sync: bool,
}

impl Default for FollowOptions {
    /// A stream of new records only.
    fn default() -> Self {
        Self::new(History::Newest(0))
    }
}

impl FollowOptions {
    /// A stream whose client is given `history` if it has no id.
    pub fn new(history: History) -> Self {
        Self { after: None, history, start: true, sync: true }
    }

    /// Sets [`after`](Self::after), to an id or to what an adapter's extractor gives.
    pub fn after(self, last_event_id: Option<impl Into<EventId>>) -> Self {
        Self { after: last_event_id.map(Into::into), ..self }
    }

    /// Sets [`start`](Self::start).
    pub fn start(self, start: bool) -> Self {
        Self { start, ..self }
    }

    /// Sets [`sync`](Self::sync).
    pub fn sync(self, sync: bool) -> Self {
        Self { sync, ..self }
    }
}
