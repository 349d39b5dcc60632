//! A durable log, as its follower sees it.

use std::error::Error;
use std::future::Future;

use super::coordinate::Coordinate;
use super::filter::Filter;
use super::frontier::Frontier;
use super::record::Record;
use super::topic::{Scope, Topic};

/// A durable log: an ordered sequence of records that can be read twice over.
///
/// A record has two coordinates. Its **position** is where its commit stands in the log; changes
/// come in the order of positions, and nothing is ever committed below a position that was handed
/// out. Its **key** orders history, the order in which people read (a date, say). Neither order
/// needs to agree with the other: late commits with early dates are what they are for.
///
/// A follower relies on this:
///
/// - [`history`](Self::history) as of `P` has exactly the records with `position ≤ P`, and
///   [`changes`](Self::changes) from `P` has exactly those with `position > P`.
/// - Positions of changes grow from one to the next, and `through` never goes back.
/// - Keys are unique within a topic. A page with `more_after` has come further than the one before
///   it.
/// - A record whose position had been passed when it became visible comes [late](Batch::late). From
///   then on it counts as committed at the `through` of the batch that has it: history as of an
///   earlier position does not have it, as of a later one does, and changes from an earlier one
///   have it, late. No change stands at that position.
/// - After [`Fault::Ended`], [`tail_start`](Self::tail_start) is not before that end.
///
/// [`Changes`] says what is relied on of the changes, and [`contract::check`](super::contract::check)
/// tests a source for both. For a table whose rows are only appended, `AppendOnlyStore` is all that
/// there is to write (feature `tokio`); `examples/follow.rs` is a whole source.
pub trait Source: Send + Sync + 'static {
    /// Where a commit stands in the log.
    type Position: Coordinate;
    /// Where a record stands in history.
    type Key: Coordinate;
    /// What the application makes of a stored record.
    type Record: Record;
    /// Why the source could not answer.
    type Error: SourceError;
    /// Changes that are being read.
    type Changes: Changes<Self>;

    /// Names this life of the log: it differs after the log was dropped or restored, so that
    /// positions of another life are told apart.
    ///
    /// # Errors
    ///
    /// [`Fault::Unavailable`] while the source cannot be reached.
    fn epoch(&self) -> impl Future<Output = Result<u32, Self::Error>> + Send;

    /// Where a tail that starts now begins: at the end of the log, or a little before it.
    ///
    /// # Errors
    ///
    /// [`Fault::Unavailable`] while the source cannot be reached.
    fn tail_start(&self) -> impl Future<Output = Result<Self::Position, Self::Error>> + Send;

    /// Checks a frontier that a client brought back, whose seal and epoch are right: translates it
    /// where the source has changed its ways, or tells why it cannot go on from there. This is the
    /// one place where a position ahead of the log is found out: [`Reset::Future`].
    ///
    /// # Errors
    ///
    /// [`Fault::Unavailable`] while the source cannot be reached.
    fn resume(
        &self,
        frontier: FrontierOf<Self>,
    ) -> impl Future<Output = Result<Result<FrontierOf<Self>, Reset>, Self::Error>> + Send;

    /// Reads one page of the records of `scope`: of those that its filter admits, as many as the
    /// query asks for, or as many as are found with reasonable effort. The filter is asked by
    /// [`Scope::admits`], which tells its panics from those of the source.
    ///
    /// # Errors
    ///
    /// [`Fault::SnapshotGone`] when `as_of` cannot be read any more, or [`Fault::Unavailable`].
    fn history(
        &self,
        scope: &Scope<FilterOf<Self>>,
        query: HistoryQuery<Self::Position, Self::Key>,
    ) -> impl Future<Output = Result<Page<Self>, Self::Error>> + Send;

    /// Reads the changes of all topics after `from`.
    ///
    /// # Errors
    ///
    /// [`Fault::HistoryLost`] when the log no longer reaches back to `from`, or
    /// [`Fault::Unavailable`].
    fn changes(
        &self,
        from: &Self::Position,
    ) -> impl Future<Output = Result<Self::Changes, Self::Error>> + Send;

    /// As [`changes`](Self::changes), for the one reader that hands them to all streams: it is the
    /// one to find out what comes late, if the source has such records.
    ///
    /// # Errors
    ///
    /// As [`changes`](Self::changes).
    fn tail(
        &self,
        from: &Self::Position,
    ) -> impl Future<Output = Result<Self::Changes, Self::Error>> + Send {
        self.changes(from)
    }
}

/// The frontier in a source's own coordinates.
pub type FrontierOf<S> = Frontier<<S as Source>::Position, <S as Source>::Key>;

/// What the streams of a source may be filtered by.
pub type FilterOf<S> = <<S as Source>::Record as Record>::Filter;

/// What is kept of a source's records for their filters.
pub type MarkOf<S> = <FilterOf<S> as Filter>::Mark;

