//! Stored records as the rows that clients are shown.

use std::borrow::Cow;
use std::collections::HashMap;

use bson::raw::RawElement;
use bson::{DateTime, RawBsonRef, RawDocument};
use gapless_sse_mongo::json::{Object, id_text};
use jiff::{SignedDuration, civil};

use super::fields::{GIVEN_ID, WORKFLOW, WORKSPACE};

/// Writes a stored record as the row that clients are shown, one line of JSON.
///
/// The fields keep their order and become relaxed
/// [extended JSON](https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/), but:
///
/// - `_id` is called `id` and is always text; where it has a workspace and a workflow beside the
///   id that a writer has given, it is that.
/// - `date` is written as in `2025-09-22T08:54:01.123Z`, and is followed by `date_text`, as in
///   `Sep 22 2025 at 08:54 AM` (UTC). Both are null where it is missing. What is no date is written
///   as it is, and `date_text` is null.
/// - A field that is called `id` or `date_text` already gets an underscore at its end.
/// - Of fields with one name, the first keeps it, which is the one that MongoDB finds the record
///   by; the second of `level` is called `level_2`.
///
/// Numbers are written exactly. JavaScript rounds whole ones beyond 2⁵³ when it reads them.
///
/// It never fails: damaged BSON is written as far as it can be read, and text that is not UTF-8
/// with a replacement character (U+FFFD) for what is none.
pub fn row(record: &RawDocument) -> String {
    let mut row = Object::with_capacity(record.as_bytes().len() * 2);
    let mut dated = false;
    let mut names = Names::of(record);
    for element in record.iter_elements().map_while(Result::ok) {
        let stored = element.key().as_str();
        let name = names.next(stored);
        match stored {
            "_id" if name == "id" => match element.value() {
                Ok(id) => match given(id) {
                    Some(given) => row.text("id", given),
                    None => row.text("id", &id_text(id)),
                },
                Err(_) => row.element("id", &element),
            },
            "date" if name == "date" => {
                dated = true;
                date(&mut row, &element);
            }
            _ => row.element(&name, &element),
        }
    }
    if !dated {
        row.value("date", RawBsonRef::Null);
        row.value("date_text", RawBsonRef::Null);
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
    fn of(record: &'a RawDocument) -> Self {
        let elements = record.iter_elements().map_while(Result::ok);
        let mut names: Vec<_> = elements.map(|element| wanted(element.key().as_str())).collect();
        names.sort_unstable();
        let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
        Self { taken: twice.then(HashMap::new) }
    }

    /// The next field's.
    fn next(&mut self, stored: &'a str) -> Cow<'a, str> {
        let name = wanted(stored);
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

/// The name that a stored field is to have.
fn wanted(stored: &str) -> Cow<'_, str> {
    match stored {
        "_id" => "id".into(),
        "id" | "date_text" => format!("{stored}_").into(),
        stored => stored.into(),
    }
}

fn date(row: &mut Object, element: &RawElement<'_>) {
    let at = match element.value() {
        Ok(RawBsonRef::DateTime(date)) => civil(date),
        _ => None,
    };
    if let Some(at) = at {
        row.text("date", &at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        row.text("date_text", &at.strftime("%b %d %Y at %I:%M %p").to_string());
    } else {
        row.element("date", element);
        row.value("date_text", RawBsonRef::Null);
    }
}

/// RFC 3339 has no years before 0 or after 9999.
fn civil(date: DateTime) -> Option<civil::DateTime> {
    // jiff's own timestamps end two days before the year 9999 does.
    let since = SignedDuration::from_millis(date.timestamp_millis());
    let at = civil::date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).ok()?;
    (0..=9999).contains(&at.year()).then_some(at)
}
