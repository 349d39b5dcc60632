//! What a row can be found by.

/// The levels that a row may have, the least severe first.
pub const LEVELS: [&str; 5] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

/// A level that a row may have, as its place in [`LEVELS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

/// What else the levels are called.
const OTHER_NAMES: [(&str, u8); 5] =
    [("TRACE", 0), ("WARN", 2), ("ERR", 3), ("FATAL", 4), ("SEVERE", 4)];

impl Level {
    /// The level of this name, in upper or lower case, or under another name that is in use for
    /// it, such as `WARN`.
    pub fn of(name: &str) -> Option<Self> {
        Self::names().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, level)| level)
    }

    /// All names and what they stand for.
    pub(crate) fn names() -> impl Iterator<Item = (&'static str, Self)> {
        LEVELS.into_iter().zip(0..).chain(OTHER_NAMES).map(|(name, level)| (name, Self(level)))
    }
}

/// What of a row it can be found by. The message is kept with it: in memory a row takes its own
/// length and its message's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub(crate) level: Option<Level>,
    pub(crate) kind: Box<str>,
    /// What the row says; of what is no text, its JSON.
    pub(crate) message: Box<str>,
    pub(crate) date: Option<i64>,
}
