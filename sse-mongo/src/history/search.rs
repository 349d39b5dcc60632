//! What MongoDB can decide of a filter, and how far a search goes.

use gapless_sse_core::follow::{Everything, Filter, SortOrder};
use mongodb::bson::{Document, doc};

use super::narrowing::{ByValue, Narrowing};
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

/// A search as it is put to the server.
#[derive(Clone)]
pub(crate) struct Search {
    pub(crate) order: SortOrder,
    /// What it leaves out the rest by, if it does.
    pub(crate) query: Option<Document>,
    /// Whose values it may look up in an index, and what it leaves out the rest by then.
    pub(crate) by: Option<(ByValue, Option<Document>)>,
    after: Option<Key>,
    before: Option<Key>,
}

impl Search {
    pub(crate) fn new(narrowing: Narrowing, order: SortOrder, options: &Options) -> Self {
        let Options { fields, dates, .. } = options;
        let Narrowing { from, before, conditions, by } = narrowing;
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
        let all = |conditions: Vec<Document>| {
            (!conditions.is_empty()).then(|| {
                let mut any = fields.arrays_on_the_way();
                let all = doc! { "$and": conditions };
                if any.is_empty() {
                    return all;
                }
                any.push(all);
                doc! { "$or": any }
            })
        };
        let query = all(conditions.iter().chain(by.iter().map(|by| &by.query)).cloned().collect());
        let by = by.map(|by| (by, all(conditions)));
        Self { order, query, by, after, before }
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
