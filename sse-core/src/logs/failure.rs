//! What went wrong with a source, for whom, and how often.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use crate::follow::panics::{FilterPanic, words};
use crate::follow::{Fault, SourceError};

/// Why the source of a log could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFailure<E> {
    /// The source says why.
    Source(E),
    /// The code of the source has panicked, with this message. It is asked again, as after an
    /// outage.
    Panicked(String),
    /// The filter of a stream has panicked, with this message, over records of history. The stream
    /// ends.
    FilterPanicked(String),
}

/// Who reads the source of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogReader {
    /// The one reader of the log's end, for all streams.
    Tail,
    /// A pass for streams that have missed more than the ring holds.
    CatchUp,
    /// A stream, for itself: history, and what its client came back with.
    Stream,
}

impl LogReader {
    /// Every reader.
    pub const ALL: &'static [Self] = &[Self::Tail, Self::CatchUp, Self::Stream];

    /// The reader as metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tail => "tail",
            Self::CatchUp => "catch_up",
            Self::Stream => "stream",
        }
    }
}

impl<E: SourceError> LogFailure<E> {
    /// What it means.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Source(error) => error.fault(),
            Self::Panicked(_) => Fault::Unavailable,
            Self::FilterPanicked(_) => Fault::Refused,
        }
    }

    /// The text of the error and of all its causes.
    pub(super) fn text(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl<E: fmt::Display> fmt::Display for LogFailure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Panicked(message) => write!(f, "the source has panicked: {message}"),
            Self::FilterPanicked(message) => {
                write!(f, "the filter of the stream has panicked: {message}")
            }
        }
    }
}

impl<E: Error> Error for LogFailure<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source(error) => error.source(),
            Self::Panicked(_) | Self::FilterPanicked(_) => None,
        }
    }
}

impl<E> From<E> for LogFailure<E> {
    fn from(error: E) -> Self {
        Self::Source(error)
    }
}

/// Asks the source: a panic of its code is an answer too.
pub(super) async fn ask<T, E>(
    question: impl Future<Output = Result<T, E>>,
) -> Result<T, LogFailure<E>> {
    let mut question = pin!(question);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| question.as_mut().poll(cx))) {
        Ok(answer) => answer.map_err(LogFailure::Source),
        Err(panic) if panic.is::<FilterPanic>() => {
            Poll::Ready(Err(LogFailure::FilterPanicked(words(&*panic))))
        }
        Err(panic) => Poll::Ready(Err(LogFailure::Panicked(words(&*panic)))),
    })
    .await
}

/// How often the source could not be read.
#[derive(Debug, Default)]
pub(super) struct FailureCounters {
    counts: [[AtomicU64; Fault::ALL.len()]; LogReader::ALL.len()],
    panics: AtomicU64,
}

impl FailureCounters {
    pub(super) fn count<E: SourceError>(&self, reader: LogReader, failure: &LogFailure<E>) {
        self.counts[reader as usize][failure.fault() as usize].fetch_add(1, Ordering::Relaxed);
        if let LogFailure::Panicked(_) | LogFailure::FilterPanicked(_) = failure {
            self.panics.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn by_reader(&self) -> Vec<(LogReader, Fault, u64)> {
        let readers = LogReader::ALL.iter().zip(&self.counts);
        let by_fault = readers.flat_map(|(reader, counts)| {
            let faults = Fault::ALL.iter().zip(counts);
            faults.map(|(fault, times)| (*reader, *fault, times.load(Ordering::Relaxed)))
        });
        by_fault.collect()
    }

    pub(super) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }
}
