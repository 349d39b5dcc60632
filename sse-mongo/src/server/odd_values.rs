//! Values that a record is not found by, counted and named.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use mongodb::bson::{RawBsonRef, RawDocument};

use crate::value::number::Number;
use crate::value::path;

/// What a field holds that names no topic, or is no date.
///
/// ```
/// use gapless_sse_mongo::OddValue;
///
/// assert_eq!(OddValue::Reference.as_str(), "reference");
/// assert_eq!(OddValue::ALL.len(), 7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OddValue {
    /// Nothing: the field is missing or null.
    Missing,
    /// Text, where a date is wanted; or text that is not UTF-8.
    Text,
    /// A number, where a date is wanted; or one that is not whole, or beyond 64 bits.
    Number,
    /// A reference to another record, as `DBRef` writes it.
    Reference,
    /// Another object.
    Object,
    /// An array.
    Array,
    /// A value of another type.
    Other,
}

impl OddValue {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Missing,
        Self::Text,
        Self::Number,
        Self::Reference,
        Self::Object,
        Self::Array,
        Self::Other,
    ];

    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Text => "text",
            Self::Number => "number",
            Self::Reference => "reference",
            Self::Object => "object",
            Self::Array => "array",
            Self::Other => "other",
        }
    }

    /// What a field of a record holds.
    pub(crate) fn of(record: &RawDocument, field: &str) -> Self {
        match path::at(record, field) {
            Ok(Some(value)) => Self::of_value(value),
            Ok(None) => Self::Missing,
            Err(_) => Self::Text,
        }
    }

    fn of_value(value: RawBsonRef<'_>) -> Self {
        match value {
            RawBsonRef::Null | RawBsonRef::Undefined => Self::Missing,
            RawBsonRef::String(_) | RawBsonRef::Symbol(_) => Self::Text,
            RawBsonRef::DbPointer(_) => Self::Reference,
            RawBsonRef::Document(object) if matches!(object.get("$id"), Ok(Some(_))) => {
                Self::Reference
            }
            RawBsonRef::Document(_) => Self::Object,
            RawBsonRef::Array(_) => Self::Array,
            number if Number::of(number).is_some() => Self::Number,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for OddValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "nothing",
            Self::Text => "text",
            Self::Number => "a number",
            Self::Reference => "a reference to another record (DBRef)",
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Other => "a value of another type",
        })
    }
}

/// How often each was met.
#[derive(Debug, Default)]
pub(crate) struct OddValues([AtomicU64; OddValue::ALL.len()]);

impl OddValues {
    /// Counts one. Answers how many there are now where that is worth a line in the log: for the
    /// first, the tenth, the hundredth and so on.
    pub(crate) fn count(&self, value: OddValue) -> Option<u64> {
        let count = self.0[value as usize].fetch_add(1, Ordering::Relaxed) + 1;
        let step = 10_u64.checked_pow(count.ilog10());
        step.filter(|step| *step == count)
    }

    pub(crate) fn read(&self) -> Vec<(OddValue, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        OddValue::ALL.iter().copied().zip(counts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_of_many_are_worth_a_line() {
        let values = OddValues::default();
        let told: Vec<_> = (0..1200).filter_map(|_| values.count(OddValue::Text)).collect();
        assert_eq!(told, [1, 10, 100, 1000]);
        assert_eq!(values.count(OddValue::Array), Some(1));
        let counts: Vec<_> = values.read().into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counts, [(OddValue::Text, 1200), (OddValue::Array, 1)]);
    }
}
