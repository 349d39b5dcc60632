//! What a client has been given so far.

/// What has been delivered: exactly the records with `position ≤ P` and `key ≤ k`.
///
/// Two moves exist, and each adds records that were not there before: **right** reads history as
/// of `P` beyond `k`, **up** reads the changes after `P` whose key is at most `k`. So delivery is
/// exactly once, by induction, and a frontier is all that is needed to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frontier<P, K> {
    /// All of history up to this position: `k` is beyond every key.
    Live(P),
    /// Part of history.
    History {
        /// The position of the snapshot that is being read.
        as_of: P,
        /// The last key delivered.
        after: K,
    },
}
