//! One reader of a hub.

use std::fmt;
use std::task::{Context, Poll};

use super::afterwards::Afterwards;
use super::cursor::{Cursor, Look};
use super::decide::{Undecided, decide};
use super::reading::{Located, News, RingRead};
use super::ring::Standing;
use super::scopes::hash;
use super::state::{Shared, lock};
use crate::follow::filter::{Everything, Filter};
use crate::follow::topic::Scope;

/// One reader of a hub. Dropping it leaves nothing behind.
pub struct Subscription<P: Ord + Clone, F: Filter = Everything> {
    hub: Shared<P, F>,
    cursor: Cursor<F>,
    yields: Yields,
}

/// When a reader leaves its thread to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Yields {
    /// When there is nothing for it.
    WhenDone,
    /// As before, and that is likely.
    Soon,
    /// Before it goes on, since it has worked for a while.
    Now,
}

impl<P: Ord + Clone, F: Filter> Subscription<P, F> {
    /// Joins the readers of `scope`, without a place yet.
    pub(super) fn new(hub: &Shared<P, F>, scope: Scope<F>) -> Self {
        let admits_all = scope.filter().admits_all();
        let hash = hash(&scope);
        let (mut compared, mut equal) = (Vec::new(), None);
        let (reader, joined) = loop {
            let mut state = lock(hub);
            let known = equal.take().and_then(|equal| state.scopes.join(hash, &equal));
            if let Some(joined) = known {
                break (state.join(&joined.scope), joined);
            }
            let similar = state.scopes.similar(hash, &compared);
            if similar.is_empty() {
                let joined = state.scopes.keep(hash, scope);
                break (state.join(&joined.scope), joined);
            }
            drop(state);
            for other in similar {
                if other == scope {
                    equal = Some(other);
                } else {
                    compared.push(other);
                }
            }
        };
        let cursor = Cursor {
            reader,
            joined,
            admits_all,
            epoch: None,
            outage: None,
            stopped: false,
            place: 0,
            read_to: 0,
        };
        Self { hub: hub.clone(), cursor, yields: Yields::WhenDone }
    }

    /// What this reads.
    pub fn scope(&self) -> &Scope<F> {
        &self.cursor.joined.scope
    }

    /// Waits for news.
    pub fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<News> {
        let mut waker = Some(cx.waker().clone());
        let mut state = lock(&self.hub);
        if let Some(news) = self.cursor.news(&state) {
            return Poll::Ready(news);
        }
        self.cursor.wait(&mut state, &mut waker);
        Poll::Pending
    }

    /// Takes the place right after `position`, or tells that the ring does not reach back to it;
    /// waits while the ring has not come so far yet.
    ///
    /// # Errors
    ///
    /// News, which come first.
    pub fn poll_locate(
        &mut self,
        position: &P,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Located, News>> {
        let mut waker = Some(cx.waker().clone());
        let cursor = &mut self.cursor;
        loop {
            let mut state = lock(&self.hub);
            if let Some(news) = cursor.news(&state) {
                return Poll::Ready(Err(news));
            }
            let ring = state.open.as_mut().map(|(_, ring)| ring);
            match ring.map(|ring| ring.locate(&cursor.joined.scope, position)) {
                Some(Standing::Within(place)) => {
                    (cursor.place, cursor.read_to) = (place, 0);
                    return Poll::Ready(Ok(Located::Live));
                }
                Some(Standing::Behind) => return Poll::Ready(Ok(Located::Behind)),
                Some(Standing::Ahead) | None => {
                    state.ahead.insert(cursor.reader);
                    cursor.wait(&mut state, &mut waker);
                    return Poll::Pending;
                }
                Some(Standing::Unknown) => {}
            }
        }
    }

    /// Takes the next events, at least one and up to `max_bytes`; waits while there are none.
    /// Its place moves past what the filter leaves out.
    ///
    /// Where the filter is asked, that is done in steps. After one that was cut short, this answers
    /// `Pending` once and wakes the task at once: others come in between.
    ///
    /// # Errors
    ///
    /// News, which come first.
    pub fn poll_read(
        &mut self,
        max_bytes: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result<RingRead<P>, News>> {
        let yields = std::mem::replace(&mut self.yields, Yields::WhenDone);
        if yields == Yields::Now {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        // A waker is cloned before the lock is taken: where it is likely to be of use, and else
        // when it is, in a second look.
        let mut waker = (yields == Yields::Soon).then(|| cx.waker().clone());
        loop {
            let mut state = lock(&self.hub);
            match self.cursor.look(&mut state, max_bytes) {
                Look::Done(read) => {
                    let at_end = self.cursor.read_to > 0;
                    if self.yields == Yields::WhenDone && at_end {
                        self.yields = Yields::Soon;
                    }
                    return Poll::Ready(read);
                }
                Look::Wait => {
                    if self.cursor.wait(&mut state, &mut waker) {
                        return Poll::Pending;
                    }
                    drop(state);
                    waker = Some(cx.waker().clone());
                }
                Look::Decide(run, undecided) => {
                    drop(state);
                    if let Err(words) = self.decide(run, undecided) {
                        return Poll::Ready(Ok(RingRead::Panicked(words)));
                    }
                }
            }
        }
    }

    /// Finds verdicts, and gives the claim on them back, whatever happens.
    fn decide(&mut self, run: u64, undecided: Undecided<P, F::Mark>) -> Result<(), String> {
        let decided = decide(self.scope(), undecided);
        if decided.as_ref().is_ok_and(|decided| !decided.is_all) {
            self.yields = Yields::Now;
        }
        let (decided, panicked) = match decided {
            Ok(decided) => (Some(decided), Ok(())),
            Err(words) => (None, Err(words)),
        };
        let mut afterwards = Afterwards::<()>::default();
        let mut state = lock(&self.hub);
        let state = &mut *state;
        let first = state.open.as_ref().map_or(0, |(_, ring)| ring.first_place());
        if let Some(verdicts) = state.scopes.verdicts(self.cursor.joined.key) {
            let waiting = verdicts.give_back(run, decided, first);
            state.wakers(waiting, &mut afterwards.wake.0);
        }
        panicked
    }

    /// The position up to which everything was published, if this reader has read all of it.
    pub fn caught_up(&self) -> Option<P> {
        let Self { hub, cursor, .. } = self;
        let state = lock(hub);
        let (epoch, ring) = state.open.as_ref()?;
        let scope = &cursor.joined.scope;
        let read_all = Some(*epoch) == cursor.epoch && ring.is_read(scope, cursor.place);
        read_all.then(|| ring.head().clone())
    }
}

impl<P: Ord + Clone, F: Filter> Drop for Subscription<P, F> {
    fn drop(&mut self) {
        // What is of others is dropped when the lock has been released.
        let left = lock(&self.hub).leave(self.cursor.reader, &self.cursor.joined);
        drop(left);
    }
}

impl<P: Ord + Clone, F: Filter> fmt::Debug for Subscription<P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("scope", self.scope())
            .field("place", &self.cursor.place)
            .finish_non_exhaustive()
    }
}
