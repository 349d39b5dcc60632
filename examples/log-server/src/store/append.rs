//! Why rows were not written.

use std::error::Error;

/// Why rows were not written.
#[derive(Debug, thiserror::Error)]
pub enum AppendError<E: Error + 'static> {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] E),
    /// The rows would wait too long to be written, for this reason. Nothing of them was written.
    #[error("{0}; nothing of this was written, send it again in a few seconds")]
    Busy(&'static str),
    /// The store does not take one of the rows, and will not take it later either.
    #[error("{reason}")]
    Refused {
        /// Which of the rows, from 0 on.
        row: usize,
        /// What the store says of it.
        reason: String,
        /// How many of the rows are written nonetheless, the first ones.
        written: usize,
    },
    /// One of the rows has the id of another one, that says something else.
    #[error("there is another row with the id {id:?}, which says something else")]
    Conflict {
        /// Which of the rows, from 0 on.
        row: usize,
        /// The id.
        id: String,
        /// How many of the rows are written nonetheless, the first ones.
        written: usize,
    },
}
