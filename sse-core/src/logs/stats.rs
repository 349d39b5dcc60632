//! What has happened to the streams of a log.

use std::sync::atomic::{AtomicU64, Ordering};

use super::failure::{FailureCounters, LogReader};
use crate::follow::{Fault, Reset, ResumePath};

/// What has happened to the streams of a log since it began.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogStats {
    /// Streams that are open now.
    pub open: usize,
    /// Streams that came without a position.
    pub fresh: u64,
    /// Streams that came with a position, by how they went on.
    pub resumed: Vec<(ResumePath, u64)>,
    /// How often a stream was slower than the ring and went back to the source.
    pub lagged: u64,
    /// Streams that started over, by reason.
    pub resets: Vec<(Reset, u64)>,
    /// Records that were published to the ring in their order.
    pub published: u64,
    /// Records that came too late for their place and were published all the same.
    pub late: u64,
    /// Records that could not be shown and were passed over, which `gap` has announced: their own
    /// code has panicked, or the source could not read them. In history, such a record counts for
    /// each stream that comes upon it.
    pub lost: u64,
    /// How often the source could not be read, by who asked and by what that meant. A panic of the
    /// source counts as [`Fault::Unavailable`], one of a filter as [`Fault::Refused`].
    pub failures: Vec<(LogReader, Fault, u64)>,
    /// How many of those were panics.
    pub panics: u64,
    /// Passes over the source's changes that are under way, for streams that have missed more than
    /// the ring holds; two at most.
    pub catch_up_passes: usize,
    /// Streams that such passes bring up to date.
    pub catch_up_streams: usize,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) fresh: AtomicU64,
    pub(super) lagged: AtomicU64,
    pub(super) published: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) failures: FailureCounters,
    resumed: [AtomicU64; ResumePath::ALL.len()],
    resets: [AtomicU64; Reset::ALL.len()],
}

impl Counters {
    pub(super) fn resumed(&self, path: ResumePath) {
        self.resumed[path as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn reset(&self, reset: Reset) {
        self.resets[reset as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// With so many streams open, and so many passes and streams that catch up.
    pub(super) fn stats(
        &self,
        open: usize,
        (catch_up_passes, catch_up_streams): (usize, usize),
    ) -> LogStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let resumed = ResumePath::ALL.iter().zip(&self.resumed);
        let resets = Reset::ALL.iter().zip(&self.resets);
        LogStats {
            open,
            fresh: read(&self.fresh),
            resumed: resumed.map(|(path, times)| (*path, read(times))).collect(),
            lagged: read(&self.lagged),
            resets: resets.map(|(reset, times)| (*reset, read(times))).collect(),
            published: read(&self.published),
            late: read(&self.late),
            lost: read(&self.lost),
            failures: self.failures.by_reader(),
            panics: self.failures.panics(),
            catch_up_passes,
            catch_up_streams,
        }
    }
}
