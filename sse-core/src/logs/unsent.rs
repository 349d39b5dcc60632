//! What a stream has read of the source and not yet sent.

use std::vec::IntoIter;

use super::budget::HeldBytes;
use crate::follow::{Change, Entry, Source};
use crate::wire::Encoded;

/// Records that a stream encodes piece by piece, as its client takes them.
pub(super) enum Unsent<S: Source> {
    Page(UnsentPage<S>),
    Changes(Box<UnsentChanges<S>>),
}

/// A page of history.
pub(super) struct UnsentPage<S: Source> {
    /// Oldest first.
    pub(super) entries: IntoIter<Entry<S::Key, S::Record>>,
    pub(super) more_after: Option<S::Key>,
    pub(super) held: HeldBytes,
}

/// A batch of an up-move.
pub(super) struct UnsentChanges<S: Source> {
    pub(super) changes: IntoIter<Change<S::Position, S::Key, S::Record>>,
    pub(super) late: Vec<Entry<S::Key, S::Record>>,
    /// How many the source has passed over.
    pub(super) lost: usize,
    pub(super) through: S::Position,
    /// From which the next batch is read.
    pub(super) open: S::Changes,
    /// The piece that is being made of them, and its bytes.
    pub(super) frames: Vec<Encoded>,
    pub(super) bytes: usize,
    pub(super) _held: HeldBytes,
}
