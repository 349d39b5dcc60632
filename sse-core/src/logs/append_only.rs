//! A table that only grows, by its numbers, as a source.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::encoding::about_bytes;
use super::pace::Pace;
use crate::follow::{
    Batch, Changes, Entry, Fault, FilterOf, Frontier, FrontierOf, HistoryQuery, Page, Record,
    Reset, Scope, SortOrder, Source, SourceError, Topic,
};

/// A store whose rows are never changed, each with a number that is greater than those of all rows
/// before it: a SQL table with a growing key, a file of lines. [`AppendOnly`] makes a [`Source`] of
/// it.
///
/// Rows have to become visible in the order of their numbers. They do where one connection writes,
/// as in SQLite, or where writers take turns; a sequence of `PostgreSQL` gives numbers to
/// transactions that may commit in another order. There, [`newest`](Self::newest) must not go
/// beyond a number below which a transaction may still commit.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use gapless_sse_core::follow::{History, Scope, Seal, SortOrder, Topic};
/// use gapless_sse_core::{
///     AppendOnly, AppendOnlyStore, Event, FollowOptions, Log, LogOptions, Row, RowQuery,
///     Unavailable,
/// };
///
/// #[derive(Clone, Default)]
/// struct Table(Arc<Mutex<Vec<Row<Event<'static>>>>>);
///
/// impl AppendOnlyStore for Table {
///     type Record = Event<'static>;
///     type Error = Unavailable<std::io::Error>;
///
///     /// `SELECT … WHERE number > :above AND number <= :up_to ORDER BY number LIMIT :limit`, and
///     /// `AND space = :space AND topic IN (:topics)`, as `query.of` says.
///     async fn rows(&self, query: RowQuery<'_>) -> Result<Vec<Row<Self::Record>>, Self::Error> {
///         let table = self.0.lock().unwrap();
///         let mut found: Vec<_> = table.iter().filter(|row| query.has(row)).cloned().collect();
///         if query.order == SortOrder::Descending {
///             found.reverse();
///         }
///         found.truncate(query.limit);
///         Ok(found)
///     }
///
///     /// `SELECT max(number) …`
///     async fn newest(&self) -> Result<u64, Self::Error> {
///         Ok(self.0.lock().unwrap().last().map_or(0, |row| row.number))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let (table, orders) = (Table::default(), Topic::new("etl", "orders"));
/// table.0.lock().unwrap().push(Row::new(1, orders.clone(), Event::new("one")));
/// let log = Log::spawn(AppendOnly::new(table.clone()), Seal::random(), LogOptions::default());
/// let options = FollowOptions::new(History::All).start(false).sync(false);
/// let mut stream = log.follow(Scope::new("etl", ["orders"]), options);
/// assert!(stream.next().await.unwrap().as_ref().ends_with(b"data: one\n\n"));
/// table.0.lock().unwrap().push(Row::new(2, orders, Event::new("two")));
/// assert!(stream.next().await.unwrap().as_ref().ends_with(b"data: two\n\n"));
/// # }
/// ```
pub trait AppendOnlyStore: Send + Sync + 'static {
    /// What the application makes of a row.
    type Record: Record;
    /// Why the store could not answer; [`Unavailable`] makes one of any error, and
    /// [`Infallible`](std::convert::Infallible) is that of a store that cannot fail.
    type Error: SourceError;

    /// Reads the rows that the query asks for, in its order.
    ///
    /// # Errors
    ///
    /// [`Fault::Unavailable`] while the store cannot be read, [`Fault::HistoryLost`] when rows
    /// that are asked for have been deleted.
    fn rows(
        &self,
        query: RowQuery<'_>,
    ) -> impl Future<Output = Result<Vec<Row<Self::Record>>, Self::Error>> + Send;

    /// The number of the newest row, 0 if there is none. It never goes back.
    ///
    /// # Errors
    ///
    /// [`Fault::Unavailable`] while the store cannot be read.
    fn newest(&self) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Waits until there may be rows after number `after`. By default that is a second, so new rows
    /// come up to a second late: wait for what tells of them instead, such as a
    /// [`Notify`](tokio::sync::Notify) that each insert rings. It may be dropped at any time.
    fn wait(&self, after: u64) -> impl Future<Output = ()> + Send {
        let _ = after;
        sleep(Duration::from_secs(1))
    }

    /// Changes when the store is reset or restored from a backup; 0 by default. See
    /// [`Source::epoch`].
    ///
    /// # Errors
    ///
    /// [`Fault::Unavailable`] while the store cannot be read.
    fn epoch(&self) -> impl Future<Output = Result<u32, Self::Error>> + Send {
        async { Ok(0) }
    }
}

