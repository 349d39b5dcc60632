//! A stream as part of one of several logs, which says when its history is sent.

use std::task::{Context, Poll, ready};

use super::Follow;
use crate::follow::internals::Want;
use crate::follow::{Entry, Reset, Source};
use crate::logs::notice::Began;
use crate::logs::part_read::PartRead;
use crate::logs::rank::{Rank, RankOf};
use crate::logs::unsent::{Unsent, UnsentPage};
use crate::wire::Encoded;

impl<S: Source> Follow<S> {
    /// The same stream as a part of one that merges by `rank`.
    pub(in crate::logs) fn merged_by(self, rank: RankOf<S>) -> Self {
        Self { merged_by: Some(rank), ..self }
    }

    /// Whether it goes on where its client was, and why it does not.
    pub(in crate::logs) fn begin_part(&mut self, cx: &mut Context<'_>) -> (bool, Option<Reset>) {
        self.start(cx)
    }

    /// What it has next. History waits until [`poll_history`](Self::poll_history) or
    /// [`take_newest`](Self::take_newest) is called, and what comes after it as long as it is
    /// `held`.
    pub(in crate::logs) fn poll_part(
        &mut self,
        held: bool,
        cx: &mut Context<'_>,
    ) -> Poll<PartRead> {
        debug_assert!(self.began == Began::Said, "it has begun");
        loop {
            if let Some(frame) = self.on_the_way.as_mut().and_then(|way| way.ready.pop()) {
                return Poll::Ready(PartRead::Events(frame));
            }
            if let Some(words) = self.failed.take() {
                self.ended = true;
                let error = format!("the filter of the stream has panicked: {words}");
                return Poll::Ready(PartRead::Failed(error.into()));
            }
            if self.ended {
                return Poll::Ready(PartRead::Ended);
            }
            if let Some(waits) = self.waits() {
                return Poll::Ready(waits);
            }
            if held && self.is_past_history() {
                return Poll::Ready(PartRead::Live);
            }
            if let Some(frame) = ready!(self.step(cx)) {
                return Poll::Ready(PartRead::Events(frame));
            }
        }
    }

    /// All of its history was sent.
    pub(in crate::logs) fn is_past_history(&self) -> bool {
        matches!(self.machine.want(), Want::Locate(_) | Want::CatchUp(_) | Want::Read)
    }

    /// The history that it has and does not send yet.
    fn waits(&self) -> Option<PartRead> {
        let (rank, way) = (self.merged_by?, self.on_the_way.as_ref()?);
        if let Some((keys, _)) = &way.newest {
            return Some(PartRead::Newest(keys.iter().map(rank).collect()));
        }
        let Some(Unsent::Page(page)) = &way.unsent else { return None };
        Some(PartRead::History(rank(&page.entries.as_slice().first()?.key)))
    }

    /// Sends of its history what is not beyond `until`, and one record in any case; `None` if there
    /// is something else to do first.
    pub(in crate::logs) fn poll_history(
        &mut self,
        until: Option<Rank>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Encoded>> {
        self.on_the_way().until = until;
        self.step(cx)
    }

    /// So many of its newest records are for the client, and are read from now on.
    pub(in crate::logs) fn take_newest(&mut self, count: usize) {
        let Some((mut keys, begins_after)) = self.on_the_way().newest.take() else { return };
        let before = keys.len().saturating_sub(count);
        let after = match before.checked_sub(1) {
            Some(last) => Some(keys.swap_remove(last)),
            None => begins_after,
        };
        if count > 0 {
            self.machine.on_large_page(after);
        } else {
            // There is nothing of it: the stream is where the snapshot ends.
            self.machine.on_page_end(None);
            if let Want::Locate(position) = self.machine.want() {
                self.push_sync(self.sync(&position));
            }
        }
    }

    /// Whether its client was told that nothing new can come.
    pub(in crate::logs) fn is_away(&self) -> bool {
        self.availability.is_told_away()
    }

    /// The next record of a page, unless that is beyond what may be sent after the first.
    pub(super) fn next_of(
        &mut self,
        page: &mut UnsentPage<S>,
        has_some: bool,
    ) -> Option<Entry<S::Key, S::Record>> {
        let until = self.on_the_way.as_ref().and_then(|way| way.until);
        if let (true, Some(rank), Some(until)) = (has_some, self.merged_by, until) {
            let next = page.entries.as_slice().first()?;
            if rank(&next.key) > until {
                return None;
            }
        }
        page.entries.next()
    }
}
