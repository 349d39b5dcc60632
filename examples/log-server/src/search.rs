//! Which rows are looked for: by level, type, text, pattern and time.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use gapless_sse_core::follow::Filter;
use jiff::Timestamp;
use regex::{Regex, RegexBuilder};

pub use crate::mark::Level;
use crate::mark::{LEVELS, Mark};

/// The most characters of a text or a pattern.
const LONGEST: usize = 1000;

/// How large a compiled pattern may be, in bytes: every row is held against it, and the larger it
/// is the longer that may take.
const LARGEST_PATTERN: usize = 256 * 1024;

/// Which rows are looked for. All that it says is to hold; without anything, every row does.
///
/// A clone shares everything.
///
/// ```
/// use log_server::search::{Search, Terms};
/// use gapless_sse_core::follow::{Filter, Record};
/// use log_server::row::Row;
///
/// let errors = Terms { levels: vec!["error".to_owned()], ..Terms::default() };
/// let search = Search::new(errors)?;
/// let row = Row::new(r#"{"level":"ERROR","message":"no space left"}"#, None);
/// assert!(search.admits(&row.mark()));
/// # Ok::<(), log_server::search::SearchError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Search(Arc<Checked>);

/// What to look for, as it was asked.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// One of these levels; see [`Level`].
    pub levels: Vec<String>,
    /// Exactly one of these types.
    pub types: Vec<String>,
    /// A message with this text in it; case counts if it has a capital letter.
    pub text: Option<String>,
    /// A message in which this pattern is found, in the syntax of the `regex` crate.
    pub regex: Option<String>,
    /// A date from this one on.
    pub from: Option<Timestamp>,
    /// A date before this one.
    pub to: Option<Timestamp>,
}

/// Terms that make sense.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Checked {
    pub(crate) levels: BTreeSet<Level>,
    pub(crate) types: BTreeSet<String>,
    pub(crate) text: Option<Pattern>,
    regex: Option<Pattern>,
    /// Milliseconds since 1970.
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
}

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
    Pattern(#[source] regex::Error),
    /// The pattern is too large.
    #[error("the pattern takes more than {} KiB when compiled; repeat less in it", LARGEST_PATTERN / 1024)]
    TooLarge,
    /// Nothing can be in the time.
    #[error("no time is from {from} on and before {to}; `from` is to come before `to`")]
    Times {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
}

impl Search {
    /// Checks what is looked for. Empty texts are not looked for.
    ///
    /// # Errors
    ///
    /// When some of it makes no sense.
    pub fn new(terms: Terms) -> Result<Self, SearchError> {
        let Terms { levels, types, text, regex, from, to } = terms;
        let level = |name: String| Level::of(&name).ok_or(SearchError::Level(name));
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(SearchError::Times { from, to });
        }
        let given = |text: &String| !text.is_empty();
        Ok(Self(Arc::new(Checked {
            levels: levels.into_iter().map(level).collect::<Result<_, _>>()?,
            types: types.into_iter().collect(),
            text: text.filter(given).map(Pattern::text).transpose()?,
            regex: regex.filter(given).map(Pattern::regex).transpose()?,
            from: from.map(first_at),
            to: to.map(first_at),
        })))
    }

    /// Whether every row is looked for.
    pub fn is_everything(&self) -> bool {
        *self.0 == Checked::default()
    }

    pub(crate) fn terms(&self) -> &Checked {
        &self.0
    }
}

/// The first whole millisecond that is not before this time.
fn first_at(time: Timestamp) -> i64 {
    let millisecond = time.as_millisecond();
    let before = Timestamp::from_millisecond(millisecond).is_ok_and(|at| at < time);
    millisecond + i64::from(before)
}

/// How much a page may look at that its search leaves out, before it ends where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// How many rows.
    pub rows: usize,
    /// For how long.
    pub time: Duration,
}

impl Default for Effort {
    fn default() -> Self {
        Self { rows: 100_000, time: Duration::from_secs(2) }
    }
}

impl Filter for Search {
    type Mark = Mark;

    fn admits(&self, mark: &Mark) -> bool {
        let Checked { levels, types, text, regex, from, to } = &*self.0;
        let found = |pattern: &Pattern| pattern.compiled.is_match(&mark.message);
        (levels.is_empty() || mark.level.is_some_and(|level| levels.contains(&level)))
            && (types.is_empty() || types.contains(&*mark.kind))
            && from.is_none_or(|from| mark.date.is_some_and(|date| date >= from))
            && to.is_none_or(|to| mark.date.is_some_and(|date| date < to))
            && text.as_ref().is_none_or(found)
            && regex.as_ref().is_none_or(found)
    }

    fn weight(mark: &Mark) -> usize {
        size_of_val(mark) + mark.kind.len() + mark.message.len()
    }
}

/// Something to be found in a message. Equal ones were written alike.
#[derive(Clone)]
pub(crate) struct Pattern {
    pub(crate) source: String,
    compiled: Regex,
}

impl Pattern {
    fn text(text: String) -> Result<Self, SearchError> {
        let any_case = !text.chars().any(char::is_uppercase);
        let compiled =
            compile(&text, RegexBuilder::new(&regex::escape(&text)).case_insensitive(any_case))?;
        Ok(Self { source: text, compiled })
    }

    fn regex(pattern: String) -> Result<Self, SearchError> {
        let compiled = compile(&pattern, &mut RegexBuilder::new(&pattern))?;
        Ok(Self { source: pattern, compiled })
    }
}

fn compile(text: &str, builder: &mut RegexBuilder) -> Result<Regex, SearchError> {
    let length = text.chars().count();
    if length > LONGEST {
        return Err(SearchError::TooLong(length));
    }
    let builder = builder.size_limit(LARGEST_PATTERN).dfa_size_limit(LARGEST_PATTERN);
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => SearchError::TooLarge,
        other => SearchError::Pattern(other),
    })
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_as_people_write_them_are_not_too_large() {
        for pattern in [
            r"(?i)\berror\b.*\bcode=\d+\b",
            r"^\w+@\w+\.\w+$",
            r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}",
            r"(?i)(timeout|timed out|deadline exceeded) after \d+(\.\d+)? ?(ms|s|min)",
            r"\p{L}+ wrote [\w/.-]+\.(parquet|csv) \(\d+ rows\)",
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        ] {
            let terms = Terms { regex: Some(pattern.to_owned()), ..Terms::default() };
            assert!(Search::new(terms).is_ok(), "{pattern}");
        }
        let longest = Terms { text: Some("größe ".repeat(166)), ..Terms::default() };
        Search::new(longest).expect("a text as long as may be");
    }
}