/// Which rows to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowQuery<'a> {
    /// Only rows that belong to these.
    pub of: RowsOf<'a>,
    /// Only rows with a greater number.
    pub above: u64,
    /// Only rows with this number or a lower one.
    pub up_to: u64,
    /// Lowest or greatest numbers first.
    pub order: SortOrder,
    /// How many rows at most.
    pub limit: usize,
    /// About how many bytes of rows at most, as the store counts them: it may end there, and is
    /// asked for those behind. One row it hands out in any case, if there is one. A store whose rows
    /// are always small need not count.
    pub max_bytes: usize,
}

/// What the rows of a [`RowQuery`] belong to.
///
/// ```
/// use gapless_sse_core::RowsOf;
/// use gapless_sse_core::follow::Topic;
///
/// let orders = Topic::new("etl", "orders");
/// assert!(RowsOf::Space("etl").has(&orders) && !RowsOf::Space("crm").has(&orders));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsOf<'a> {
    /// Whatever the table has, of all spaces.
    Everything,
    /// All topics of this space.
    Space(&'a str),
    /// These topics, which are of one space and sorted.
    Topics(&'a [Topic]),
}

impl<'a> RowsOf<'a> {
    /// What a scope is about.
    fn scope(scope: &'a Scope<impl Sized>) -> Self {
        scope.topics().map_or(Self::Space(scope.space()), Self::Topics)
    }

    /// Whether `topic` is one of them.
    pub fn has(&self, topic: &Topic) -> bool {
        match self {
            Self::Everything => true,
            Self::Space(space) => topic.space() == *space,
            Self::Topics(topics) => topics.binary_search(topic).is_ok(),
        }
    }
}

impl RowQuery<'_> {
    /// Whether `row` is one of those asked for, but for the limit.
    pub fn has<R>(&self, row: &Row<R>) -> bool {
        self.above < row.number && row.number <= self.up_to && self.of.has(&row.topic)
    }
}

/// A row of an [`AppendOnlyStore`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row<R> {
    /// Its number.
    pub number: u64,
    /// What it belongs to.
    pub topic: Topic,
    /// What the application made of it.
    pub record: R,
}

impl<R> Row<R> {
    /// A row.
    pub fn new(number: u64, topic: Topic, record: R) -> Self {
        Self { number, topic, record }
    }
}

/// The [`Source`] that an [`AppendOnlyStore`] is: the number of a row is its position and its key.
#[derive(Debug)]
pub struct AppendOnly<T>(Arc<T>);

impl<T: AppendOnlyStore> AppendOnly<T> {
    /// A source over `store`.
    pub fn new(store: T) -> Self {
        Self(Arc::new(store))
    }

    /// The store.
    pub fn store(&self) -> &T {
        &self.0
    }
}

impl<T> Clone for AppendOnly<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// How many rows of all topics are read at once, and about how many bytes of them.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 1024 * 1024;
/// How many rows are read at once where a filter may leave out most of them, and how often for one
/// page.
const STEP: usize = 1000;
const STEPS: usize = 20;

impl<T: AppendOnlyStore> Source for AppendOnly<T> {
    type Position = u64;
    type Key = u64;
    type Record = T::Record;
    type Error = T::Error;
    type Changes = AppendOnlyChanges<T>;

    async fn epoch(&self) -> Result<u32, T::Error> {
        self.0.epoch().await
    }

    async fn tail_start(&self) -> Result<u64, T::Error> {
        self.0.newest().await
    }

    async fn resume(
        &self,
        frontier: FrontierOf<Self>,
    ) -> Result<Result<FrontierOf<Self>, Reset>, T::Error> {
        let (Frontier::Live(to) | Frontier::History { as_of: to, .. }) = frontier;
        let future = to > self.0.newest().await?;
        Ok(if future { Err(Reset::Future) } else { Ok(frontier) })
    }

