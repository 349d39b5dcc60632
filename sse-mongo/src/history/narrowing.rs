//! What a filter tells the server of itself.

use std::fmt;
use std::sync::Arc;

use mongodb::bson::{DateTime, Document, RawBsonRef, doc};

type MayBe = dyn Fn(RawBsonRef<'_>) -> bool + Send + Sync;

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
    pub(super) from: Option<DateTime>,
    pub(super) before: Option<DateTime>,
    pub(super) conditions: Vec<Document>,
    pub(super) by: Option<ByValue>,
}

/// A condition on one field, whose values may be looked up in an index.
#[derive(Clone)]
pub(crate) struct ByValue {
    pub(super) field: String,
    pub(super) query: Document,
    pub(super) may_be: Arc<MayBe>,
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

    /// The record matches this query, which is about one field; and the field is no array, and may
    /// be this value.
    ///
    /// Where the collection has an index of a topic's fields, this one, the date and `_id`, it is
    /// asked which values there are, and only records are read that have one of those that may be.
    /// Then the query is not needed. [`Options::index_by`](crate::Options::index_by) makes such
    /// indexes. Of several such conditions, that is done for the first.
    ///
    /// An index holds equal numbers of all types together, so one stands for the others.
    #[must_use]
    pub fn by(
        mut self,
        field: impl Into<String>,
        query: Document,
        may_be: impl Fn(RawBsonRef<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        if self.by.is_some() {
            return self.matching(query);
        }
        let (field, may_be) = (field.into(), Arc::new(may_be));
        self.by = Some(ByValue { field, query, may_be });
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

impl fmt::Debug for ByValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, query, .. } = self;
        f.debug_struct("ByValue")
            .field("field", field)
            .field("query", query)
            .finish_non_exhaustive()
    }
}

impl PartialEq for ByValue {
    fn eq(&self, other: &Self) -> bool {
        (&self.field, &self.query) == (&other.field, &other.query)
    }
}
