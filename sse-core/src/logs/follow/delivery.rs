//! What a stream makes of what it has read of the source.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Follow;
use crate::follow::internals::{Want, gap, lost_gap, lost_record};
use crate::follow::panics::caught;
use crate::follow::{Batch, Entry, Filter, FrontierOf, Page, Record, SortOrder, Source};
use crate::logs::budget::HeldBytes;
use crate::logs::encoding::{Encoding, late_event};
use crate::logs::notice;
use crate::logs::unsent::{Unsent, UnsentChanges, UnsentPage};
use crate::wire::Encoded;

/// About how many bytes leave in one piece.
const PIECE: usize = 512 * 1024;
/// How many changes are looked at in one step, and for how long.
const ROWS: usize = 256;
const STEP: Duration = Duration::from_millis(2);

/// What a stream makes of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Hidden,
    Shown,
    /// It cannot be shown, and what filters look at is not known.
    Lost,
}

impl<S: Source> Follow<S> {
    pub(super) fn on_page(&mut self, order: SortOrder, page: Page<S>, mut held: HeldBytes) {
        let Page { as_of, mut entries, mut more_after, .. } = page;
        self.machine.on_page(as_of);
        // Those of an up-move are done with.
        self.on_the_way().changes = None;
        if order == SortOrder::Descending {
            if entries.len() > self.machine.newest() {
                // It is only to say where the others begin.
                more_after = entries.pop().map(|before| before.key);
            }
            entries.reverse();
        }
        if self.merged_by.is_some() {
            // Streams of several logs wait for one another, so nobody is to wait for what they hold.
            held.shrink_to(0);
            if self.machine.reads_newest() && !entries.is_empty() {
                let keys = entries.into_iter().map(|entry| entry.key).collect();
                self.on_the_way().newest = Some((keys, more_after));
                return;
            }
        }
        let page = UnsentPage { entries: entries.into_iter(), more_after, held };
        self.on_the_way().unsent = Some(Unsent::Page(page));
    }

    pub(super) fn on_batch(&mut self, batch: Batch<S>, open: S::Changes, held: HeldBytes) {
        let Batch { changes, late, lost, through } = batch;
        let changes = changes.into_iter();
        let (frames, bytes) = (Vec::new(), 0);
        let unsent =
            UnsentChanges { changes, late, lost, through, open, frames, bytes, _held: held };
        self.on_the_way().unsent = Some(Unsent::Changes(Box::new(unsent)));
    }

    /// The next piece of what was read, if any of it is for the client.
    pub(super) fn next_piece(&mut self) -> Option<Encoded> {
        let mut frames = Vec::new();
        match self.on_the_way().unsent.take()? {
            Unsent::Page(page) => self.piece_of_page(page, &mut frames),
            Unsent::Changes(changes) => self.piece_of_changes(changes, &mut frames),
        }
        if frames.len() > 1 { Some(Encoded::merge(&frames)) } else { frames.pop() }
    }

