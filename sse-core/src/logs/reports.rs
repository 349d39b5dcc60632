//! What happens while a log is read, from whoever reads it to the observer of its driver.

use std::convert::Infallible;
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::failure::LogFailure;
use crate::follow::Topic;

/// What happens while a log is read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LogEvent<E> {
    /// The log's end is read, for the first time or again.
    Open,
    /// The log's end could not be read; it is tried again after this time.
    TailFailed(LogFailure<E>, Duration),
    /// The source could not be read for streams that have missed more than the ring holds; it is
    /// tried again after this time, if such a stream is still there.
    CatchUpFailed(LogFailure<E>, Duration),
    /// The source did not answer streams, this often since it was last told and the last time for
    /// this reason. Each of them asks again after a pause of its own, which grows to 10 seconds,
    /// unless what it asks for was refused. Told once a second at most.
    StreamsFailed(LogFailure<E>, u64),
    /// Records cannot be shown, and were passed over.
    RecordsLost {
        /// How many, of one batch of changes.
        count: usize,
        /// What the first of them belongs to, if that is known.
        topic: Option<Topic>,
        /// Why the first of them cannot be shown.
        reason: String,
    },
}

/// How often it is told that streams fail.
const STREAMS: Duration = Duration::from_secs(1);

/// Events that the observer has yet to be told.
#[derive(Debug)]
pub(super) struct Reports<E> {
    untold: Mutex<Untold<E>>,
    changed: Notify,
}

#[derive(Debug)]
struct Untold<E> {
    events: Vec<LogEvent<E>>,
    streams: Option<(LogFailure<E>, u64)>,
}

impl<E> Default for Reports<E> {
    fn default() -> Self {
        let untold = Mutex::new(Untold { events: Vec::new(), streams: None });
        Self { untold, changed: Notify::new() }
    }
}

impl<E> Reports<E> {
    pub(super) fn report(&self, event: LogEvent<E>) {
        self.untold().events.push(event);
        self.changed.notify_one();
    }

    pub(super) fn stream_failed(&self, failure: LogFailure<E>) {
        let mut untold = self.untold();
        let times = untold.streams.as_ref().map_or(0, |(_, times)| *times) + 1;
        let before = untold.streams.replace((failure, times));
        drop(untold);
        drop(before);
        self.changed.notify_one();
    }

    /// Tells `observe` of all that happens.
    pub(super) async fn tell(&self, mut observe: impl FnMut(LogEvent<E>)) -> Infallible {
        let mut streams_at = Instant::now();
        loop {
            let (events, streams) = {
                let mut untold = self.untold();
                let due = Instant::now() >= streams_at;
                (take(&mut untold.events), if due { untold.streams.take() } else { None })
            };
            events.into_iter().for_each(&mut observe);
            if let Some((failure, times)) = streams {
                streams_at = Instant::now() + STREAMS;
                observe(LogEvent::StreamsFailed(failure, times));
            }
            let waits = self.untold().streams.is_some();
            tokio::select! {
                () = self.changed.notified() => {}
                () = sleep_until(streams_at), if waits => {}
            }
        }
    }

    fn untold(&self) -> MutexGuard<'_, Untold<E>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
