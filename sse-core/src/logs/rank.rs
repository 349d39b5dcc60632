//! Where records of several logs stand among each other.

use crate::follow::Source;

/// Where a record stands among those of other logs, such as its date; those without come first.
pub(super) type Rank = Option<i64>;

/// The rank of a key. Keys of one log should grow with it, so that history comes in its order.
pub(super) type RankOf<S> = fn(&<S as Source>::Key) -> Rank;
