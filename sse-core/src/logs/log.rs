//! A log that is followed: one source, one hub, any number of streams.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::budget::{HeldBytes, Reading};
use super::driver::LogDriver;
use super::follow::Follow;
use super::inner::{InUse, Inner, LogState};
use super::options::{FollowOptions, LogOptions};
use super::stats::LogStats;
use crate::follow::{
    Fault, FilterOf, Frontier, FrontierOf, HistoryQuery, Page, Scope, Seal, SortOrder, Source,
    SourceError, Topic,
};
use crate::wire::EventId;

/// One log and everything that follows it.
///
/// [`follow`](Self::follow) returns the events of one stream, for an
/// [`EventStream`](crate::EventStream) to make a response of. [`page`](Self::page) reads history,
/// with a position from which a stream goes on. A clone is the same log.
///
/// ```
/// use gapless_sse_core::follow::{Scope, Seal, Topic};
/// use gapless_sse_core::{Channel, Event, FollowOptions, Log, LogOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let lines = Channel::new(1_000);
/// let log = Log::spawn(lines.clone(), Seal::random(), LogOptions::default());
/// let options = FollowOptions::default().start(false);
/// let mut stream = log.follow(Scope::new("etl", ["orders"]), options);
/// assert!(stream.next().await.unwrap().as_ref().starts_with(b"event: sync"));
/// lines.publish(Topic::new("etl", "orders"), Event::new("a line"));
/// assert!(stream.next().await.unwrap().as_ref().ends_with(b"data: a line\n\n"));
/// # }
/// ```
pub struct Log<S: Source>(Arc<InUse<S>>);

/// A page of history, and where a stream goes on from it.
#[derive(Debug)]
#[non_exhaustive]
pub struct LogPage<S: Source> {
    /// The records, in the order that was asked for.
    pub records: Vec<S::Record>,
    /// What each of the records belongs to, in the same order.
    pub topics: Vec<Topic>,
    /// The cursor of the next page, if there may be one. A page that has less than was asked for
    /// and yet a next one is of a filter that leaves out much: the source has stopped looking.
    pub next: Option<EventId>,
    /// Up to where was read, if there is a next page.
    pub more_after: Option<S::Key>,
    /// How many records were looked at.
    pub scanned: usize,
    /// A stream after this id delivers exactly what the snapshot of the walk did not hold. It is
    /// the same for each page of a walk: that of its first page.
    pub stream_position: EventId,
    /// The memory of the page in the log's budget: keep it until the page is sent, and shrink it to
    /// what is still held.
    pub held: HeldBytes,
    /// Whether the snapshot of the walk could be read no more, so that this page is of a later one.
    /// It may then have records that a stream after `stream_position` delivers as well. For each
    /// record exactly once, begin again without a cursor.
    pub renewed: bool,
    /// Of a page of several logs, those whose records it has not, since they could not be read.
    pub missing: Vec<Box<str>>,
}

/// A page as it was read, of the walk that began at `as_of`.
pub(super) struct PageRead<S: Source> {
    pub(super) epoch: u32,
    pub(super) as_of: S::Position,
    pub(super) page: Page<S>,
    pub(super) held: HeldBytes,
    pub(super) renewed: bool,
}

/// How long a page waits for others to be sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a page could not be read.
#[derive(Debug)]
pub enum PageError<E> {
    /// The cursor was not issued by this log, or the log has been set back to before it since.
    Cursor,
    /// Too many pages are being read, or wait to be sent.
    Busy,
    /// The source failed.
    Source(E),
}

impl<E: fmt::Display> fmt::Display for PageError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cursor => {
                f.write_str("the cursor was not issued by this log; begin again without it")
            }
            Self::Busy => f.write_str(
                "too many pages are being read or wait to be sent; try again in a few seconds",
            ),
            Self::Source(_) => f.write_str("the log could not be read"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for PageError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Cursor | Self::Busy => None,
            Self::Source(error) => Some(error),
        }
    }
}

impl<S: Source> Log<S> {
    /// Follows `source`; `seal` makes and checks the ids of events. Streams are silent until the
    /// driver runs: spawn [`LogDriver::run`], or let [`spawn`](Self::spawn) do both.
    pub fn new(source: S, seal: Seal, options: LogOptions) -> (Self, LogDriver<S>) {
        let (inner, users) = InUse::new(Inner::new(source, seal, options));
        (Self(users), LogDriver::new(inner))
    }

