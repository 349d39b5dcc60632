//! How a client behaves until the writers have stopped.

use std::time::Duration;

/// How a client behaves until the writers have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Stays as long as it is let.
    Steady,
    /// Is cut off after so long at most, at any byte, and stays away for so long at most.
    Flaky { stays: Duration, away: Duration },
    /// Reads, and then does something else for so long at most.
    Slow { pause: Duration },
    /// Connects, reads the first records, and does not read on.
    Frozen,
    /// The same, once it has come back to much that it is to catch up with.
    FrozenLate,
}
