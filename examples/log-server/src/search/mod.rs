//! Which rows are looked for: by level, type, text, pattern and time.

mod error;
mod field;
mod language;
mod literal;
mod pattern;
mod searches;
mod terms;

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use gapless_sse_core::follow::Filter;
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;

use crate::access::RowRules;
pub use crate::level::Level;
use crate::mark::Mark;
pub use error::SearchError;
use error::{LONGEST, MOST_FIELDS, MOST_NAMES, MOST_PATTERNS};
pub use language::Misread;
pub(crate) use language::time;
pub(crate) use pattern::Pattern;
pub use searches::Searches;
use terms::is_path;
pub use terms::{Comparison, FieldTest, Terms, Without};

/// Which rows are looked for. All that it says is to hold; without anything, every row does.
///
/// The rules of who looks are a part of it: whatever is looked for, only rows that meet them are
/// found. A clone shares everything.
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
#[derive(Clone, Debug, Default)]
pub struct Search {
    known: Arc<Known>,
    rules: Arc<RowRules>,
}

/// A search, and the room that it takes among those under way.
#[derive(Debug, Default)]
struct Known {
    checked: Checked,
    _room: Option<OwnedSemaphorePermit>,
}

/// Terms that make sense.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Checked {
    pub(crate) levels: BTreeSet<Level>,
    pub(crate) types: BTreeSet<String>,
    pub(crate) texts: Vec<Pattern>,
    pub(crate) regexes: Vec<Pattern>,
    pub(crate) fields: Vec<FieldTest>,
    pub(crate) without: CheckedWithout,
    /// Milliseconds since 1970.
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
}

/// What a row is not to be, if it makes sense.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CheckedWithout {
    pub(crate) levels: BTreeSet<Level>,
    pub(crate) types: BTreeSet<String>,
    pub(crate) texts: Vec<Pattern>,
    pub(crate) regexes: Vec<Pattern>,
}

impl Search {
    /// Checks what is looked for. Empty texts are not looked for. A server bounds those of its
    /// clients by [`Searches`].
    ///
    /// # Errors
    ///
    /// When some of it makes no sense.
    pub fn new(terms: Terms) -> Result<Self, SearchError> {
        Ok(Self::of(Arc::new(Known { checked: Checked::new(terms)?, _room: None })))
    }

    fn of(known: Arc<Known>) -> Self {
        Self { known, rules: Arc::default() }
    }

    /// The same, of which only rows are found that meet these rules too.
    #[must_use]
    pub fn under(self, rules: &RowRules) -> Self {
        let mut all: Vec<_> = self.rules.0.iter().chain(&rules.0).cloned().collect();
        all.sort_unstable();
        all.dedup();
        Self { rules: Arc::new(RowRules(all)), ..self }
    }

    /// Whether every row is looked for.
    pub fn is_everything(&self) -> bool {
        self.rules.is_empty() && self.known.checked == Checked::default()
    }

    /// The rules of who looks.
    pub fn rules(&self) -> &RowRules {
        &self.rules
    }

    pub(crate) fn terms(&self) -> &Checked {
        &self.known.checked
    }
}

impl PartialEq for Search {
    fn eq(&self, other: &Self) -> bool {
        let (known, others) = (&self.known, &other.known);
        self.rules == other.rules && (Arc::ptr_eq(known, others) || known.checked == others.checked)
    }
}

impl Eq for Search {}

impl Hash for Search {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rules.hash(state);
        self.known.checked.hash(state);
    }
}

impl Checked {
    fn new(terms: Terms) -> Result<Self, SearchError> {
        let Terms { levels, types, texts, regexes, fields, without, from, to } = terms;
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(SearchError::Times { from, to });
        }
        let within = |what, count, most| {
            if count > most { Err(SearchError::TooMany { what, count, most }) } else { Ok(()) }
        };
        let patterns_of = |texts: &[String], regexes: &[String]| texts.len() + regexes.len();
        let all = patterns_of(&texts, &regexes) + patterns_of(&without.texts, &without.regexes);
        within("texts and patterns", all, MOST_PATTERNS)?;
        within("tests of fields", fields.len(), MOST_FIELDS)?;
        within("levels", levels.len() + without.levels.len(), MOST_NAMES)?;
        within("types", types.len() + without.types.len(), MOST_NAMES)?;
        if let Some(FieldTest { path, .. }) = fields.iter().find(|test| !is_path(&test.path)) {
            return Err(SearchError::Field(path.clone()));
        }
        if let Some(length) = fields.iter().map(|test| test.value.len()).find(|it| *it > LONGEST) {
            return Err(SearchError::TooLong(length));
        }
        Ok(Self {
            levels: known(levels)?,
            types: types.into_iter().collect(),
            texts: patterns(texts, Pattern::text)?,
            regexes: patterns(regexes, Pattern::regex)?,
            fields,
            without: CheckedWithout {
                levels: known(without.levels)?,
                types: without.types.into_iter().collect(),
                texts: patterns(without.texts, Pattern::text)?,
                regexes: patterns(without.regexes, Pattern::regex)?,
            },
            from: from.map(first_at),
            to: to.map(first_at),
        })
    }

    /// How many bytes its texts and patterns take.
    fn bytes(&self) -> usize {
        let Self { texts, regexes, without, .. } = self;
        let all = [texts, regexes, &without.texts, &without.regexes];
        all.into_iter().flatten().map(Pattern::bytes).sum()
    }
}

fn known(levels: Vec<String>) -> Result<BTreeSet<Level>, SearchError> {
    let level = |name: String| Level::of(&name).ok_or(SearchError::Level(name));
    levels.into_iter().map(level).collect()
}

fn patterns(
    texts: Vec<String>,
    pattern: impl Fn(String) -> Result<Pattern, SearchError>,
) -> Result<Vec<Pattern>, SearchError> {
    texts.into_iter().filter(|text| !text.is_empty()).map(pattern).collect()
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
        let Checked { levels, types, texts, regexes, fields, without, from, to } = self.terms();
        let (kind, message) = (mark.kind(), mark.message());
        let found = |pattern: &Pattern| pattern.is_in(message);
        mark.meets(&self.rules)
            && (levels.is_empty() || mark.level.is_some_and(|level| levels.contains(&level)))
            && (types.is_empty() || types.contains(kind))
            && from.is_none_or(|from| mark.date.is_some_and(|date| date >= from))
            && to.is_none_or(|to| mark.date.is_some_and(|date| date < to))
            && !mark.level.is_some_and(|level| without.levels.contains(&level))
            && !without.types.contains(kind)
            && texts.iter().chain(regexes).all(found)
            && !without.texts.iter().chain(&without.regexes).any(found)
            && (fields.is_empty() || field::hold(fields, mark.json()))
    }

    fn admits_all(&self) -> bool {
        self.is_everything()
    }

    fn weight(mark: &Mark) -> usize {
        mark.weight()
    }
}
