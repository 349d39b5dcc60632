//! What an index has between two keys.

use mongodb::bson::{Bson, Document, RawBson, RawBsonRef, doc};

use super::index::Index;
use crate::dates::Dates;
use crate::position::key::{Key, Value};

/// So many parts of an index are merged by one question; of more, the server would sort what it
/// finds instead.
const MERGED: usize = 200;

/// What an index has between two keys.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    /// What each of the index's fields before date and id is: one of these values. Where there are
    /// several, the server merges the parts of the index that have them.
    pub(crate) prefix: Vec<Vec<RawBson>>,
    /// Only beyond this key; none begins with the first.
    pub(crate) after: Option<Key>,
    /// Only before this key; none ends with the last, but for one whose date and id are both the
    /// greatest value there is, which no bound of the server lets in.
    pub(crate) before: Option<Key>,
}

impl Range {
    /// Whether nothing is between its keys. The server takes no such range.
    pub(crate) fn is_empty(&self) -> bool {
        let (after, before) = (self.after.as_ref(), self.before.as_ref());
        after.unwrap_or(&Key::LEAST) >= before.unwrap_or(&Key::GREATEST)
    }

    /// The same in as few ranges as one question each can read. `dates` are those that
    /// records have.
    pub(crate) fn split(self, dates: &dyn Dates) -> Vec<Self> {
        let ends = [&self.after, &self.before].into_iter().flatten();
        // The server compares some values in one way in its indexes and in another elsewhere: what is
        // missing and null, text and symbols. Dates are the same everywhere.
        let plain = |key: &Key| dates.shown(key.date.as_ref()).is_some();
        let most = if ends.into_iter().all(plain) { MERGED } else { 1 };
        self.of_at_most(most)
    }

    /// Each part of the index as a range of its own.
    pub(crate) fn each(self) -> Vec<Self> {
        self.of_at_most(1)
    }

    fn of_at_most(self, most: usize) -> Vec<Self> {
        if self.parts() == 0 {
            return Vec::new();
        }
        let mut ranges = vec![self];
        while let Some(at) = ranges.iter().position(|range| range.parts() > most) {
            let range = ranges.swap_remove(at);
            ranges.extend(range.halves());
        }
        ranges
    }

    /// Whether the server merges parts of the index, which then have no order before the date.
    pub(crate) fn is_merged(&self) -> bool {
        self.parts() != 1
    }

    fn parts(&self) -> usize {
        self.prefix.iter().map(Vec::len).product()
    }

    /// The same as two, of which each has half of the field with the most values.
    fn halves(self) -> [Self; 2] {
        let (mut left, mut right) = (self.clone(), self);
        let longest = |prefix: &mut Vec<Vec<RawBson>>| {
            let fields = 0..prefix.len();
            fields.max_by_key(|field| prefix[*field].len()).unwrap_or_default()
        };
        let field = longest(&mut left.prefix);
        if let (Some(first), Some(last)) = (left.prefix.get_mut(field), right.prefix.get_mut(field))
        {
            last.drain(..first.len().div_ceil(2).min(last.len()));
            first.truncate(first.len() - last.len());
        }
        [left, right]
    }

    /// Says to a command which part of the index it is to read: by its bounds, which hold for values
    /// of all types alike; or, of several, by conditions that say the same.
    pub(crate) fn put(&self, index: &Index, find: &mut Document) -> Vec<Document> {
        if self.is_merged() {
            return self.conditions(index);
        }
        let (after, before) = (self.after.as_ref(), self.before.as_ref());
        let (after, before) = (after.unwrap_or(&Key::LEAST), before.unwrap_or(&Key::GREATEST));
        let (min, max) = if index.descending { (before, after) } else { (after, before) };
        let prefix = || self.prefix.iter().flatten().map(RawBson::as_raw_bson_ref).map(bson);
        find.insert("min", index.bound(prefix(), min));
        find.insert("max", index.bound(prefix(), max));
        Vec::new()
    }

    /// The same by conditions.
    pub(crate) fn conditions(&self, index: &Index) -> Vec<Document> {
        let mut fields = index.before_id();
        let prefix = self.prefix.iter().zip(fields.by_ref());
        let mut conditions: Vec<_> = prefix
            .map(|(values, field)| {
                let values = values.iter().map(RawBson::as_raw_bson_ref).map(bson);
                doc! { field: { "$in": values.collect::<Vec<_>>() } }
            })
            .collect();
        let date = fields.next().unwrap_or_default();
        let date_of = |key: &Option<Key>| {
            key.as_ref().is_some_and(|key| matches!(key.date.as_ref(), RawBsonRef::DateTime(_)))
        };
        // Between two dates there is nothing else, and so the plain condition says the same.
        let plain = date_of(&self.after) && date_of(&self.before);
        let is = |how: &str, field: &str, value: &Value| {
            let value = match (how, bson(value.as_ref())) {
                // The last and the first of those that are equal to the index.
                ("$gt" | "$lte", Bson::String(text)) => Bson::Symbol(text),
                ("$gte" | "$lt", Bson::Symbol(text)) => Bson::String(text),
                (_, value) => value,
            };
            if plain && field == date {
                doc! { field: { how: value } }
            } else {
                doc! { "$expr": { how: [format!("${field}"), { "$literal": value }] } }
            }
        };
        let ends = [(&self.after, "$gt", Value::MIN), (&self.before, "$lt", Value::MAX)];
        for (key, beyond, least) in ends {
            let Some(key) = key else { continue };
            let all = key.id == least;
            let none = !all && [Value::MIN, Value::MAX].contains(&key.id);
            if none {
                conditions.push(is(beyond, date, &key.date));
                continue;
            }
            // By the first, the server finds the end of the range.
            conditions.push(is(&format!("{beyond}e"), date, &key.date));
            if !all {
                let beyond_id = is(beyond, "_id", &key.id);
                conditions.push(doc! { "$or": [is(beyond, date, &key.date), beyond_id] });
            }
        }
        conditions
    }
}

fn bson(value: RawBsonRef<'_>) -> Bson {
    Bson::try_from(value).unwrap_or(Bson::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dates::BsonDates;

    #[test]
    fn what_is_split_has_each_part_once() {
        let names: Vec<_> = (0..701).map(RawBson::Int32).collect();
        let spaces = vec![RawBson::Boolean(false), RawBson::Boolean(true)];
        let (space, nothing) = (spaces.len(), Range { prefix: vec![], after: None, before: None });
        assert_eq!(nothing.split(&BsonDates).len(), 1);
        for (after, most) in [(None, MERGED), (Some(Key::before_all_of(Value::NULL)), 1)] {
            let whole = Range { prefix: vec![spaces.clone(), names.clone()], after, before: None };
            let ranges = whole.split(&BsonDates);
            assert!(ranges.iter().all(|range| (1..=most).contains(&range.parts())));
            let mut parts: Vec<_> = ranges
                .iter()
                .flat_map(|range| {
                    let [spaces, names] = &*range.prefix else { panic!("{range:?}") };
                    spaces.iter().flat_map(|space| names.iter().map(move |name| (space, name)))
                })
                .map(|part| format!("{part:?}"))
                .collect();
            parts.sort();
            parts.dedup();
            assert_eq!(parts.len(), 701 * space);
        }
    }
}
