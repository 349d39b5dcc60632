//! One stream of several logs.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::ids::Positions;
use super::rename::renamed;
use crate::follow::{FilterOf, History, Scope, Source};
use crate::logs::follow::Follow;
use crate::logs::log::Log;
use crate::logs::notice;
use crate::logs::options::FollowOptions;
use crate::logs::part_read::PartRead;
use crate::logs::rank::{Rank, RankOf};
use crate::stream::{BoxError, Feed};
use crate::wire::Encoded;

/// How long history waits for a log that does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The events of one stream of several logs, as [`MergedLog::follow`](super::MergedLog::follow)
/// describes them.
///
/// Each log's stream is one as any other, with its own proof; this one only says in which order
/// what they have is sent. History is merged: what ranks lowest of the next records of all is sent
/// next. A log that has sent its history waits for those that have not, so that live records come
/// after history. A log that is away, or does not answer for 2 seconds, is not waited for: its
/// history comes when it does.
pub struct MergedFollow<S: Source> {
    parts: Vec<Part<S>>,
    positions: Positions,
    ready: VecDeque<Encoded>,
    /// How many of the newest records of all are for the client.
    newest: usize,
    begun: bool,
    ended: bool,
    /// Whether the client is sent `start`.
    sends_start: bool,
    heartbeat: Option<Duration>,
    /// Which log is asked first.
    turn: usize,
    patience: Option<Pin<Box<Sleep>>>,
}

struct Part<S: Source> {
    follow: Follow<S>,
    /// Its history was sent, and that of the others that could be read.
    is_live: bool,
    /// The others have waited for it for long enough.
    overdue: bool,
}

impl<S: Source> MergedFollow<S> {
    pub(super) fn new(
        logs: &[(Arc<str>, Log<S>)],
        rank: RankOf<S>,
        scope: &Scope<FilterOf<S>>,
        options: FollowOptions,
    ) -> Self {
        let names = logs.iter().map(|(name, _)| &**name);
        let (positions, after) = Positions::new(names, options.after.as_ref());
        let FollowOptions { history, start, .. } = options;
        let options = options.start(false);
        let parts = logs.iter().zip(after).map(|((_, log), after)| Part {
            follow: log.follow(scope.clone(), options.clone().after(after)).merged_by(rank),
            is_live: false,
            overdue: false,
        });
        Self {
            parts: parts.collect(),
            positions,
            ready: VecDeque::new(),
            newest: match history {
                History::Newest(count) => count,
                History::All => usize::MAX,
            },
            begun: false,
            ended: false,
            sends_start: start,
            heartbeat: None,
            turn: 0,
            patience: None,
        }
    }

    /// Waits for the next events: one, or several in one piece. `None` once a log is drained.
    pub async fn next(&mut self) -> Option<Encoded> {
        // It tells what fails by events.
        poll_fn(|cx| Pin::new(&mut *self).poll_events(cx)).await?.ok()
    }

    fn begin_all(&mut self, cx: &mut Context<'_>) {
        self.begun = true;
        let began = self.parts.iter_mut().map(|part| part.follow.begin_part(cx));
        let began: Vec<_> = began.collect();
        if self.sends_start {
            let names = (0..began.len()).map(|log| self.positions.name(log));
            let start =
                notice::start_of(names.zip(began), self.positions.carried(), self.heartbeat);
            self.ready.push_back(start);
        }
    }

    /// What logs have that needs no order, or else what history they wait with; whether one is to be
    /// waited for.
    fn poll_parts(&mut self, cx: &mut Context<'_>) -> Step {
        let (mut heads, mut newest, mut waited_for, mut held) = (Vec::new(), Vec::new(), false, 0);
        for nth in 0..self.parts.len() {
            let log = (self.turn + nth) % self.parts.len();
            let part = &mut self.parts[log];
            match part.follow.poll_part(!part.is_live, cx) {
                Poll::Pending => {
                    waited_for |= !part.is_live && !part.overdue && !part.follow.is_away();
                    continue;
                }
                Poll::Ready(PartRead::Events(frame)) => {
                    self.turn = log + 1;
                    return Step::Events(log, frame);
                }
                Poll::Ready(PartRead::Failed(error)) => return Step::Failed(error),
                Poll::Ready(PartRead::Ended) => return Step::Ended,
                Poll::Ready(PartRead::History(rank)) => heads.push((rank, log)),
                Poll::Ready(PartRead::Newest(ranks)) => newest.push((log, ranks)),
                Poll::Ready(PartRead::Live) => held += 1,
            }
            part.overdue = false;
        }
        if heads.is_empty() && newest.is_empty() && held == 0 {
            Step::Nothing
        } else {
            Step::History { heads, newest, waited_for }
        }
    }

