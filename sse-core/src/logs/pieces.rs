//! A batch of changes, encoded piece by piece: what is published at once is bounded, whatever the
//! source hands out at once.

use std::iter::Peekable;
use std::mem::take;
use std::vec::IntoIter;

use super::encoding::{Encoding, LateOf, Losses, PublicationOf};
use crate::follow::internals::Late;
use crate::follow::{Batch, Change, Entry, Source};

/// How many changes a piece has at most.
const ROWS: usize = 1000;

type ChangeOf<S> = Change<<S as Source>::Position, <S as Source>::Key, <S as Source>::Record>;

/// What is left of a batch.
pub(super) struct Pieces<'e, S: Source> {
    encoding: &'e Encoding,
    epoch: u32,
    max_bytes: usize,
    changes: Peekable<IntoIter<ChangeOf<S>>>,
    late: Vec<Entry<S::Key, S::Record>>,
    /// How many the source has passed over.
    passed_over: usize,
    through: Option<S::Position>,
}

/// What a hub is to publish at once.
pub(super) struct Piece<S: Source> {
    pub(super) events: Vec<PublicationOf<S>>,
    pub(super) late: Vec<LateOf<S>>,
    /// What of it cannot be shown, which `events` and `late` announce.
    pub(super) lost: Losses,
    /// Everything up to here has been handed out with it.
    pub(super) through: S::Position,
    /// What it takes of a ring.
    pub(super) bytes: usize,
}

impl<'e, S: Source> Pieces<'e, S> {
    /// Pieces of `max_bytes` in a ring, or of one event that is larger.
    pub(super) fn new(
        encoding: &'e Encoding,
        epoch: u32,
        batch: Batch<S>,
        max_bytes: usize,
    ) -> Self {
        let Batch { changes, late, lost: passed_over, through } = batch;
        let changes = changes.into_iter().peekable();
        Self { encoding, epoch, max_bytes, changes, late, passed_over, through: Some(through) }
    }

    fn piece_of_changes(&mut self, lost: &mut Losses) -> (Vec<PublicationOf<S>>, usize) {
        let (mut events, mut bytes) = (Vec::new(), 0);
        while let Some(change) = self.changes.next_if(|(position, _)| {
            // Those of one position leave together: an id names all of them.
            let of_last = |event: &PublicationOf<S>| event.position() == position;
            events.last().is_some_and(of_last) || events.len() < ROWS && bytes < self.max_bytes
        }) {
            let event = self.encoding.change::<S>(self.epoch, change, lost);
            bytes += event.weight();
            events.push(event);
        }
        (events, bytes)
    }
}

impl<S: Source> Iterator for Pieces<'_, S> {
    type Item = Piece<S>;

    fn next(&mut self) -> Option<Piece<S>> {
        self.through.as_ref()?;
        let mut lost = Losses::default();
        let (events, bytes) = self.piece_of_changes(&mut lost);
        let has_late = !self.late.is_empty() || self.passed_over > 0;
        // What came late stands behind all others, and leaves by itself.
        let more = self.changes.peek().is_some() || has_late && !events.is_empty();
        if more && let Some(last) = events.last() {
            let through = last.position().clone();
            return Some(Piece { events, late: Vec::new(), lost, through, bytes });
        }
        let through = self.through.take()?;
        let (late, passed_over) = (take(&mut self.late), take(&mut self.passed_over));
        let late = self.encoding.late::<S>(self.epoch, late, passed_over, &through, &mut lost);
        let bytes = bytes + late.iter().map(Late::weight).sum::<usize>();
        Some(Piece { events, late, lost, through, bytes })
    }
}
