//! Stored records as the rows that clients are shown.

use std::borrow::Cow;
use std::collections::HashMap;

use bson::raw::RawElement;
use bson::{RawBsonRef, RawDocument};
use gapless_sse_mongo::Dates;
use gapless_sse_mongo::json::id_text;

use super::fields::{GIVEN_ID, WORKFLOW, WORKSPACE, at, lifted, shown};
use crate::fields::{FieldMap, FieldName};
use crate::row::Shown;

/// Writes a stored record as the row that clients are shown, one line of JSON.
///
/// The fields keep their order and become relaxed
/// [extended JSON](https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/), but:
///
/// - `_id` is called `id` and is always text; where it has a workspace and a workflow beside the
///   id that a writer has given, it is that.
/// - A field that `map` names is called as usual, in its place. What lies within another is shown
///   beside that too, before it.
/// - `date` is written as in `2025-09-22T08:54:01.123Z`, and is followed by `date_text`, as in
///   `Sep 22 2025 at 08:54 AM` (UTC). Both are null where it is missing. What is no date is written
///   as it is, and `date_text` is null.
/// - A constant workspace or workflow stands at the end.
/// - A field that is called `id` or `date_text` already, or as one that `map` names otherwise, gets
///   an underscore at its end.
/// - Of fields with one name, the first keeps it, which is the one that MongoDB finds the record
///   by; the second of `level` is called `level_2`.
///
/// Numbers are written exactly. JavaScript rounds whole ones beyond 2⁵³ when it reads them.
///
/// It never fails: damaged BSON is written as far as it can be read, and text that is not UTF-8
/// with a replacement character (U+FFFD) for what is none.
pub fn row(record: &RawDocument, map: &FieldMap) -> String {
    let mut row = Shown::with_capacity(record.as_bytes().len() * 2);
    let mut dated = false;
    let mut names = Names::of(record, map);
    let mut seen = Vec::new();
    for element in record.iter_elements().map_while(Result::ok) {
        let stored = element.key().as_str();
        let within: Vec<_> = lifted(map, stored).collect();
        if !within.is_empty() && !seen.contains(&stored) {
            // MongoDB finds a record by the first of fields with one name.
            seen.push(stored);
            for (field, path) in within {
                let value = element.value().ok();
                let Some(value) = value.and_then(|value| at(value.as_document()?, path)) else {
                    continue;
                };
                let name = names.next(field.shown().into());
                if field == FieldName::Date && name == "date" {
                    dated = true;
                    date(&mut row, map, value, |row| row.0.value("date", value));
                } else {
                    row.0.value(&name, value);
                }
            }
        }
        let name = names.next(shown(map, stored));
        if stored == "_id" && name == "id" {
            match element.value() {
                Ok(id) => match given(id) {
                    Some(given) => row.0.text("id", given),
                    None => row.0.text("id", &id_text(id)),
                },
                Err(_) => row.0.element("id", &element),
            }
        } else if name == "date" && stored == map.field(FieldName::Date) {
            dated = true;
            dated_element(&mut row, map, &element);
        } else {
            row.0.element(&name, &element);
        }
    }
    if !dated {
        row.0.value("date", RawBsonRef::Null);
        row.0.value("date_text", RawBsonRef::Null);
    }
    for name in [FieldName::Workspace, FieldName::Workflow] {
        if let Some(constant) = map.constant(name) {
            row.0.text(name.shown(), constant);
        }
    }
    row.finish()
}

/// The id that a writer has given within a topic, if it is one.
fn given(id: RawBsonRef<'_>) -> Option<&str> {
    let mut fields = id.as_document()?.iter().map_while(Result::ok);
    for name in [WORKSPACE, WORKFLOW] {
        fields.next().filter(|(field, value)| **field == *name && value.as_str().is_some())?;
    }
    let (_, id) = fields.next().filter(|(field, _)| **field == *GIVEN_ID)?;
    id.as_str().filter(|_| fields.next().is_none())
}

/// The names of the fields as they are shown.
struct Names<'a> {
    /// How often each was wanted, if any is wanted twice.
    taken: Option<HashMap<Cow<'a, str>, usize>>,
}

impl<'a> Names<'a> {
    fn of(record: &'a RawDocument, map: &FieldMap) -> Self {
        let mut names = Vec::new();
        for element in record.iter_elements().map_while(Result::ok) {
            let stored = element.key().as_str();
            names.push(shown(map, stored));
            // They may be missing: then no name is wanted twice that is not.
            names.extend(lifted(map, stored).map(|(field, _)| Cow::Borrowed(field.shown())));
        }
        names.sort_unstable();
        let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
        Self { taken: twice.then(HashMap::new) }
    }

    /// The name of the next field, which is to have this one.
    fn next(&mut self, name: Cow<'a, str>) -> Cow<'a, str> {
        let Some(taken) = &mut self.taken else { return name };
        let Some(times) = taken.get(&name).copied() else {
            taken.insert(name.clone(), 1);
            return name;
        };
        let numbered = (times + 1..).map(|nth| (nth, Cow::from(format!("{name}_{nth}"))));
        let free = numbered.into_iter().find(|(_, numbered)| !taken.contains_key(numbered));
        let Some((nth, numbered)) = free else { return name };
        taken.insert(name, nth);
        taken.insert(numbered.clone(), 1);
        numbered
    }
}

fn dated_element(row: &mut Shown, map: &FieldMap, element: &RawElement<'_>) {
    let value = element.value().unwrap_or(RawBsonRef::Null);
    date(row, map, value, |row| row.0.element("date", element));
}

/// A date, or what stands in its place.
fn date(row: &mut Shown, map: &FieldMap, value: RawBsonRef<'_>, as_it_is: impl FnOnce(&mut Shown)) {
    let instant = map.dates().instant(value);
    if !instant.is_some_and(|instant| row.date(instant)) {
        as_it_is(row);
        row.0.value("date_text", RawBsonRef::Null);
    }
}