/// The changes of a log, read in batches.
///
/// A follower calls [`next`](Self::next) again and again until it fails, and hands out what each
/// batch has before it asks for another. It relies on this:
///
/// - **The first batch comes at once**, also when there is nothing to read: then it is empty, and
///   its `through` is the position from which the changes were opened, or a later one. A reader
///   that has everything learns it from that.
/// - **Later batches** come when there is something to read, or when `through` has moved on by more
///   than the source finds right to leave unsaid. One may be empty, and then only moves `through`.
///   There is no least or greatest size: a batch is held in memory and encoded in one go, so some
///   thousand records are a good bound. All records with the same position are in one batch.
/// - **`through` is a promise**: everything up to it has been handed out, by this batch or one
///   before it, and changes opened from it are exactly the rest.
/// - **It may be dropped at any await.** A stream that ends, or a server that shuts down, drops the
///   future of `next`, and the changes with it. Nothing that was read for it counts as handed out:
///   the next reader opens changes at the last `through` that was returned. So nothing may be
///   marked as read, here or in the store, before the batch is returned; and what is given back
///   when it is dropped (a cursor, a connection) must not wait. `next` is not called again on
///   changes whose `next` was dropped or has failed.
/// - **A position ahead of the log** is found out by [`Source::resume`], not here: it answers
///   [`Reset::Future`]. Changes are opened from such a position only if the log was cut off between
///   the two, and may wait until it has come there, or fail with [`Fault::HistoryLost`].
///
/// [`contract::check`](super::contract::check) tests a source for it.
pub trait Changes<S: Source + ?Sized>: Send + 'static {
    /// Waits for the next batch, for as long as the source finds right.
    ///
    /// # Errors
    ///
    /// As [`Source::changes`], and [`Fault::Ended`] when the log itself was dropped or renamed.
    /// After an error, the changes are to be opened anew.
    fn next(&mut self) -> impl Future<Output = Result<Batch<S>, S::Error>> + Send;
}

/// A record and where it belongs.
#[derive(Clone, Debug)]
pub struct Entry<K, R> {
    /// What it belongs to.
    pub topic: Topic,
    /// Where it stands in history.
    pub key: K,
    /// What the application made of it.
    pub record: R,
}

/// Which page of history to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery<P, K> {
    /// The snapshot to read: none takes a fresh one.
    pub as_of: Option<P>,
    /// Only records beyond this key, in the direction of `order`.
    pub after: Option<K>,
    /// Oldest or newest first.
    pub order: SortOrder,
    /// How many records at most; 0 asks for the snapshot's position alone.
    pub limit: usize,
    /// About how many bytes of records at most, as the source counts them. A page that comes to so
    /// many ends there, with [`more_after`](Page::more_after); one record it has in any case, if
    /// there is one. A source whose records are always small, or are in memory anyway, need not
    /// count.
    pub max_bytes: usize,
}

/// The direction in which history is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// A page of history.
#[derive(Debug)]
pub struct Page<S: Source + ?Sized> {
    /// The position of the snapshot that was read.
    pub as_of: S::Position,
    /// The records in the order that was asked for.
    pub entries: Vec<Entry<S::Key, S::Record>>,
    /// Up to where was read, if there may be more beyond it. That is the last record or, where
    /// the filter has left out so much that the source stopped, a place behind it.
    pub more_after: Option<S::Key>,
    /// How many records were looked at.
    pub scanned: usize,
}

/// A record and the position of its commit.
pub type Change<P, K, R> = (P, Entry<K, R>);

/// A batch of changes.
#[derive(Debug)]
pub struct Batch<S: Source + ?Sized> {
    /// The changes, in the order of their positions.
    pub changes: Vec<Change<S::Position, S::Key, S::Record>>,
    /// What became visible only after its position had been passed; it stands at `through` now.
    /// Only sources that cannot see all commits in order have such records.
    pub late: Vec<Entry<S::Key, S::Record>>,
    /// How many records the source has passed over since they cannot be shown, say because they are
    /// too large to be read: all streams are told of them, at `through`, by a `gap`.
    pub lost: usize,
    /// Everything up to here has been handed out.
    pub through: S::Position,
}

impl<S: Source + ?Sized> Batch<S> {
    /// Changes in the order of their positions, after which everything up to `through` has been
    /// handed out.
    pub fn new(changes: Vec<Change<S::Position, S::Key, S::Record>>, through: S::Position) -> Self {
        Self { changes, late: Vec::new(), lost: 0, through }
    }
}

/// An error that says what to do about it.
///
/// Its text, and that of its causes, is what `Log::state` and the observer of `LogDriver::run` are
/// given: where somebody has to act, it says what is to be done. Clients of streams are not told it.
pub trait SourceError: Error + Send + Sync + 'static {
    /// What to do about it.
    fn fault(&self) -> Fault;
}

/// What a source's error means to a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The source does not answer, or not now: wait, and try the same again.
    Unavailable,
    /// The source does not answer until somebody acts, and the error says what is to be done. The
    /// same is tried again in case that it has been.
    NeedsAction,
    /// The source does not take this question, and will not take it later either.
    Refused,
    /// The snapshot cannot be read any more: take a fresh one.
    SnapshotGone,
    /// The log no longer reaches back to the position: start over.
    HistoryLost,
    /// The log itself is gone: what comes next is another one.
    Ended,
}

impl Fault {
    /// Every meaning.
    pub const ALL: &'static [Self] = &[
        Self::Unavailable,
        Self::NeedsAction,
        Self::Refused,
        Self::SnapshotGone,
        Self::HistoryLost,
        Self::Ended,
    ];

    /// The meaning as metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::NeedsAction => "needs_action",
            Self::Refused => "refused",
            Self::SnapshotGone => "snapshot_gone",
            Self::HistoryLost => "history_lost",
            Self::Ended => "ended",
        }
    }
}

/// Why a stream started over instead of going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reset {
    /// The id is none of ours, or of another scope.
    BadId,
    /// The id is of another life of the log.
    Epoch,
    /// The id is ahead of the log.
    Future,
    /// The log no longer reaches back to the id.
    HistoryLost,
}

impl Reset {
    /// Every reason.
    pub const ALL: &'static [Self] = &[Self::BadId, Self::Epoch, Self::Future, Self::HistoryLost];

    /// The reason as the client reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadId => "bad_id",
            Self::Epoch => "epoch",
            Self::Future => "future",
            Self::HistoryLost => "history_lost",
        }
    }
}

/// That of a source that cannot fail.
impl SourceError for std::convert::Infallible {
    fn fault(&self) -> Fault {
        match *self {}
    }
}
