//! The thread that writes.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::output::Output;
use super::refusals::Refusals;
use super::{Entry, Event};

/// How many bytes are written at a time.
const BATCH: usize = 64 * 1024;

/// How often what was written is put on the disk.
const SYNC: Duration = Duration::from_secs(1);

/// How often it is looked whether something is due without an entry.
const LOOK: Duration = Duration::from_millis(200);

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Message {
    Entry(Box<Entry>),
    /// That it is to end.
    End,
}

/// What who does something and the thread know of each other.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// How many entries wait that did nothing.
    pub(super) nothing: AtomicUsize,
    /// How many were not written because too many waited.
    pub(super) lost_in_queue: AtomicU64,
    /// How many were not written because the file did not take them.
    pub(super) lost_at_output: AtomicU64,
}

impl Counts {
    pub(super) fn lost(&self) -> u64 {
        let Self { lost_in_queue, lost_at_output, .. } = self;
        lost_in_queue.load(Ordering::Relaxed) + lost_at_output.load(Ordering::Relaxed)
    }
}

/// Writes what comes until it is told to end, and then what waits.
pub(super) fn write_all(
    queue: &Receiver<Message>,
    output: Output,
    largest_batch: usize,
    counts: &Counts,
    ending: &AtomicBool,
) {
    let largest = BATCH.min(largest_batch);
    let mut writer = Writer { output, counts, said: 0, failing: false, synced: Instant::now() };
    let (mut refusals, mut lines) = (Refusals::new(), Vec::new());
    loop {
        let mut next = queue.recv_timeout(LOOK);
        lines.extend(refusals.due().iter().flat_map(Entry::line));
        while let Ok(Message::Entry(entry)) = next {
            let nothing = entry.did_nothing();
            if nothing {
                counts.nothing.fetch_sub(1, Ordering::Relaxed);
            } else if entry.event == Event::Ended {
                lines.extend(refusals.end().iter().flat_map(Entry::line));
            }
            if !nothing || refusals.takes(&entry.origin) {
                lines.extend(entry.line());
            }
            if lines.len() >= largest {
                next = Err(RecvTimeoutError::Timeout);
                break;
            }
            next = queue.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
        let idle = lines.is_empty();
        writer.write(&mut lines);
        let over = matches!(next, Ok(Message::End) | Err(RecvTimeoutError::Disconnected))
            || idle && ending.load(Ordering::Relaxed);
        writer.sync(over);
        if over {
            return;
        }
    }
}

struct Writer<'a> {
    output: Output,
    counts: &'a Counts,
    /// How many of those that were lost the audit says.
    said: u64,
    /// Whether the last lines were not written.
    failing: bool,
    synced: Instant,
}

impl Writer<'_> {
    /// Writes the lines, and before them how many are missing.
    fn write(&mut self, lines: &mut Vec<u8>) {
        let today = today();
        let missing = self.counts.lost() - self.said;
        if missing > 0 {
            let entry = Entry { lost: Some(missing), ..Entry::new(Event::Lost) };
            if self.output.write(&entry.line(), today).is_ok() {
                self.said += missing;
                self.failing = false;
                tracing::warn!(missing, "the audit is written again, without some entries");
            }
        }
        if lines.is_empty() {
            self.output.look_at_the_day(today);
            return;
        }
        if let Err(unwritten) = self.output.write(lines, today) {
            self.counts.lost_at_output.fetch_add(unwritten.lines, Ordering::Relaxed);
            if !self.failing {
                let error = unwritten.error;
                tracing::error!(%error, "the audit cannot be written; its entries are lost");
            }
            self.failing = true;
        }
        lines.clear();
    }

    fn sync(&mut self, now: bool) {
        if now || self.synced.elapsed() >= SYNC {
            self.output.sync();
            self.synced = Instant::now();
        }
    }
}

/// The day in UTC.
fn today() -> Date {
    TimeZone::UTC.to_datetime(Timestamp::now()).date()
}
