//! Several logs that are read as one.

mod follow;
mod ids;
mod names;
mod page;
mod rename;
mod together;

use std::fmt;
use std::sync::Arc;

use super::log::Log;
use super::options::FollowOptions;
use super::rank::RankOf;
use crate::follow::{FilterOf, Scope, Source};
pub use follow::MergedFollow;
use names::{LONGEST_NAME, MOST, is_name};

/// Several logs that are read as one, each with its name: history in the order of a rank that their
/// keys have in common, such as a date, and what is new as it comes.
///
/// A stream of them has one `start`, and ids that hold a position of each log; so each log is
/// delivered exactly once, whatever becomes of the others. The data of `status`, `reset`, `gap` and
/// `sync` begins with `"log"`, the name of the one that they are about.
///
/// Each log needs a [`Seal`](crate::follow::Seal) of its own, so that the position of one is not
/// believed of another.
///
/// ```
/// use gapless_sse_core::follow::{History, Scope, Seal, Topic};
/// use gapless_sse_core::{Channel, Event, FollowOptions, Log, LogOptions, MergedLog};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (orders, bills) = (Channel::new(1_000), Channel::new(1_000));
/// let log = |lines: &Channel<_>| Log::spawn(lines.clone(), Seal::random(), LogOptions::default());
/// let logs = [("orders".into(), log(&orders)), ("bills".into(), log(&bills))];
/// // What is kept in memory has no date that it could be ordered by.
/// let logs = MergedLog::new(logs, |_| None)?;
///
/// bills.publish(Topic::new("shop", "eu"), Event::new("a bill"));
/// let options = FollowOptions::new(History::All).start(false);
/// let mut stream = logs.follow(&Scope::new("shop", ["eu"]), options);
/// let event = loop {
///     let event = stream.next().await.ok_or("it goes on")?;
///     if !event.as_ref().starts_with(b"event: sync") {
///         break event;
///     }
/// };
/// assert!(event.as_ref().starts_with(b"id: ") && event.as_ref().ends_with(b"data: a bill\n\n"));
/// # Ok(())
/// # }
/// ```
pub struct MergedLog<S: Source> {
    logs: Arc<[(Arc<str>, Log<S>)]>,
    rank: RankOf<S>,
}

/// Why logs cannot be read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidLogs {
    /// There are none, or too many.
    Count(usize),
    /// The name is not one.
    Name(Box<str>),
    /// Two have this name.
    Twice(Box<str>),
}

impl fmt::Display for InvalidLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => {
                write!(f, "{count} logs cannot be read as one; there may be 1 to {MOST}")
            }
            Self::Name(name) => write!(
                f,
                "{name:?} is no name for a log: it has 1 to {LONGEST_NAME} letters, digits, `-` \
                 and `_`"
            ),
            Self::Twice(name) => write!(f, "two logs are called {name:?}"),
        }
    }
}

impl std::error::Error for InvalidLogs {}

impl<S: Source> MergedLog<S> {
    /// These logs, by name; `rank` says where a record stands among those of other logs: for each
    /// log, its keys should grow with it.
    ///
    /// # Errors
    ///
    /// When there is none or there are more than 32, when a name is not one, or used twice.
    pub fn new(
        logs: impl IntoIterator<Item = (Arc<str>, Log<S>)>,
        rank: fn(&S::Key) -> Option<i64>,
    ) -> Result<Self, InvalidLogs> {
        let logs: Arc<[_]> = logs.into_iter().collect();
        if logs.is_empty() || logs.len() > MOST {
            return Err(InvalidLogs::Count(logs.len()));
        }
        for (at, (name, _)) in logs.iter().enumerate() {
            if !is_name(name) {
                return Err(InvalidLogs::Name((&**name).into()));
            }
            if logs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(InvalidLogs::Twice((&**name).into()));
            }
        }
        Ok(Self { logs, rank })
    }

    /// The logs, by name.
    pub fn logs(&self) -> impl ExactSizeIterator<Item = (&str, &Log<S>)> {
        self.logs.iter().map(|(name, log)| (&**name, log))
    }

    /// Those of them that `chosen` answers `true` for, by their names; `None` if there are none.
    #[must_use]
    pub fn only(&self, mut chosen: impl FnMut(&str) -> bool) -> Option<Self> {
        let logs = self.logs.iter().filter(|(name, _)| chosen(name)).cloned();
        let logs: Arc<[_]> = logs.collect();
        (!logs.is_empty()).then_some(Self { logs, rank: self.rank })
    }

    /// The events of one stream of the records in `scope`, of all logs. One that cannot be read
    /// stops none of the others. `History::Newest` is that of all of them together.
    ///
    /// Beside what each log's stream takes, it holds a page of history of each, 128 KiB or one
    /// record, while it merges them.
    pub fn follow(&self, scope: &Scope<FilterOf<S>>, options: FollowOptions) -> MergedFollow<S> {
        MergedFollow::new(&self.logs, self.rank, scope, options)
    }

    /// Ends every stream of every log; see [`Log::drain`].
    pub fn drain(&self) {
        for (_, log) in &*self.logs {
            log.drain();
        }
    }
}

impl<S: Source> Clone for MergedLog<S> {
    fn clone(&self) -> Self {
        Self { logs: Arc::clone(&self.logs), rank: self.rank }
    }
}

impl<S: Source> fmt::Debug for MergedLog<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.logs.iter().map(|(name, _)| name)).finish()
    }
}
