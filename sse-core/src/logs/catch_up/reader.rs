//! A stream that is given what it has missed.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::group::CatchUp;
use super::readers::{Seek, Tells};
use crate::follow::internals::{Located, News, RingRead, Subscription};
use crate::follow::panics::caught;
use crate::follow::{Fault, Filter, Scope};
use crate::wire::Encoded;

/// How many bytes of events a reader is given at once.
const READ: usize = 32 * 1024;

/// One reader of a catch-up. Dropping it leaves nothing behind.
pub(in crate::logs) struct CatchUpReader<P: Ord + Clone, F: Filter> {
    catch_up: Arc<CatchUp<P, F>>,
    number: usize,
    subscription: Subscription<P, F>,
    /// The life of the log that the pass reads.
    epoch: Option<u32>,
    located: bool,
    tells: Tells<P>,
    /// How many failures of passes it knows of, or came after.
    failures: u64,
}

/// What a reader is given.
#[derive(Debug)]
pub(in crate::logs) enum CatchUpRead<P> {
    /// Events, up to this position; none if the filter has left out all of them.
    Events(Option<Encoded>, P),
    /// There is nothing for it up to this position, and nothing more of what it has missed at the
    /// moment: the log's own ring may have what follows.
    Through(P),
    /// The source could not be read.
    Failed(Fault),
    /// The filter of the stream has panicked, with these words.
    Panicked(String),
}

impl<P: Ord + Clone, F: Filter> CatchUpReader<P, F> {
    /// Joins `catch_up`.
    pub(in crate::logs) fn join(catch_up: &Arc<CatchUp<P, F>>, scope: Scope<F>) -> Self {
        let failures = catch_up.failures();
        let number = catch_up.readers().join();
        let subscription = catch_up.hub.subscribe(scope);
        let catch_up = Arc::clone(catch_up);
        let (epoch, located, tells) = (None, false, Tells::Moved);
        Self { catch_up, number, subscription, epoch, located, tells, failures }
    }

    /// Waits for what follows `at` in the life of the log that `epoch` names.
    pub(in crate::logs) fn poll_next(
        &mut self,
        epoch: u32,
        at: &P,
        cx: &mut Context<'_>,
    ) -> Poll<CatchUpRead<P>> {
        if let Some(fault) = self.failure(at) {
            return Poll::Ready(CatchUpRead::Failed(fault));
        }
        loop {
            let news = if self.located {
                match self.subscription.poll_read(READ, cx) {
                    Poll::Ready(Ok(RingRead::Events { frame, last })) => {
                        self.moved_to(&last);
                        return Poll::Ready(CatchUpRead::Events(frame, last));
                    }
                    Poll::Ready(Ok(RingRead::Lagged)) => return self.needs_pass(at),
                    Poll::Ready(Ok(RingRead::Panicked(words))) => {
                        return Poll::Ready(CatchUpRead::Panicked(words));
                    }
                    Poll::Pending => return self.rest(at),
                    Poll::Ready(Err(news)) => news,
                }
            } else {
                if self.seek(at, cx) == Seek::Wait {
                    return Poll::Pending;
                }
                match self.subscription.poll_locate(at, cx) {
                    Poll::Ready(Ok(Located::Live)) if self.epoch == Some(epoch) => {
                        self.located = true;
                        self.move_to(at);
                        continue;
                    }
                    // What it needs has left the ring of the pass, or is of another life of the log.
                    Poll::Ready(Ok(_)) => {
                        self.wait(at);
                        continue;
                    }
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(news)) => news,
                }
            };
            if let News::Epoch(epoch) = news {
                (self.epoch, self.located) = (Some(epoch), false);
            }
        }
    }

    /// There is nothing for it at the moment.
    fn rest(&mut self, at: &P) -> Poll<CatchUpRead<P>> {
        let Some(head) = self.subscription.caught_up() else {
            // There is more, whose verdicts are not found yet.
            return Poll::Pending;
        };
        if head > *at {
            self.moved_to(&head);
            return Poll::Ready(CatchUpRead::Through(head));
        }
        if self.catch_up.in_pass() { Poll::Pending } else { self.needs_pass(at) }
    }

    /// What follows is not to be had of this pass: of the log's own ring, or of the next pass.
    fn needs_pass(&mut self, at: &P) -> Poll<CatchUpRead<P>> {
        self.located = false;
        self.wait(at);
        Poll::Ready(CatchUpRead::Through(at.clone()))
    }

    fn wait(&self, at: &P) {
        self.catch_up.change(|readers| readers.wait(self.number, at));
    }

    fn seek(&self, at: &P, cx: &Context<'_>) -> Seek {
        let waker = cx.waker().clone();
        self.catch_up.change(|readers| readers.seek(self.number, at, waker)).0
    }

    fn moved_to(&mut self, at: &P) {
        let tells = match &self.tells {
            Tells::Moved => true,
            Tells::From(end) => at >= end,
            Tells::Never => false,
        };
        if tells {
            self.move_to(at);
        }
    }

    fn move_to(&mut self, at: &P) {
        self.tells = self.catch_up.change(|readers| readers.move_to(self.number, at));
    }

    /// Why a pass has failed since this was asked last.
    fn failure(&mut self, at: &P) -> Option<Fault> {
        let failures = self.catch_up.failures();
        if std::mem::replace(&mut self.failures, failures) == failures {
            return None;
        }
        self.catch_up.readers().failure(at)
    }
}

impl<P: Ord + Clone, F: Filter> Drop for CatchUpReader<P, F> {
    fn drop(&mut self) {
        // Positions are compared and dropped, which is code of the source: if that panics, it is no
        // reason to end the process, which a panic within another one does.
        let _ = caught(|| {
            let left = self.catch_up.change(|readers| readers.leave(self.number));
            drop(left);
        });
        if self.catch_up.readers().len() == 0 {
            let _ = caught(|| self.catch_up.let_go());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::cmp::Ordering;

    use super::*;
    use crate::follow::Everything;
    use crate::logs::catch_up::CatchUps;

    thread_local! {
        static FAILS: Cell<bool> = const { Cell::new(false) };
    }

    /// A position that sometimes cannot be compared.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Moody(u32);

    impl Ord for Moody {
        fn cmp(&self, other: &Self) -> Ordering {
            assert!(!FAILS.get(), "the position panics");
            self.0.cmp(&other.0)
        }
    }

    impl PartialOrd for Moody {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    #[test]
    fn a_reader_whose_position_cannot_be_compared_leaves_all_the_same() {
        let catch_ups: CatchUps<Moody, Everything> = CatchUps::new(1000);
        let catch_up = &catch_ups.recent;
        let cx = Context::from_waker(std::task::Waker::noop());
        let join = |at| {
            let reader = CatchUpReader::join(catch_up, Scope::new("s", ["a"]));
            assert_eq!(reader.seek(&Moody(at), &cx), Seek::Wait);
            reader
        };
        let behind = join(1);
        assert_eq!(catch_up.begin_pass(), Some(Moody(1)));
        let ahead = join(5);
        FAILS.set(true);
        drop(ahead);
        FAILS.set(false);
        assert_eq!(catch_up.readers().len(), 1);
        drop(behind);
        assert_eq!(catch_up.readers().len(), 0);
    }
}
