//! How severe a row is.

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
    /// it, such as `WARN`. A number is the level that Python's `logging` has at it or next below
    /// it: 10, 20, 30, 40 and 50 are those of [`LEVELS`], and 25 is `INFO`. Below 10 is `DEBUG`.
    ///
    /// ```
    /// use log_server::search::Level;
    ///
    /// assert_eq!(Level::of("45"), Level::of("error"));
    /// ```
    pub fn of(name: &str) -> Option<Self> {
        let known = Self::names().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, level)| level).or_else(|| Self::of_number(name.parse().ok()?))
    }

    fn of_number(number: f64) -> Option<Self> {
        let reached = Self::all().filter(|level| number >= level.number());
        number.is_finite().then(|| reached.last().unwrap_or(Self(0)))
    }

    /// All of them, the least severe first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..).take(LEVELS.len()).map(Self)
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        LEVELS.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// Its number in Python's `logging`.
    pub(crate) fn number(self) -> f64 {
        f64::from(self.0 + 1) * 10.0
    }

    /// All names and what they stand for.
    pub(crate) fn names() -> impl Iterator<Item = (&'static str, Self)> {
        LEVELS.into_iter().zip(0..).chain(OTHER_NAMES).map(|(name, level)| (name, Self(level)))
    }
}
