//! What MongoDB can decide of a filter, and how far a search goes.

use gapless_sse_core::follow::{Everything, Filter, SortOrder};
use mongodb::bson::{DateTime, Document, doc};

use crate::fields::Fields;
use crate::options::Options;
use crate::position::key::{Key, Value};

/// A filter of which MongoDB can decide a part.
///
/// A search of history reads the index in steps. In each, the server leaves out the records that do
/// not meet [`narrow`](Self::narrow), and the filter itself decides over the others. So a narrowing
/// saves work and nothing else: a record that it lets through is still filtered, and one that it
/// excludes must be one that the filter does not admit.
///
/// A page ends after as much work as [`Effort`](crate::Effort) allows. Its `more_after` is where
/// the next page goes on.
///
/// ```
/// use gapless_sse_core::follow::Filter;
/// use gapless_sse_mongo::bson::doc;
/// use gapless_sse_mongo::{Fields, Narrow, Narrowing};
///
/// #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// struct OfType(String);
///
/// impl Filter for OfType {
///     type Mark = Option<String>;
///
///     fn admits(&self, kind: &Option<String>) -> bool {
///         kind.as_ref() == Some(&self.0)
///     }
/// }
///
/// impl Narrow for OfType {
///     fn narrow(&self, fields: &Fields) -> Narrowing {
///         Narrowing::default().matching(doc! { fields.stored("type"): &self.0 })
///     }
/// }
/// ```
pub trait Narrow: Filter {
    /// Conditions that every record meets which the filter admits. None by default. `fields` says
    /// what they are called that a condition is about.
    fn narrow(&self, fields: &Fields) -> Narrowing {
        let _ = fields;
        Narrowing::default()
    }
}

impl Narrow for Everything {}

/// Conditions that every record meets which a filter admits. None by default.
///
/// ```
/// use gapless_sse_mongo::Narrowing;
/// use gapless_sse_mongo::bson::{DateTime, doc};
///
/// let narrowing = Narrowing::default()
///     .not_before(DateTime::from_millis(1_700_000_000_000))
///     .matching(doc! { "state": { "$in": ["paid", "sent"] } })
///     .containing("item", "pen");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Narrowing {
    from: Option<DateTime>,
    before: Option<DateTime>,
    conditions: Vec<Document>,
}

impl Narrowing {
    /// The record's date is a date, and this one or a later one. Other records are not read.
    #[must_use]
    pub fn not_before(mut self, date: DateTime) -> Self {
        self.from = self.from.max(Some(date));
        self
    }

    /// The record's date is a date before this one. Other records are not read.
    #[must_use]
    pub fn before(mut self, date: DateTime) -> Self {
        self.before = Some(self.before.map_or(date, |before| before.min(date)));
        self
    }

    /// The record matches this query.
    #[must_use]
    pub fn matching(mut self, query: Document) -> Self {
        self.conditions.push(query);
        self
    }

    /// The field contains this text, in upper or lower case, or is not a string of valid UTF-8.
    ///
    /// The server looks for the longest part of the text that is ASCII, since its notion of case
    /// and Rust's may differ beyond that.
    #[must_use]
    pub fn containing(self, field: &str, text: &str) -> Self {
        let plain = |c: char| c.is_ascii_graphic() || c == ' ';
        let Some(part) = text.split(|c| !plain(c)).max_by_key(|part| part.len()) else {
            return self;
        };
        if part.is_empty() {
            return self;
        }
        let mut pattern = String::with_capacity(2 * part.len());
        for c in part.chars() {
            if !c.is_ascii_alphanumeric() {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        self.matching(doc! { "$or": [
            { field: { "$regex": pattern, "$options": "i" } },
            { field: { "$not": { "$type": "string" } } },
            { field: { "$type": "array" } },
            // No pattern is found in text that is not UTF-8, and this one in every other.
            { field: { "$not": { "$regex": "" } } },
        ] })
    }
}

/// A search as it is put to the server.
#[derive(Clone)]
pub(crate) struct Search {
    pub(crate) order: SortOrder,
    /// What it leaves out the rest by, if it does.
    pub(crate) query: Option<Document>,
    after: Option<Key>,
    before: Option<Key>,
}

impl Search {
    pub(crate) fn new(narrowing: Narrowing, order: SortOrder, options: &Options) -> Self {
        let Options { fields, dates, .. } = options;
        let Narrowing { from, before, conditions } = narrowing;
        let least = |shown: i64| Value::of(dates.least(shown));
        let after = from.map(|from| {
            let shown = dates.earliest_from(from.timestamp_millis());
            let (last, first) = (least(shown.saturating_sub(1)), least(shown));
            // Values may be coarser than a millisecond, and finer: then the filter decides.
            let earlier = last < first;
            if earlier { Key { date: last, id: Value::MAX } } else { Key::before_all_of(first) }
        });
        let before = before.map(|before| {
            let shown = dates.not_before(before.timestamp_millis());
            Key::before_all_of(least(shown))
        });
        let query = (!conditions.is_empty()).then(|| {
            let mut any = fields.arrays_on_the_way();
            any.push(doc! { "$and": conditions });
            doc! { "$or": any }
        });
        Self { order, query, after, before }
    }

    /// The ends of the ranges to read, where it has come up to `reached` and goes no further than
    /// `before`.
    pub(crate) fn bounds(
        &self,
        reached: Option<Key>,
        before: Option<Key>,
    ) -> (Option<Key>, Option<Key>) {
        let (above, below) = match self.order {
            SortOrder::Ascending => (reached, None),
            SortOrder::Descending => (None, reached),
        };
        let after = self.after.clone().max(above);
        let before = [self.before.clone(), before, below].into_iter().flatten().min();
        (after, before)
    }
}