    /// Follows `source` in a task of its own, which ends when the last clone of the log and the
    /// last stream of it are gone.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn spawn(source: S, seal: Seal, options: LogOptions) -> Self {
        let (log, driver) = Self::new(source, seal, options);
        driver.start();
        tokio::spawn(driver.run(|_| {}));
        log
    }

    /// The source that is followed.
    pub fn source(&self) -> &S {
        &self.0.source
    }

    /// Whether the log is read. A stream tells its client of it; a handler may answer 503 before
    /// there is a stream.
    ///
    /// ```
    /// use gapless_sse_core::follow::Seal;
    /// use gapless_sse_core::{Channel, Event, Log, LogOptions, LogState};
    ///
    /// let lines = Channel::<Event>::new(1_000);
    /// let (log, driver) = Log::new(lines, Seal::random(), LogOptions::default());
    /// assert_eq!(log.state(), LogState::NotStarted);
    /// drop(driver);
    /// assert!(!log.state().is_driven());
    /// ```
    pub fn state(&self) -> LogState {
        self.0.state()
    }

    /// The events of one stream of the records in `scope`.
    pub fn follow(&self, scope: Scope<FilterOf<S>>, options: FollowOptions) -> Follow<S> {
        Follow::new(Arc::clone(&self.0), scope, options)
    }

    /// The events of one stream of the records that are committed after `position`, for a client
    /// without an id.
    pub(super) fn follow_from(
        &self,
        scope: Scope<FilterOf<S>>,
        options: FollowOptions,
        position: (u32, S::Position),
    ) -> Follow<S> {
        Follow::from_position(Arc::clone(&self.0), scope, options, position)
    }

    /// The id of `position` for streams of `space`, to follow the log after it: for clients that
    /// come back with an id of the application ([`LogOptions::record_ids`]).
    ///
    /// # Errors
    ///
    /// When the source fails to name its epoch.
    pub async fn position_id(
        &self,
        space: &str,
        position: &S::Position,
    ) -> Result<EventId, S::Error> {
        let epoch = self.0.source.epoch().await?;
        Ok(self.seal(epoch, space, position))
    }

    /// The id of `position` in this life of the log.
    pub(super) fn seal(&self, epoch: u32, space: &str, position: &S::Position) -> EventId {
        self.0.encoding.seal.seal_live(epoch, position, space)
    }

    /// Whether events keep the ids of their records.
    pub(super) fn keeps_record_ids(&self) -> bool {
        self.0.encoding.record_ids
    }

    /// Reads a page of history beyond `cursor`: `limit` records at most, or about
    /// [`page_bytes`](LogOptions::page_bytes) of them.
    ///
    /// Pages that are read one after another, each beyond the cursor of the one before, are a walk.
    /// They show one snapshot, that of the first page, also while records are written. So a walk
    /// and a stream after the `stream_position` of any of its pages deliver each record exactly
    /// once, whether the stream is opened before the walk ends or after it; but for what
    /// [`LogPage::renewed`] tells of.
    ///
    /// ```
    /// use gapless_sse_core::follow::{Scope, Seal, SortOrder, Topic};
    /// use gapless_sse_core::{Channel, Event, Log, LogOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lines = Channel::new(1_000);
    /// let (log, _driver) = Log::new(lines.clone(), Seal::random(), LogOptions::default());
    /// let (topic, scope) = (Topic::new("etl", "orders"), Scope::new("etl", ["orders"]));
    /// for line in ["1", "2", "3"] {
    ///     lines.publish(topic.clone(), Event::new(line));
    /// }
    /// let first = log.page(&scope, None, SortOrder::Descending, 2).await?;
    /// lines.publish(topic, Event::new("4"));
    /// let cursor = first.next.as_ref().map(|next| next.as_str());
    /// let second = log.page(&scope, cursor, SortOrder::Descending, 2).await?;
    /// assert_eq!((second.records.len(), second.stream_position), (1, first.stream_position));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PageError::Cursor`] when the cursor is not one of ours, [`PageError::Busy`] when other
    /// pages take all the memory there is for 10 seconds, [`PageError::Source`] when the source
    /// fails.
    pub async fn page(
        &self,
        scope: &Scope<FilterOf<S>>,
        cursor: Option<&str>,
        order: SortOrder,
        limit: usize,
    ) -> Result<LogPage<S>, PageError<S::Error>> {
        let seal = &self.0.encoding.seal;
        let walk = cursor.map(|cursor| match seal.open::<S::Position, S::Key>(cursor, scope) {
            Some((epoch, frontier @ Frontier::History { .. })) => Ok((epoch, frontier)),
            _ => Err(PageError::Cursor),
        });
        let read = self.read(scope, walk.transpose()?, order, limit).await?;
        let PageRead { epoch, as_of, page, held, renewed } = read;
        let Page { entries, more_after, scanned, .. } = page;
        let next = more_after.as_ref().map(|after| {
            let frontier = Frontier::History { as_of: as_of.clone(), after: after.clone() };
            seal.seal(epoch, &frontier, scope)
        });
        let (topics, records) =
            entries.into_iter().map(|entry| (entry.topic, entry.record)).unzip();
        Ok(LogPage {
            next,
            more_after,
            scanned,
            held,
            stream_position: seal.seal_live(epoch, &as_of, scope.space()),
            renewed,
            missing: Vec::new(),
            records,
            topics,
        })
    }

    /// Reads a page beyond where a walk has come: to its snapshot alone, or within it too.
    pub(super) async fn read(
        &self,
        scope: &Scope<FilterOf<S>>,
        walk: Option<(u32, FrontierOf<S>)>,
        order: SortOrder,
        limit: usize,
    ) -> Result<PageRead<S>, PageError<S::Error>> {
        let source = self.source();
        let epoch = source.epoch().await.map_err(PageError::Source)?;
        let (mut began, mut after) = (None, None);
        if let Some((of, frontier)) = walk {
            if of != epoch {
                return Err(PageError::Cursor);
            }
            let known = source.resume(frontier.clone()).await.map_err(PageError::Source)?;
            known.map_err(|_| PageError::Cursor)?;
            (began, after) = match frontier {
                Frontier::History { as_of, after } => (Some(as_of), Some(after)),
                Frontier::Live(as_of) => (Some(as_of), None),
            };
        }
        let (held, max_bytes) = self.room(scope).await?;
        let query = HistoryQuery { as_of: began.clone(), after, order, limit, max_bytes };
        let page = match source.history(scope, query.clone()).await {
            Err(error) if began.is_some() && error.fault() == Fault::SnapshotGone => {
                source.history(scope, HistoryQuery { as_of: None, ..query }).await
            }
            page => page,
        };
        let page = page.map_err(PageError::Source)?;
        let renewed = began.as_ref().is_some_and(|began| *began != page.as_of);
        let as_of = began.unwrap_or_else(|| page.as_of.clone());
        Ok(PageRead { epoch, as_of, page, held, renewed })
    }

    /// Waits for the memory of a page, and says how much that is.
    pub(super) async fn room(
        &self,
        scope: &Scope<FilterOf<S>>,
    ) -> Result<(HeldBytes, usize), PageError<S::Error>> {
        let Inner { page_budget, options, .. } = &**self.0;
        let bytes = options.page_bytes;
        let held = page_budget.take_within(PATIENCE, Reading::of(scope), bytes).await;
        Ok((held.ok_or(PageError::Busy)?, bytes))
    }

    pub(super) fn sealing(&self) -> &Seal {
        &self.0.encoding.seal
    }

    /// Ends every stream, now and from now on, so that the server can shut down. Each client is
    /// told to come back at a moment of its own; it loses nothing.
    pub fn drain(&self) {
        self.0.hub.drain();
    }

    /// Whether the server shuts down ([`drain`](Self::drain)): what takes long is to end.
    pub fn is_draining(&self) -> bool {
        self.0.hub.is_draining()
    }

    /// What has happened so far.
    pub fn stats(&self) -> LogStats {
        let Inner { hub, counters, catch_ups, .. } = &**self.0;
        counters.stats(hub.readers(), catch_ups.load())
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
