//! Figures about how a collection is followed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::changed::Changed;
use super::odd_values::{OddValue, OddValues};
use super::operation::Operation;

/// What has happened since a [`Mongo`](crate::Mongo) was made, for metrics.
///
/// Counters never decrease, and the buckets of times are cumulative, as in Prometheus.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// The queries to the server, by their purpose. A change stream counts when it is opened, not
    /// while it waits.
    pub queries: Vec<(Operation, QueryTimes)>,
    /// The tail, once it has read something.
    pub tail: Option<TailStats>,
    /// Records that polling delivered late.
    pub late: u64,
    /// Records of the changes that were left out because no reply of the server can hold them.
    pub lost: u64,
    /// How often a record was updated, so that it differs from what streams have shown. An update
    /// that sets a field of the record's topic is none: it shows the record there.
    pub updated: u64,
    /// How often a record was replaced as a whole.
    pub replaced: u64,
    /// How many records were deleted, which streams have shown.
    pub deleted: u64,
    /// Records of the changes that were left out because they belong to no topic.
    pub skipped: u64,
    /// The same by what they hold instead of a space or a name.
    pub no_topic: Vec<(OddValue, u64)>,
    /// How often a record was read whose date is no date, by what it is instead: ranges of time
    /// leave it out, and polling does not find it as news. One with an array is shown nowhere. One that is read again counts again.
    pub no_date: Vec<(OddValue, u64)>,
    /// How often a record could not be decoded and was left out. One that is read again, as in
    /// history, counts again.
    pub undecodable: u64,
}

/// How long queries took, including those that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryTimes {
    /// How many there were.
    pub count: u64,
    /// How long they took in all.
    pub total: Duration,
    /// How many took no longer than each of [`QueryTimes::BOUNDS`].
    pub buckets: Vec<u64>,
}

impl QueryTimes {
    /// The upper bounds of the buckets.
    pub const BOUNDS: &'static [Duration] = &[
        Duration::from_millis(1),
        Duration::from_millis(3),
        Duration::from_millis(10),
        Duration::from_millis(30),
        Duration::from_millis(100),
        Duration::from_millis(300),
        Duration::from_secs(1),
        Duration::from_secs(3),
        Duration::from_secs(10),
        Duration::from_secs(30),
    ];
}

impl Default for QueryTimes {
    fn default() -> Self {
        Self { count: 0, total: Duration::ZERO, buckets: vec![0; Self::BOUNDS.len()] }
    }
}

/// How far behind the server the tail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TailStats {
    /// How far behind the server's clock it was when it last read: everything older was delivered.
    /// In whole seconds for a change stream, and never less than the lateness for polling.
    pub lag: Duration,
    /// How long ago that was. This grows while the server does not answer, or has no majority.
    pub heard: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    queries: [Times; Operation::ALL.len()],
    tail: Mutex<Option<(Duration, Instant)>>,
    late: AtomicU64,
    lost: AtomicU64,
    changed: [AtomicU64; 3],
    pub(crate) no_topic: OddValues,
    pub(crate) no_date: OddValues,
    undecodable: AtomicU64,
}

#[derive(Debug, Default)]
struct Times {
    micros: AtomicU64,
    /// By the first bucket that holds it; the last one is of those beyond all.
    counts: [AtomicU64; QueryTimes::BOUNDS.len() + 1],
}

/// Counts a query when it is dropped.
#[must_use]
pub(crate) struct Timed<'a> {
    times: &'a Times,
    began: Instant,
}

impl Counters {
    pub(crate) fn timed(&self, operation: Operation) -> Timed<'_> {
        Timed { times: &self.queries[operation as usize], began: Instant::now() }
    }

    /// The tail was heard of: its high-water mark is so old.
    pub(crate) fn heard(&self, lag: Duration) {
        *self.tail() = Some((lag, Instant::now()));
    }

    pub(crate) fn late(&self, records: usize) {
        self.late.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(crate) fn lost(&self, records: usize) {
        self.lost.fetch_add(records as u64, Ordering::Relaxed);
    }

    /// Answers how many there are now of all kinds.
    pub(crate) fn changed(&self, how: Changed) -> u64 {
        self.changed[how as usize].fetch_add(1, Ordering::Relaxed);
        self.all_changed().iter().sum::<u64>().max(1)
    }

    pub(crate) fn all_changed(&self) -> [u64; 3] {
        self.changed.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// Answers how many there were before.
    pub(crate) fn undecodable(&self) -> u64 {
        self.undecodable.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn stats(&self) -> Stats {
        let tail = *self.tail();
        let [updated, replaced, deleted] = self.all_changed();
        let no_topic = self.no_topic.read();
        let queries = Operation::ALL
            .iter()
            .map(|&operation| (operation, self.queries[operation as usize].read()));
        Stats {
            queries: queries.collect(),
            tail: tail.map(|(lag, at)| TailStats { lag, heard: at.elapsed() }),
            late: self.late.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            updated,
            replaced,
            deleted,
            skipped: no_topic.iter().map(|(_, count)| count).sum(),
            no_topic,
            no_date: self.no_date.read(),
            undecodable: self.undecodable.load(Ordering::Relaxed),
        }
    }

    fn tail(&self) -> MutexGuard<'_, Option<(Duration, Instant)>> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Times {
    fn read(&self) -> QueryTimes {
        let mut count = 0;
        let mut buckets = self
            .counts
            .each_ref()
            .map(|counter| {
                count += counter.load(Ordering::Relaxed);
                count
            })
            .to_vec();
        // The last one has them all.
        buckets.pop();
        let total = Duration::from_micros(self.micros.load(Ordering::Relaxed));
        QueryTimes { count, total, buckets }
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let bucket = QueryTimes::BOUNDS.partition_point(|bound| *bound < took);
        self.times.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.times.micros.fetch_add(micros, Ordering::Relaxed);
    }
}