    fn piece_of_page(&mut self, mut page: UnsentPage<S>, frames: &mut Vec<Encoded>) {
        let (mut bytes, mut first) = (0, None);
        while let Some(entry) = self.next_of(&mut page, first.is_some()) {
            if let Some(frontier) = self.machine.past(&entry.key) {
                let frame = self.shown(&entry, &frontier);
                bytes += frame.len();
                frames.push(frame);
            }
            first = first.or(Some(entry.key));
            if bytes >= PIECE {
                break;
            }
        }
        if page.entries.len() > 0 {
            if self.machine.reads_newest() {
                // A slow client is not to hold the others: those behind the first are read again,
                // in small pages.
                frames.truncate(1);
                self.machine.on_large_page(first);
                return;
            }
            // What is left is less than a page, and its client may be slow: others may read.
            page.held.shrink_to(0);
            self.on_the_way().unsent = Some(Unsent::Page(page));
            return;
        }
        if let Some(frontier) = self.machine.on_page_end(page.more_after) {
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

    fn piece_of_changes(&mut self, mut unsent: Box<UnsentChanges<S>>, frames: &mut Vec<Encoded>) {
        let begin = Instant::now();
        frames.append(&mut unsent.frames);
        for (position, entry) in unsent.changes.by_ref().take(ROWS) {
            let verdict = match self.verdict(&entry) {
                Ok(verdict) => verdict,
                Err(words) => {
                    self.failed = Some(words);
                    return;
                }
            };
            if verdict != Verdict::Hidden
                && let Some(frontier) = self.machine.change(&position, &entry.key)
            {
                let frame = match verdict {
                    Verdict::Lost => self.lost(&frontier),
                    _ => self.shown(&entry, &frontier),
                };
                unsent.bytes += frame.len();
                frames.push(frame);
            }
            if unsent.bytes >= PIECE || begin.elapsed() >= STEP {
                break;
            }
        }
        if unsent.changes.len() > 0 {
            // A slow client is not to hold them: those behind a piece are read again.
            if unsent.bytes < PIECE {
                unsent.frames.append(frames);
                self.on_the_way().unsent = Some(Unsent::Changes(unsent));
            }
            return;
        }
        let UnsentChanges { late, lost, through, open, .. } = *unsent;
        frames.extend((lost > 0).then(|| lost_gap(lost)));
        match self.late(&late, &through) {
            Ok(late) => frames.extend(late),
            Err(words) => {
                self.failed = Some(words);
                return;
            }
        }
        self.machine.on_through(through.clone());
        self.on_the_way().changes = Some((through, open));
    }

    /// Those that came late, behind what announces them; in one piece, since none of them has an id
    /// of its own.
    ///
    /// # Errors
    ///
    /// The words of a panic of the filter.
    fn late(
        &mut self,
        late: &[Entry<S::Key, S::Record>],
        through: &S::Position,
    ) -> Result<Option<Encoded>, String> {
        let (mut frames, mut lost, mut behind) = (Vec::new(), 0, None);
        for entry in late {
            let verdict = self.verdict(entry)?;
            if verdict != Verdict::Hidden
                && let Some(frontier) = self.machine.late(through, &entry.key)
            {
                match caught(|| late_event(&entry.record)) {
                    Ok(frame) if verdict == Verdict::Shown => frames.push(frame),
                    _ => lost += 1,
                }
                behind = Some(frontier);
            }
        }
        self.count_lost(lost);
        let Some(behind) = behind else { return Ok(None) };
        let id = self.log.encoding.seal.seal(self.epoch, &behind, self.subscription.scope());
        let mut all: Vec<_> = (lost > 0).then(|| lost_gap(lost)).into_iter().collect();
        all.push(gap(frames.len(), id));
        all.append(&mut frames);
        Ok(Some(Encoded::merge(&all)))
    }

    /// Whether the record is for this stream.
    ///
    /// # Errors
    ///
    /// The words of a panic of the filter.
    fn verdict(&self, entry: &Entry<S::Key, S::Record>) -> Result<Verdict, String> {
        let scope = self.subscription.scope();
        if !scope.contains(&entry.topic) {
            return Ok(Verdict::Hidden);
        }
        let Ok(mark) = caught(|| entry.record.mark()) else { return Ok(Verdict::Lost) };
        let admitted = caught(move || scope.filter().admits(&mark))?;
        Ok(if admitted { Verdict::Shown } else { Verdict::Hidden })
    }

    /// The event of a record that is `frontier` far, or what announces that it cannot be shown. The
    /// panic hook has said why.
    fn shown(&self, entry: &Entry<S::Key, S::Record>, frontier: &FrontierOf<S>) -> Encoded {
        let Encoding { seal, .. } = &self.log.encoding;
        let id = || seal.seal(self.epoch, frontier, self.subscription.scope());
        caught(|| self.log.encoding.event(&entry.record, id))
            .unwrap_or_else(|_| self.lost(frontier))
    }

    /// What announces a record that cannot be shown and is `frontier` far.
    fn lost(&self, frontier: &FrontierOf<S>) -> Encoded {
        self.count_lost(1);
        let seal = &self.log.encoding.seal;
        lost_record(seal.seal(self.epoch, frontier, self.subscription.scope()))
    }

    fn count_lost(&self, lost: usize) {
        self.log.counters.lost.fetch_add(lost as u64, Ordering::Relaxed);
    }
}
