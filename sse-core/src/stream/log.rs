//! A log that is followed: one source, one hub, any number of streams.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::follow::Follow;
use super::lane::Lanes;
use crate::follow::{
    FilterOf, Frontier, History, HistoryQuery, Hub, Page, Reset, ResumePath, Scope, Seal,
    SortOrder, Source,
};
use crate::wire::EventId;

/// One log and everything that follows it.
///
/// Spawn [`run`](Self::run) once: it reads the changes of the source and hands them to all
/// streams. [`follow`](Self::follow) gives the events of one stream, for an
/// [`EventStream`](crate::EventStream) to make a response of. [`page`](Self::page) reads history,
/// with a position from which a stream goes on.
pub struct Log<S: Source>(pub(super) Arc<Inner<S>>);

pub(super) struct Inner<S: Source> {
    pub(super) source: S,
    pub(super) seal: Seal,
    pub(super) options: LogOptions,
    pub(super) hub: Hub<S::Position, FilterOf<S>>,
    pub(super) counters: Counters,
    pub(super) lanes: Lanes<S::Position, FilterOf<S>>,
    pub(super) max_snapshot_refreshes: Semaphore,
}

/// How a [`Log`] is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// How many bytes of encoded events are kept in memory; 64 MiB by default.
    pub ring_bytes: usize,
    /// How many bytes of encoded events are kept for those who have missed more than that, for
    /// each of the two lanes in which the source is read for all of them; 8 MiB by default.
    pub lane_bytes: usize,
    /// How many streams may bring the history that they have up to date at the same time, because
    /// its snapshot has gone; the others wait for their turn. 4 by default.
    pub max_snapshot_refreshes: usize,
    /// When the server shuts down, clients come back within this time, each at a moment of its
    /// own; 2 s by default.
    pub drain: Duration,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            ring_bytes: 64 * 1024 * 1024,
            lane_bytes: 8 * 1024 * 1024,
            max_snapshot_refreshes: 4,
            drain: Duration::from_secs(2),
        }
    }
}

/// Where a stream begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowOptions {
    /// The id of the last event that the client has, as it sent it.
    pub after: Option<String>,
    /// The history that a client is given which has no id.
    pub history: History,
}

/// A page of history, and where a stream goes on from it.
#[derive(Debug)]
pub struct LogPage<S: Source> {
    /// The records, in the order that was asked for.
    pub records: Vec<S::Record>,
    /// The cursor of the next page, if there may be one. A page that has less than was asked for
    /// and yet a next one is of a filter that leaves out much: the source has stopped looking.
    pub next: Option<EventId>,
    /// Up to where was read, if there is a next page.
    pub more_after: Option<S::Key>,
    /// How many records were looked at.
    pub scanned: usize,
    /// A stream after this id delivers exactly what the snapshot of this page did not hold.
    pub stream_position: EventId,
}

/// Why a page could not be read.
#[derive(Debug)]
pub enum PageError<E> {
    /// The cursor is none of ours, or of another log.
    Cursor,
    /// The source failed.
    Source(E),
}

impl<E: fmt::Display> fmt::Display for PageError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cursor => f.write_str(
                "the cursor is not one that this log has given out; begin again without it",
            ),
            Self::Source(_) => f.write_str("the log could not be read"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for PageError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Cursor => None,
            Self::Source(error) => Some(error),
        }
    }
}

impl<S: Source> Log<S> {
    /// Follows `source`; `seal` makes and checks the ids of events.
    pub fn new(source: S, seal: Seal, options: LogOptions) -> Self {
        Self(Arc::new(Inner {
            source,
            seal,
            hub: Hub::new(options.ring_bytes),
            counters: Counters::default(),
            lanes: Lanes::new(options.lane_bytes),
            max_snapshot_refreshes: Semaphore::new(options.max_snapshot_refreshes.max(1)),
            options,
        }))
    }

    /// The source that is followed.
    pub fn source(&self) -> &S {
        &self.0.source
    }

