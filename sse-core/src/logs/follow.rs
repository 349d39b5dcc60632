//! One stream of a log: the machine, and the futures and timers that it needs.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::availability::{Availability, Driver};
use super::catch_up::{CatchUpRead, CatchUpReader};
use super::encoding::{Encoding, late_event};
use super::failure::LogReader;
use super::inner::{InUse, LogState};
use super::notice::{self, Began};
use super::on_the_way::OnTheWay;
use super::options::FollowOptions;
use super::question::{self, Answer};
use crate::follow::internals::{Located, Machine, News, RingRead, Subscription, Want, gap};
use crate::follow::{
    Batch, Entry, Fault, Filter, FilterOf, FrontierOf, Page, Record, Reset, Scope, SortOrder,
    Source,
};
use crate::stream::random::jitter;
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
    fn start(&mut self, cx: &mut Context<'_>) {
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
        let reader = way.catching_up.get_or_insert_with(|| {
            CatchUpReader::join(log.catch_ups.of(from), scope.clone(), from.clone())
        });
        let (frame, last) = match ready!(reader.poll_next(self.epoch, from, cx)) {
            CatchUpRead::Failed(fault) => {
                self.on_fault(fault);
                return Poll::Ready(None);
            }
            CatchUpRead::Through(position) => (None, position),
            CatchUpRead::Events(frame, last) => {
                self.untold = frame.is_none();
                (frame, last)
            }
        };
        self.machine.on_read(last);
        self.works();
        Poll::Ready(frame)
    }

    /// The source has answered.
    fn works(&mut self) {
        self.on_the_way().backoff.reset();
        self.availability.failing = None;
        self.tell_status();
    }

    fn ask(&mut self, question: impl Future<Output = Answer<S>> + Send + 'static) {
        self.on_the_way().asked = Some(Box::pin(question));
    }

    fn ask_for_changes(&mut self, from: S::Position) {
        let open = self.on_the_way().changes.take();
        let open = open.filter(|open| open.0 == from).map(|open| open.1);
        self.ask(question::changes(Arc::clone(&self.log), from, open));
    }

    fn on_news(&mut self, news: &News) {
        match news {
            News::Epoch(epoch) => {
                self.availability.driver_runs();
                self.epoch = *epoch;
                // What was refused in another life of the log is asked anew.
                self.availability.failing = None;
                self.tell_status();
                let way = self.on_the_way();
                (way.asked, way.changes, way.catching_up) = (None, None, None);
                let reset = self.machine.on_epoch(*epoch);
                self.tell_reset(reset);
            }
            News::Outage(outage) => {
                self.availability.driver_runs();
                self.availability.outage = *outage;
                self.tell_status();
            }
            News::Stopped => {
                self.availability.driver = Driver::Stopped;
                self.tell_status();
            }
            News::Drain => {
                let drain = self.log.options.drain;
                self.push(notice::drain(drain / 20 + jitter(drain)));
                self.on_the_way().asked = None;
                self.ended = true;
            }
        }
    }

    fn on_located(&mut self, located: Located) {
        self.machine.on_located(located);
        self.count_path();
        if located == Located::Live {
            self.on_the_way().catching_up = None;
        }
    }

    fn on_answer(&mut self, answer: Answer<S>) {
        let failed = match answer {
            Answer::Waited => return,
            Answer::WaitedForDriver => {
                if self.log.state() == LogState::NotStarted {
                    self.availability.driver = Driver::NotStarted;
                    self.tell_status();
                }
                return;
            }
            Answer::Resumed(Ok(checked)) => {
                let reset = self.machine.on_resumed(checked);
                self.tell_reset(reset);
                self.count_path();
                None
            }
            Answer::Page(order, Ok(page)) => {
                self.on_page(order, page);
                None
            }
            Answer::Changes(Ok((batch, changes))) => {
                self.on_batch(batch, changes);
                None
            }
            Answer::Resumed(Err(error))
            | Answer::Page(_, Err(error))
            | Answer::Changes(Err(error)) => Some(error),
        };
        match failed {
            None => self.works(),
            Some(failure) => {
                let fault = failure.fault();
                self.log.counters.failures.count(LogReader::Stream, &failure);
                self.log.reports.stream_failed(failure);
                self.on_fault(fault);
            }
        }
    }

    fn on_page(&mut self, order: SortOrder, page: Page<S>) {
        let Page { as_of, mut entries, more_after, .. } = page;
        if order == SortOrder::Descending {
            entries.reverse();
        }
        self.machine.on_page(as_of);
        // Those of an up-move are done with.
        self.on_the_way().changes = None;
        for entry in &entries {
            if let Some(frontier) = self.machine.past(&entry.key) {
                self.deliver(&entry.record, &frontier);
            }
        }
        if let Some(frontier) = self.machine.on_page_end(more_after) {
            // What the filter left out is not to be looked at again.
            let id = self.log.encoding.seal.seal(self.epoch, &frontier, self.subscription.scope());
            self.push_sync(notice::sync(id));
        }
        if let Want::Locate(position) = self.machine.want() {
            // History is complete. A client that had nothing of it needs a position now: the ring
            // may be a while behind this one.
            self.push_sync(self.sync(&position));
        }
    }

    fn on_batch(&mut self, batch: Batch<S>, changes: S::Changes) {
        let Batch { changes: records, late, through } = batch;
        for (position, entry) in &records {
            let scope = self.subscription.scope();
            if scope.contains(&entry.topic)
                && scope.filter().admits(&entry.record.mark())
                && let Some(frontier) = self.machine.change(position, &entry.key)
            {
                self.deliver(&entry.record, &frontier);
            }
        }
        self.deliver_late(&late, &through);
        self.machine.on_through(through.clone());
        self.on_the_way().changes = Some((through, changes));
    }

    fn deliver_late(&mut self, late: &[Entry<S::Key, S::Record>], through: &S::Position) {
        let scope = self.subscription.scope();
        let mut frames = Vec::new();
        let mut behind = None;
        for Entry { topic, key, record } in late {
            if scope.contains(topic)
                && scope.filter().admits(&record.mark())
                && let Some(frontier) = self.machine.late(through, key)
            {
                frames.push(late_event(record));
                behind = Some(frontier);
            }
        }
        if let Some(frontier) = behind {
            let id = self.log.encoding.seal.seal(self.epoch, &frontier, scope);
            frames.insert(0, gap(frames.len(), id));
            // In one piece, since none of them has an id of its own.
            self.push(Encoded::merge(&frames));
        }
    }

    fn deliver(&mut self, record: &S::Record, frontier: &FrontierOf<S>) {
        let Encoding { seal, .. } = &self.log.encoding;
        let id = || seal.seal(self.epoch, frontier, self.subscription.scope());
        let event = self.log.encoding.event(record, id);
        self.push(event);
    }

    fn on_fault(&mut self, fault: Fault) {
        let way = self.on_the_way();
        (way.changes, way.catching_up) = (None, None);
        let reset = self.machine.on_fault(fault);
        self.tell_reset(reset);
        if !matches!(fault, Fault::SnapshotGone | Fault::HistoryLost) {
            self.availability.failing = Some(fault);
            self.tell_status();
        }
        if self.availability.is_refused() {
            return;
        }
        // Whatever it was, the source is not asked again without a pause.
        let wait = self.on_the_way().backoff.next();
        self.ask(question::pause(wait));
    }

    fn tell_reset(&mut self, reset: Option<Reset>) {
        if let Some(reset) = reset {
            self.log.counters.reset(reset);
            self.push(notice::reset(reset));
        }
    }

    /// Tells each change of the source's state once, whether the tail or this stream noticed it.
    fn tell_status(&mut self) {
        if let Some(status) = self.availability.news() {
            self.push(notice::status(status));
        }
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
