//! Stored records as the rows that clients are shown.

use bson::raw::RawElement;
use bson::{DateTime, RawBsonRef, RawDocument};
use gapless_sse_mongo::json::{Object, id_text};
use jiff::{SignedDuration, civil};

/// Writes a stored record as the row that clients are shown, one line of JSON.
///
/// The fields keep their order and become relaxed
/// [extended JSON](https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/), but:
///
/// - `_id` is called `id` and is always text.
/// - `date` is written as in `2025-09-22T08:54:01.123Z`, and is followed by `date_text`, as in
///   `Sep 22 2025 at 08:54 AM` (UTC). Both are null where it is missing. What is no date is written
///   as it is, and `date_text` is null.
/// - A field that is called `id` or `date_text` already gets an underscore at its end.
///
/// It never fails: damaged BSON is written as far as it can be read.
pub fn row(record: &RawDocument) -> String {
    let mut row = Object::with_capacity(record.as_bytes().len() * 2);
    let mut dated = false;
    for element in record.iter_elements().map_while(Result::ok) {
        match element.key().as_str() {
            "_id" => match element.value() {
                Ok(id) => row.text("id", &id_text(id)),
                Err(_) => row.element("id", &element),
            },
            "date" => {
                dated = true;
                date(&mut row, &element);
            }
            name @ ("id" | "date_text") => row.element(&format!("{name}_"), &element),
            name => row.element(name, &element),
        }
    }
    if !dated {
        row.value("date", RawBsonRef::Null);
        row.value("date_text", RawBsonRef::Null);
    }
    row.finish()
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