    async fn history(
        &self,
        scope: &Scope<FilterOf<Self>>,
        query: HistoryQuery<u64, u64>,
    ) -> Result<Page<Self>, T::Error> {
        let HistoryQuery { as_of, after, order, limit, max_bytes } = query;
        let as_of = match as_of {
            Some(as_of) => as_of,
            None => self.0.newest().await?,
        };
        let mut page = Page { as_of, entries: Vec::new(), more_after: None, scanned: 0 };
        if limit == 0 {
            return Ok(page);
        }
        let (mut above, mut up_to) = match order {
            SortOrder::Ascending => (after.unwrap_or(0), as_of),
            SortOrder::Descending => {
                (0, after.map_or(as_of, |after| as_of.min(after.saturating_sub(1))))
            }
        };
        let (mut pace, mut bytes) = (Pace::default(), 0);
        for _ in 0..STEPS {
            // One more, to know whether there is more; many where the filter leaves out some.
            let room = (limit - page.entries.len()).saturating_add(1);
            let leaves_out = page.entries.len() < page.scanned;
            let rows = self.0.rows(RowQuery {
                of: RowsOf::scope(scope),
                above,
                up_to,
                order,
                limit: if leaves_out { STEP } else { STEP.min(room) },
                max_bytes: max_bytes.saturating_sub(bytes).max(1),
            });
            let rows = rows.await?;
            if rows.is_empty() {
                return Ok(page);
            }
            for Row { number, topic, record } in rows {
                if let Some(last) = page.entries.last()
                    && (page.entries.len() == limit || bytes >= max_bytes)
                {
                    page.more_after = Some(last.key);
                    return Ok(page);
                }
                page.scanned += 1;
                match order {
                    SortOrder::Ascending => above = number,
                    SortOrder::Descending => up_to = number.saturating_sub(1),
                }
                pace.step().await;
                if scope.admits(&record) {
                    bytes += about_bytes(&record);
                    page.entries.push(Entry { topic, key: number, record });
                }
            }
            if above >= up_to {
                return Ok(page);
            }
        }
        page.more_after = Some(match order {
            SortOrder::Ascending => above,
            SortOrder::Descending => up_to.saturating_add(1),
        });
        Ok(page)
    }

    async fn changes(&self, from: &u64) -> Result<AppendOnlyChanges<T>, T::Error> {
        Ok(AppendOnlyChanges { store: Arc::clone(&self.0), at: *from, is_first: true })
    }
}

/// The rows of an [`AppendOnlyStore`] as they are appended.
#[derive(Debug)]
pub struct AppendOnlyChanges<T> {
    store: Arc<T>,
    at: u64,
    /// The first batch comes at once, so that a reader that has everything is told so.
    is_first: bool,
}

impl<T: AppendOnlyStore> Changes<AppendOnly<T>> for AppendOnlyChanges<T> {
    async fn next(&mut self) -> Result<Batch<AppendOnly<T>>, T::Error> {
        let mut newest = self.store.newest().await?;
        while newest <= self.at && !self.is_first {
            self.store.wait(self.at).await;
            newest = self.store.newest().await?;
        }
        let up_to = newest.max(self.at);
        let rows = if newest > self.at {
            let query = RowQuery {
                of: RowsOf::Everything,
                above: self.at,
                up_to,
                order: SortOrder::Ascending,
                limit: BATCH,
                max_bytes: BATCH_BYTES,
            };
            self.store.rows(query).await?
        } else {
            Vec::new()
        };
        // Behind the last there may be more, which the store has left for the next time.
        let through = rows.last().map_or(up_to, |last| last.number.max(self.at));
        let changes = rows
            .into_iter()
            .map(|Row { number, topic, record }| (number, Entry { topic, key: number, record }));
        (self.at, self.is_first) = (through, false);
        Ok(Batch::new(changes.collect(), through))
    }
}

/// An error for which to wait and to try again, whatever it is.
///
/// ```
/// use gapless_sse_core::Unavailable;
///
/// fn read() -> Result<Vec<u8>, Unavailable<std::io::Error>> {
///     Ok(std::fs::read("the log")?)
/// }
/// # assert!(read().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable<E>(pub E);

impl<E: fmt::Display> fmt::Display for Unavailable<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Error> Error for Unavailable<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl<E> From<E> for Unavailable<E> {
    fn from(error: E) -> Self {
        Self(error)
    }
}

impl<E: Error + Send + Sync + 'static> SourceError for Unavailable<E> {
    fn fault(&self) -> Fault {
        Fault::Unavailable
    }
}
