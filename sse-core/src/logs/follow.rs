//! One stream of a log: the machine, and the futures and timers that it needs.

mod delivery;
mod hearing;
mod part;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::availability::{Availability, Driver};
use super::catch_up::{CatchUpRead, CatchUpReader};
use super::inner::{InUse, LogState};
use super::notice::{self, Began};
use super::on_the_way::OnTheWay;
use super::options::FollowOptions;
use super::question::{self, Answer};
use super::rank::RankOf;
use crate::follow::internals::{Machine, News, RingRead, Subscription, Want};
use crate::follow::{FilterOf, Reset, Scope, Source};
use crate::stream::{BoxError, Feed};
use crate::wire::{Encoded, EventId};

/// How many bytes of events are taken from the ring at once.
const READ: usize = 64 * 1024;

/// The events of one stream of a log, for an [`EventStream`](crate::EventStream) to make a
/// response of. Each record is an event with the id of its position; its heartbeat is `sync`, where
/// there is a newer position. What a client must know of the stream itself comes as events of their
/// own, since a browser reads no status or header of an `EventSource`:
///
/// | event | data | meaning |
/// | --- | --- | --- |
/// | `start` | `{"resumed":bool,"reset":null or reason,"heartbeat_ms":number or null}` | the first event: how the stream began |
/// | `sync` | `{}` | a fresh position, as its id |
/// | `reset` | `{"reason":…}` | what the client has is void, and history follows anew; see [`Reset`] |
/// | `status` | `{"source":"unavailable", "failed" or "ok","message":…}` | the source is away and tried again; it needs somebody to act, or refuses what this stream asks for; it is back |
/// | `gap`, `late` | `{"late":number}`, a record | records that came too late for their place |
/// | `gap` | `{"lost":number}` | records that cannot be shown to anybody |
/// | `drain` | `{}` | the server shuts down; the client comes back after the `retry:` beside it |
pub struct Follow<S: Source> {
    log: Arc<InUse<S>>,
    subscription: Subscription<S::Position, FilterOf<S>>,
    machine: Machine<S::Position, S::Key>,
    /// What it does without once it is live and has nothing to send.
    on_the_way: Option<Box<OnTheWay<S>>>,
    epoch: u32,
    /// The filter has left out what came last, so that the client does not know how far it is.
    untold: bool,
    began: Began,
    availability: Availability,
    /// Whether the client is sent `start` and `sync`.
    sends: (bool, bool),
    ended: bool,
    /// The words with which its filter has panicked.
    failed: Option<String>,
    /// By what its history is merged with that of other logs, if it is.
    merged_by: Option<RankOf<S>>,
}

impl<S: Source> Follow<S> {
    pub(super) fn new(
        log: Arc<InUse<S>>,
        scope: Scope<FilterOf<S>>,
        options: FollowOptions,
    ) -> Self {
        let FollowOptions { after, history, start, sync } = options;
        let after = after.filter(|id| !id.as_str().is_empty());
        let brought = after.as_ref().and_then(|id| log.encoding.seal.open(id.as_str(), &scope));
        let began = match (&after, &brought) {
            (None, _) => Began::Fresh,
            (Some(_), Some(_)) => Began::Resumed,
            (Some(_), None) => Began::BadId,
        };
        Self {
            subscription: log.hub.subscribe(scope),
            machine: Machine::new(brought, history),
            on_the_way: None,
            epoch: 0,
            untold: false,
            began,
            availability: Availability::default(),
            sends: (start, sync),
            ended: false,
            failed: None,
            merged_by: None,
            log,
        }
    }

    /// A stream for a client without an id that is given what is committed after `position`, also
    /// what is so before the stream is first polled.
    pub(super) fn from_position(
        log: Arc<InUse<S>>,
        scope: Scope<FilterOf<S>>,
        options: FollowOptions,
        (epoch, position): (u32, S::Position),
    ) -> Self {
        let id = log.encoding.seal.seal_live(epoch, &position, scope.space());
        let mut stream = Self::new(log, scope, options.after(None::<EventId>));
        stream.machine = Machine::from_position(epoch, position);
        // A client that is cut off before the first record comes back to this place.
        stream.on_the_way().begins_at = Some(id);
        stream
    }

