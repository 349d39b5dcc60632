//! A stream that is given what it has missed.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::group::CatchUp;
use crate::follow::internals::{Located, News, RingRead, Subscription};
use crate::follow::{Fault, Filter, Scope};
use crate::wire::Encoded;

/// How many bytes of events a reader is given at once.
const READ: usize = 64 * 1024;

/// One reader of a catch-up. Dropping it leaves nothing behind.
pub(in crate::logs) struct CatchUpReader<P: Ord + Clone, F: Filter> {
    catch_up: Arc<CatchUp<P, F>>,
    number: u64,
    subscription: Subscription<P, F>,
    /// The life of the log that the pass reads.
    epoch: Option<u32>,
    located: bool,
}

/// What a reader is given.
#[derive(Debug)]
pub(in crate::logs) enum CatchUpRead<P> {
    /// Events, up to this position; none if the filter has left out all of them.
    Events(Option<Encoded>, P),
    /// There is nothing for it up to this position.
    Through(P),
    /// The source could not be read.
    Failed(Fault),
    /// The filter of the stream has panicked, with these words.
    Panicked(String),
}

impl<P: Ord + Clone, F: Filter> CatchUpReader<P, F> {
    /// Joins `catch_up`, to go on from `at`.
    pub(in crate::logs) fn join(catch_up: &Arc<CatchUp<P, F>>, scope: Scope<F>, at: P) -> Self {
        let number = catch_up.readers().join(at);
        let subscription = catch_up.hub.subscribe(scope);
        let catch_up = Arc::clone(catch_up);
        Self { catch_up, number, subscription, epoch: None, located: false }
    }

    /// Waits for what follows `at` in the life of the log that `epoch` names.
    pub(in crate::logs) fn poll_next(
        &mut self,
        epoch: u32,
        at: &P,
        cx: &mut Context<'_>,
    ) -> Poll<CatchUpRead<P>> {
        let fault = {
            let mut readers = self.catch_up.readers();
            readers.move_to(self.number, at);
            readers.take_fault(self.number)
        };
        self.catch_up.changed.notify_waiters();
        if let Some(fault) = fault {
            return Poll::Ready(CatchUpRead::Failed(fault));
        }
        loop {
            let polled = if self.located {
                self.subscription.poll_read(READ, cx).map_ok(|read| match read {
                    RingRead::Events { frame, last } => Some(CatchUpRead::Events(frame, last)),
                    RingRead::Lagged => None,
                    RingRead::Panicked(words) => Some(CatchUpRead::Panicked(words)),
                })
            } else {
                match self.subscription.poll_locate(at, cx) {
                    Poll::Ready(Ok(Located::Live)) if self.epoch == Some(epoch) => {
                        self.located = true;
                        self.set_needs_pass(false);
                        continue;
                    }
                    other => other.map_ok(|_| None),
                }
            };
            match polled {
                Poll::Ready(Err(news)) => {
                    if let News::Epoch(epoch) = news {
                        (self.epoch, self.located) = (Some(epoch), false);
                    }
                }
                Poll::Ready(Ok(Some(events))) => {
                    if let CatchUpRead::Events(_, last) = &events {
                        self.move_to(last);
                    }
                    return Poll::Ready(events);
                }
                // What it needs has left the ring of the pass, or is of another life of the log.
                Poll::Ready(Ok(None)) => {
                    self.located = false;
                    self.set_needs_pass(true);
                    // Wakes this when the next pass begins.
                    if self.subscription.poll_news(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
                Poll::Pending => return self.rest(at),
            }
        }
    }

    /// There is nothing for it at the moment.
    fn rest(&self, at: &P) -> Poll<CatchUpRead<P>> {
        let caught_up = self.subscription.caught_up();
        if self.located && caught_up.is_none() {
            // There is more, whose verdicts are not found yet.
            return Poll::Pending;
        }
        if let Some(head) = caught_up.filter(|_| self.located)
            && head > *at
        {
            self.move_to(&head);
            return Poll::Ready(CatchUpRead::Through(head));
        }
        let in_pass = self.catch_up.readers().in_pass();
        if !in_pass {
            self.set_needs_pass(true);
        }
        Poll::Pending
    }

    fn set_needs_pass(&self, needs_pass: bool) {
        self.catch_up.readers().set_needs_pass(self.number, needs_pass);
        self.catch_up.changed.notify_waiters();
    }

    fn move_to(&self, at: &P) {
        self.catch_up.readers().move_to(self.number, at);
        self.catch_up.changed.notify_waiters();
    }
}

impl<P: Ord + Clone, F: Filter> Drop for CatchUpReader<P, F> {
    fn drop(&mut self) {
        self.catch_up.readers().leave(self.number);
        self.catch_up.changed.notify_waiters();
    }
}
