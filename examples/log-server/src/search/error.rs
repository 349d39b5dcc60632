//! Why a search is refused.

use jiff::Timestamp;

use crate::access::UnkeptField;
use crate::level::LEVELS;

/// The most characters of a text or a pattern.
pub(super) const LONGEST: usize = 1000;

/// The most texts and patterns of a search.
pub(super) const MOST_PATTERNS: usize = 32;

/// The most tests of fields.
pub(super) const MOST_FIELDS: usize = 32;

/// The most levels and types, each.
pub(super) const MOST_NAMES: usize = 1000;

/// How large the table of a pattern may be, in bytes. Patterns of which no table is so small are
/// those that have to remember much of a line, and that would be slow to follow without one.
pub(super) const LARGEST_PATTERN: usize = 1 << 20;

/// Why a search makes no sense, in words for who asked.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// There is no such level.
    #[error("there is no level {name:?}; there are {all}", name = .0, all = LEVELS.join(", "))]
    Level(String),
    /// A text or pattern is too long.
    #[error("{0} characters are too many to look for; take {LONGEST} at most")]
    TooLong(usize),
    /// The pattern is none.
    #[error("the pattern is not valid: {0}")]
    Pattern(#[source] Box<regex_syntax::Error>),
    /// The pattern is too large.
    #[error(
        "the pattern would have to remember too much of a line, more than {} KiB of cases; repeat \
         less in it: write `.*` for a count such as `.{{60}}`, or `[a-z0-9_]` for a `\\w` that is \
         counted",
        LARGEST_PATTERN / 1024
    )]
    TooLarge,
    /// The pattern asks for edges of words, and for letters beyond ASCII.
    #[error(
        "`\\b` knows the edges of words in ASCII only, and the pattern has other letters; write \
         `(^|\\W)` before a word and `(\\W|$)` behind it"
    )]
    WordEdge,
    /// There is more to look for than one search may.
    #[error("a search has {most} {what} at most; leave some of the {count} out")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A test is about what is no field.
    #[error(
        "{0:?} is no field: one has letters, digits, `_`, `-` and `@`, with dots between names"
    )]
    Field(Box<str>),
    /// A rule of who looks is about a field that is not kept.
    #[error(transparent)]
    Rule(#[from] UnkeptField),
    /// There is no room for it among the searches under way.
    #[error(
        "the searches under way take {most} KiB, and this server gives them no more; try again \
         in a few seconds, look for a shorter text or a simpler pattern, or start the server with \
         a higher --search-bytes"
    )]
    Full {
        /// How many KiB there are for all.
        most: usize,
    },
    /// Those of others were before it all the time.
    #[error("many patterns wait to be made ready; try again in a few seconds")]
    Busy,
    /// The server met a defect of its own.
    #[error("the pattern could not be made ready; please report it with the pattern")]
    Defect,
    /// Nothing can be in the time.
    #[error("no time is from {from} on and before {to}; `from` is to come before `to`")]
    Times {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
}

impl SearchError {
    /// Whether the same may be asked again later, when fewer search.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Busy)
    }
}