    /// Waits for the next events: one, or several in one piece. `None` once the log is drained.
    ///
    /// Where an [`EventStream`](crate::EventStream) does not fit, say over another transport.
    pub async fn next(&mut self) -> Option<Encoded> {
        // It tells what fails by events.
        poll_fn(|cx| Pin::new(&mut *self).poll_events(cx)).await?.ok()
    }

    /// Says how the stream began, as far as is known at once: what turns out later is an event of
    /// its own.
    fn start(&mut self, cx: &mut Context<'_>) -> (bool, Option<Reset>) {
        let mut reset = (self.began == Began::BadId).then_some(Reset::BadId);
        let mut news = Vec::new();
        while let Poll::Ready(told) = self.subscription.poll_news(cx) {
            let last = told == News::Drain;
            if let News::Epoch(epoch) = told {
                self.epoch = epoch;
                reset = reset.or(self.machine.on_epoch(epoch));
            } else {
                news.push(told);
            }
            if last {
                break;
            }
        }
        if self.began == Began::Fresh {
            self.log.counters.fresh.fetch_add(1, Ordering::Relaxed);
        }
        let resumed = self.began == Began::Resumed && reset.is_none();
        self.began = Began::Said;
        if self.sends.0 {
            let heartbeat = self.on_the_way().heartbeat;
            self.push(notice::start(resumed, reset, heartbeat));
        }
        if let Some(id) = self.on_the_way().begins_at.take()
            && self.sends.1
            && reset.is_none()
        {
            self.push(notice::sync(id));
        }
        self.tell_reset(reset);
        for told in news {
            self.on_news(&told);
        }
        (resumed, reset)
    }

    /// One step on the way, and the events that it came to; `Pending` when there is nothing to do
    /// but to wait.
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Encoded>> {
        if let Some(asked) = self.on_the_way.as_mut().and_then(|way| way.asked.as_mut()) {
            if let Poll::Ready(news) = self.subscription.poll_news(cx) {
                self.on_news(&news);
                return Poll::Ready(None);
            }
            let answer = ready!(asked.as_mut().poll(cx));
            self.on_the_way().asked = None;
            self.on_answer(answer);
            return Poll::Ready(None);
        }
        if self.on_the_way.as_ref().is_some_and(|way| way.unsent.is_some()) {
            if let Poll::Ready(news) = self.subscription.poll_news(cx) {
                self.on_news(&news);
                return Poll::Ready(None);
            }
            let piece = self.next_piece();
            return if piece.is_some() { Poll::Ready(piece) } else { yields(cx) };
        }
        if self.availability.is_refused() {
            let news = ready!(self.subscription.poll_news(cx));
            self.on_news(&news);
            return Poll::Ready(None);
        }
        match self.machine.want() {
            Want::Epoch => match self.subscription.poll_news(cx) {
                Poll::Ready(news) => self.on_news(&news),
                Poll::Pending => {
                    let missing = self.log.state() == LogState::NotStarted;
                    if !missing || self.availability.driver == Driver::NotStarted {
                        return Poll::Pending;
                    }
                    self.ask(question::driver());
                }
            },
            Want::Resume(frontier) => self.ask(question::resume(Arc::clone(&self.log), frontier)),
            Want::History(query) => {
                let scope = self.subscription.scope().clone();
                self.ask(question::history(Arc::clone(&self.log), scope, query));
            }
            Want::Changes(from) => self.ask_for_changes(from),
            Want::CatchUp(from) => return self.catch_up(&from, cx),
            Want::Locate(position) => match ready!(self.subscription.poll_locate(&position, cx)) {
                Ok(located) => self.on_located(located),
                Err(news) => self.on_news(&news),
            },
            Want::Read => match self.subscription.poll_read(READ, cx) {
                Poll::Pending => {
                    self.on_the_way = None;
                    return Poll::Pending;
                }
                Poll::Ready(Ok(RingRead::Events { frame, last })) => {
                    self.untold = frame.is_none();
                    self.machine.on_read(last);
                    return Poll::Ready(frame);
                }
                Poll::Ready(Ok(RingRead::Panicked(words))) => self.failed = Some(words),
                Poll::Ready(Ok(RingRead::Lagged)) => {
                    self.log.counters.lagged.fetch_add(1, Ordering::Relaxed);
                    self.machine.on_lagged();
                }
                Poll::Ready(Err(news)) => self.on_news(&news),
            },
        }
        Poll::Ready(None)
    }