    /// The events of one stream.
    pub fn follow(&self, scope: Scope<FilterOf<S>>, begin: FollowOptions) -> Follow<S> {
        Follow::new(self, scope, begin)
    }

    /// Reads a page of history beyond `cursor`.
    ///
    /// # Errors
    ///
    /// [`PageError::Cursor`] when the cursor is not one of ours, [`PageError::Source`] when the
    /// source fails.
    pub async fn page(
        &self,
        scope: &Scope<FilterOf<S>>,
        cursor: Option<&str>,
        order: SortOrder,
        limit: usize,
    ) -> Result<LogPage<S>, PageError<S::Error>> {
        let Inner { source, seal, .. } = &*self.0;
        let epoch = source.epoch().await.map_err(PageError::Source)?;
        let after = cursor.map(|cursor| match seal.open::<S::Position, S::Key>(cursor, scope) {
            Some((of, Frontier::History { after, .. })) if of == epoch => Ok(after),
            _ => Err(PageError::Cursor),
        });
        let query = HistoryQuery { as_of: None, after: after.transpose()?, order, limit };
        let Page { as_of, entries, more_after, scanned } =
            source.history(scope, query).await.map_err(PageError::Source)?;
        let next = more_after.as_ref().map(|after| {
            let frontier = Frontier::History { as_of: as_of.clone(), after: after.clone() };
            seal.seal(epoch, &frontier, scope)
        });
        Ok(LogPage {
            next,
            more_after,
            scanned,
            stream_position: seal.seal_live(epoch, &as_of, scope.space()),
            records: entries.into_iter().map(|entry| entry.record).collect(),
        })
    }

    /// Ends every stream, now and from now on, so that the server can shut down. Each client is
    /// told to come back at a moment of its own; it loses nothing.
    pub fn drain(&self) {
        self.0.hub.drain();
    }

    /// What has happened so far.
    pub fn stats(&self) -> LogStats {
        let mut stats = self.0.counters.stats(self.0.hub.readers());
        (stats.lanes, stats.catching_up) = self.0.lanes.load();
        stats
    }
}

impl<S: Source> Clone for Log<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Source + fmt::Debug> fmt::Debug for Log<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("source", &self.0.source).finish_non_exhaustive()
    }
}

/// What has happened to the streams of a log since it began.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogStats {
    /// Streams that are open now.
    pub open: usize,
    /// Streams that came without a position.
    pub fresh: u64,
    /// Streams that went on from the ring, from catching up, and within history.
    pub resumed: [(ResumePath, u64); 3],
    /// How often a stream was slower than the ring and went back to the source.
    pub lagged: u64,
    /// Streams that started over, by reason.
    pub resets: [(Reset, u64); 4],
    /// Records that were published to the ring in their order.
    pub published: u64,
    /// Records that came too late for their place and were published all the same.
    pub late: u64,
    /// Lanes that read the source at the moment, for streams that have missed too much: two at
    /// most.
    pub lanes: usize,
    /// Streams that such lanes bring up to date.
    pub catching_up: usize,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) fresh: AtomicU64,
    pub(super) lagged: AtomicU64,
    pub(super) published: AtomicU64,
    pub(super) late: AtomicU64,
    resumed: [AtomicU64; 3],
    resets: [AtomicU64; 4],
}

impl Counters {
    pub(super) fn resumed(&self, path: ResumePath) {
        self.resumed[path as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn reset(&self, reset: Reset) {
        self.resets[reset as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn stats(&self, open: usize) -> LogStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LogStats {
            open,
            fresh: read(&self.fresh),
            resumed: ResumePath::ALL.map(|path| (path, read(&self.resumed[path as usize]))),
            lagged: read(&self.lagged),
            resets: Reset::ALL.map(|reset| (reset, read(&self.resets[reset as usize]))),
            published: read(&self.published),
            late: read(&self.late),
            lanes: 0,
            catching_up: 0,
        }
    }
}
