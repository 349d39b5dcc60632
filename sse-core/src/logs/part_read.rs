//! What a stream says that is part of one of several logs.

use super::rank::Rank;
use crate::stream::BoxError;
use crate::wire::Encoded;

/// What a part has.
pub(super) enum PartRead {
    /// What is sent as it comes.
    Events(Encoded),
    /// Records of history, of which the first has this rank.
    History(Rank),
    /// The ranks of its newest records, oldest first, of which the part is to be told how many are
    /// for the client.
    Newest(Vec<Rank>),
    /// All of its history was sent.
    Live,
    /// Its filter has panicked.
    Failed(BoxError),
    /// The log is drained.
    Ended,
}