    /// Whether all who should have had time to answer.
    fn poll_patience(&mut self, waited_for: bool, cx: &mut Context<'_>) -> Poll<()> {
        if waited_for {
            let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
            ready!(patience.as_mut().poll(cx));
            // Those that have answered are set right when they are asked next.
            self.parts.iter_mut().for_each(|part| part.overdue = !part.is_live);
        }
        self.patience = None;
        Poll::Ready(())
    }

    /// How many of its newest records each log sends, so that they are the newest of all.
    fn take_newest(&mut self, newest: Vec<(usize, Vec<Rank>)>) {
        let mut all: Vec<_> =
            newest.iter().flat_map(|(log, ranks)| ranks.iter().map(|rank| (*rank, *log))).collect();
        let left_out = all.len().saturating_sub(self.newest);
        // Those of one log stay in its own order.
        all.sort_by_key(|(rank, _)| *rank);
        for (log, ranks) in newest {
            let out = all[..left_out].iter().filter(|(_, of)| *of == log).count();
            self.parts[log].follow.take_newest(ranks.len() - out);
        }
    }

    /// The log whose next record of history ranks lowest, and up to where it goes before others do.
    fn first(heads: &[(Rank, usize)]) -> Option<(usize, Option<Rank>)> {
        let (rank, log) = heads.iter().min()?;
        let others = heads.iter().filter(|(_, other)| other != log);
        let until = others.map(|(rank, _)| *rank).min();
        debug_assert!(until.is_none_or(|until| until >= *rank), "it is the lowest");
        Some((*log, until))
    }
}

/// What is to be done next.
enum Step {
    Events(usize, Encoded),
    Failed(BoxError),
    Ended,
    Nothing,
    History { heads: Vec<(Rank, usize)>, newest: Vec<(usize, Vec<Rank>)>, waited_for: bool },
}

/// Its parts are.
impl<S: Source> Unpin for MergedFollow<S> {}

impl<S: Source> Feed for MergedFollow<S> {
    fn poll_events(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Encoded, BoxError>>> {
        let this = self.get_mut();
        if !this.begun {
            this.begin_all(cx);
        }
        loop {
            if let Some(frame) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(frame)));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match this.poll_parts(cx) {
                Step::Nothing => return Poll::Pending,
                Step::Events(log, frame) => {
                    let frame = renamed(&frame, log, &mut this.positions);
                    return Poll::Ready(Some(Ok(frame)));
                }
                Step::Failed(error) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                Step::Ended => this.ended = true,
                Step::History { heads, newest, waited_for } => {
                    ready!(this.poll_patience(waited_for, cx));
                    if !newest.is_empty() {
                        this.take_newest(newest);
                    } else if let Some((log, until)) = Self::first(&heads) {
                        let sent = ready!(this.parts[log].follow.poll_history(until, cx));
                        if let Some(frame) = sent {
                            let frame = renamed(&frame, log, &mut this.positions);
                            return Poll::Ready(Some(Ok(frame)));
                        }
                    } else {
                        // Nobody has history to send, but who is not waited for.
                        for part in this.parts.iter_mut().filter(|part| !part.overdue) {
                            part.is_live |= part.follow.is_past_history();
                        }
                    }
                }
            }
        }
    }

    fn begin(self: Pin<&mut Self>, heartbeat: Option<Duration>) {
        let this = self.get_mut();
        this.heartbeat = heartbeat;
        for part in &mut this.parts {
            Pin::new(&mut part.follow).begin(heartbeat);
        }
    }

    fn resumes(&self) -> bool {
        true
    }

    fn heartbeat(self: Pin<&mut Self>) -> Option<Encoded> {
        let this = self.get_mut();
        let mut syncs = Vec::new();
        for (log, part) in this.parts.iter_mut().enumerate() {
            let sync = Pin::new(&mut part.follow).heartbeat();
            syncs.extend(sync.map(|sync| renamed(&sync, log, &mut this.positions)));
        }
        (!syncs.is_empty()).then(|| Encoded::merge(&syncs))
    }
}

impl<S: Source> fmt::Debug for MergedFollow<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts.iter().map(|part| &part.follow);
        f.debug_struct("MergedFollow")
            .field("parts", &parts.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
