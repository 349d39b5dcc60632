//! A batch of changes, encoded piece by piece: what is published at once is bounded, whatever the
//! source hands out at once.

use std::iter::Peekable;
use std::mem::take;
use std::vec::IntoIter;

use super::encoding::Encoding;
use crate::follow::internals::{Late, Publication};
use crate::follow::{Batch, Change, Entry, FilterOf, MarkOf, Source};

/// How many changes a piece has at most.
const ROWS: usize = 1000;

type ChangeOf<S> = Change<<S as Source>::Position, <S as Source>::Key, <S as Source>::Record>;
type PublicationOf<S> = Publication<<S as Source>::Position, MarkOf<S>>;

/// What is left of a batch.
pub(super) struct Pieces<'e, S: Source> {
    encoding: &'e Encoding,
    epoch: u32,
    max_bytes: usize,
    changes: Peekable<IntoIter<ChangeOf<S>>>,
    late: Vec<Entry<S::Key, S::Record>>,
    through: Option<S::Position>,
}

/// What a hub is to publish at once.
pub(super) struct Piece<S: Source> {
    pub(super) events: Vec<PublicationOf<S>>,
    pub(super) late: Vec<Late<MarkOf<S>>>,
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
        let Batch { changes, late, through } = batch;
        let changes = changes.into_iter().peekable();
        Self { encoding, epoch, max_bytes, changes, late, through: Some(through) }
    }

    fn piece_of_changes(&mut self) -> (Vec<PublicationOf<S>>, usize) {
        let (mut events, mut bytes) = (Vec::new(), 0);
        while let Some(change) = self.changes.next_if(|(position, _)| {
            // Those of one position leave together: an id names all of them.
            let of_last = |event: &PublicationOf<S>| event.position == *position;
            events.last().is_some_and(of_last) || events.len() < ROWS && bytes < self.max_bytes
        }) {
            let event = self.encoding.change::<S>(self.epoch, change);
            bytes += event.weight::<FilterOf<S>>();
            events.push(event);
        }
        (events, bytes)
    }
}

impl<S: Source> Iterator for Pieces<'_, S> {
    type Item = Piece<S>;

    fn next(&mut self) -> Option<Piece<S>> {
        self.through.as_ref()?;
        let (events, bytes) = self.piece_of_changes();
        // What came late stands behind all others, and leaves by itself.
        let more = self.changes.peek().is_some() || !(self.late.is_empty() || events.is_empty());
        if more && let Some(last) = events.last() {
            let through = last.position.clone();
            return Some(Piece { events, late: Vec::new(), through, bytes });
        }
        let through = self.through.take()?;
        let late = self.encoding.late::<S>(self.epoch, take(&mut self.late), &through);
        let bytes = bytes + late.iter().map(Late::weight::<FilterOf<S>>).sum::<usize>();
        Some(Piece { events, late, through, bytes })
    }
}