    fn catch_up(&mut self, from: &S::Position, cx: &mut Context<'_>) -> Poll<Option<Encoded>> {
        if let Poll::Ready(news) = self.subscription.poll_news(cx) {
            self.on_news(&news);
            return Poll::Ready(None);
        }
        let (log, scope) = (&self.log, self.subscription.scope());
        let way = self.on_the_way.get_or_insert_default();
        let reader = way
            .catching_up
            .get_or_insert_with(|| CatchUpReader::join(log.catch_ups.of(from), scope.clone()));
        let frame = match ready!(reader.poll_next(self.epoch, from, cx)) {
            CatchUpRead::Panicked(words) => {
                self.failed = Some(words);
                return Poll::Ready(None);
            }
            CatchUpRead::Failed(fault) => {
                self.on_fault(fault);
                return Poll::Ready(None);
            }
            CatchUpRead::Through(position) => {
                self.machine.on_caught_up(position);
                self.works();
                return Poll::Ready(None);
            }
            CatchUpRead::Events(frame, last) => {
                self.untold = frame.is_none();
                self.machine.on_read(last);
                frame
            }
        };
        self.works();
        Poll::Ready(frame)
    }

    fn ask(&mut self, question: impl Future<Output = Answer<S>> + Send + 'static) {
        self.on_the_way().asked = Some(Box::pin(question));
    }

    fn ask_for_changes(&mut self, from: S::Position) {
        let open = self.on_the_way().changes.take();
        let open = open.filter(|open| open.0 == from).map(|open| open.1);
        self.ask(question::changes(Arc::clone(&self.log), from, open));
    }

    fn on_the_way(&mut self) -> &mut OnTheWay<S> {
        self.on_the_way.get_or_insert_default()
    }

    fn push(&mut self, event: Encoded) {
        self.on_the_way().ready.push(event);
    }

    fn push_sync(&mut self, sync: Encoded) {
        if self.sends.1 {
            self.push(sync);
        }
    }

    fn count_path(&mut self) {
        if let Some(path) = self.machine.take_path() {
            self.log.counters.resumed(path);
        }
    }

    fn sync(&self, position: &S::Position) -> Encoded {
        let space = self.subscription.scope().space();
        notice::sync(self.log.encoding.seal.seal_live(self.epoch, position, space))
    }
}

/// Leaves the thread to others before it goes on.
fn yields<T>(cx: &Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Its futures are in boxes of their own.
impl<S: Source> Unpin for Follow<S> {}

impl<S: Source> Feed for Follow<S> {
    fn poll_events(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Encoded, BoxError>>> {
        let this = self.get_mut();
        loop {
            if this.began != Began::Said {
                this.start(cx);
            }
            if let Some(frame) = this.on_the_way.as_mut().and_then(|way| way.ready.pop()) {
                return Poll::Ready(Some(Ok(frame)));
            }
            if let Some(words) = this.failed.take() {
                this.ended = true;
                let error = format!("the filter of the stream has panicked: {words}");
                return Poll::Ready(Some(Err(error.into())));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            if let Some(frame) = ready!(this.step(cx)) {
                return Poll::Ready(Some(Ok(frame)));
            }
        }
    }

    fn begin(self: Pin<&mut Self>, heartbeat: Option<Duration>) {
        self.get_mut().on_the_way().heartbeat = heartbeat;
    }

    fn resumes(&self) -> bool {
        true
    }

    /// A position grows old while the log goes on elsewhere.
    fn heartbeat(self: Pin<&mut Self>) -> Option<Encoded> {
        let this = self.get_mut();
        let at = this.machine.live().filter(|_| this.sends.1)?;
        let head = this.subscription.caught_up()?;
        if head <= *at && !this.untold {
            return None;
        }
        this.untold = false;
        let sync = this.sync(&head);
        this.machine.on_read(head);
        Some(sync)
    }
}

impl<S: Source> fmt::Debug for Follow<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("scope", self.subscription.scope())
            .field("machine", &self.machine)
            .finish_non_exhaustive()
    }
}
