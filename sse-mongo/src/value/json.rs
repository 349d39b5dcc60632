//! Records as JSON, straight from their BSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bson::oid::ObjectId;
use bson::raw::RawElement;
use bson::spec::BinarySubtype;
use bson::{DateTime, RawBinaryRef, RawBsonRef, RawDocument};

use super::date;
use super::order::payload;
use crate::options::Fields;

/// MongoDB itself refuses documents nested deeper than this.
const MAX_DEPTH: usize = 200;

/// Writes a stored record as the row that clients are shown, one line of JSON.
///
/// The fields keep their order and become relaxed
/// [extended JSON](https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/), but:
///
/// - `_id` is called `id` and is always text: the 24 digits of an `ObjectId`, a UUID with its
///   hyphens, a string as it is, anything else as its extended JSON.
/// - The date is called `date`, as in `2025-09-22T08:54:01.123Z`, and is followed by `date_text`,
///   as in `Sep 22 2025 at 08:54 AM` (UTC). Both are null where it is missing. What is no date is
///   written as it is, and `date_text` is null.
/// - `level`, `type` and `message` are called that, whatever [`Fields`] says they are called in
///   the collection. A field that is in the way of one of these names gets an underscore at its
///   end.
///
/// It never fails: damaged BSON is written as far as it can be read.
///
/// ```
/// use bson::rawdoc;
/// use gapless_sse_mongo::{Fields, json};
///
/// let record = rawdoc! { "_id": "a-1", "date": bson::DateTime::from_millis(0), "level": "INFO" };
/// assert_eq!(
///     json::row(&record, &Fields::default()),
///     r#"{"id":"a-1","date":"1970-01-01T00:00:00.000Z","date_text":"Jan 01 1970 at 12:00 AM","level":"INFO"}"#,
/// );
/// ```
pub fn row(record: &RawDocument, fields: &Fields) -> String {
    let mut out = Writer::with_capacity(record.as_bytes().len() * 2);
    let mut dated = false;
    out.object(record, 0, |out, name, element| {
        if name == "_id" {
            out.name("id");
            match element.value() {
                Ok(value) => out.string(&id_text(value)),
                Err(_) => out.element(element, 0),
            }
        } else if name == fields.date {
            dated = true;
            out.date_field(element);
        } else if name == fields.level {
            out.named("level", element);
        } else if name == fields.kind {
            out.named("type", element);
        } else if name == fields.message {
            out.named("message", element);
        } else if matches!(name, "id" | "date" | "date_text" | "level" | "type" | "message") {
            out.named(&format!("{name}_"), element);
        } else {
            out.named(name, element);
        }
    });
    let mut row = out.finish();
    if !dated && row.pop() == Some('}') {
        row.push_str(if row.len() > 1 { "," } else { "" });
        row.push_str(r#""date":null,"date_text":null}"#);
    }
    row
}

/// A record's `_id` as text, as [`row`] writes it.
pub fn id_text(id: RawBsonRef<'_>) -> String {
    match id {
        RawBsonRef::ObjectId(id) => id.to_hex(),
        RawBsonRef::String(text) => text.to_owned(),
        RawBsonRef::Binary(binary) => {
            uuid_text(binary).unwrap_or_else(|| value(RawBsonRef::Binary(binary)))
        }
        other => value(other),
    }
}

/// Writes any value as relaxed extended JSON.
pub fn value(value: RawBsonRef<'_>) -> String {
    let mut out = Writer::with_capacity(64);
    out.value(value, 0);
    out.finish()
}

/// A UUID with its hyphens, if the value is one.
pub(crate) fn uuid_text(binary: RawBinaryRef<'_>) -> Option<String> {
    let bytes: [u8; 16] = match binary.subtype {
        BinarySubtype::Uuid => binary.bytes.try_into().ok()?,
        _ => return None,
    };
    Some(bson::Uuid::from_bytes(bytes).to_string())
}

/// Writes JSON. What it holds is valid at the end of every call that began with it valid.
struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn with_capacity(capacity: usize) -> Self {
        Self { out: Vec::with_capacity(capacity) }
    }

    fn finish(self) -> String {
        String::from_utf8(self.out).unwrap_or_default()
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, text: &str) {
        // Writing a string to a vector cannot fail.
        let _ = serde_json::to_writer(&mut self.out, text);
    }

    fn name(&mut self, name: &str) {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.string(name);
        self.out.push(b':');
    }

    fn named(&mut self, name: &str, element: &RawElement<'_>) {
        self.name(name);
        self.element(element, 1);
    }

    fn object(
        &mut self,
        document: &RawDocument,
        depth: usize,
        mut field: impl FnMut(&mut Self, &str, &RawElement<'_>),
    ) {
        self.out.push(b'{');
        if depth <= MAX_DEPTH {
            for element in document.iter_elements().map_while(Result::ok) {
                field(self, element.key().as_str(), &element);
            }
        }
        self.out.push(b'}');
    }

    fn element(&mut self, element: &RawElement<'_>, depth: usize) {
        match element.value() {
            Ok(value) => self.value(value, depth),
            Err(_) => match element.value_utf8_lossy() {
                Ok(value) => self.value(value.as_raw_bson_ref(), depth),
                Err(_) => self.raw("null"),
            },
        }
    }

    fn date_field(&mut self, element: &RawElement<'_>) {
        self.name("date");
        let text = match element.value() {
            Ok(RawBsonRef::DateTime(date)) => date::Texts::of(date),
            _ => None,
        };
        match &text {
            Some(text) => self.string(&text.precise),
            None => self.element(element, 1),
        }
        self.name("date_text");
        match &text {
            Some(text) => self.string(&text.short),
            None => self.raw("null"),
        }
    }

    /// `{"name":"text"}`
    fn wrapped(&mut self, name: &str, text: &str) {
        self.raw("{");
        self.name(name);
        self.string(text);
        self.raw("}");
    }

    fn value(&mut self, value: RawBsonRef<'_>, depth: usize) {
        match value {
            RawBsonRef::Double(double) => self.double(double),
            RawBsonRef::String(text) => self.string(text),
            RawBsonRef::Document(document) => {
                self.object(document, depth, |out, name, element| {
                    out.name(name);
                    out.element(element, depth + 1);
                });
            }
            RawBsonRef::Array(array) => {
                self.raw("[");
                if depth <= MAX_DEPTH {
                    for (index, element) in array.iter_elements().map_while(Result::ok).enumerate()
                    {
                        self.raw(if index == 0 { "" } else { "," });
                        self.element(&element, depth + 1);
                    }
                }
                self.raw("]");
            }
            RawBsonRef::Boolean(true) => self.raw("true"),
            RawBsonRef::Boolean(false) => self.raw("false"),
            RawBsonRef::Null => self.raw("null"),
            RawBsonRef::Int32(int) => self.raw(&int.to_string()),
            RawBsonRef::Int64(int) => self.raw(&int.to_string()),
            RawBsonRef::DateTime(date) => self.date(date),
            RawBsonRef::ObjectId(id) => self.wrapped("$oid", &id.to_hex()),
            RawBsonRef::Decimal128(decimal) => self.wrapped("$numberDecimal", &decimal.to_string()),
            RawBsonRef::Binary(binary) => {
                self.raw(r#"{"$binary":{"base64":""#);
                self.raw(&STANDARD.encode(binary.bytes));
                self.raw(&format!(r#"","subType":"{:02x}"}}}}"#, u8::from(binary.subtype)));
            }
            RawBsonRef::RegularExpression(regex) => {
                let mut options: Vec<char> = regex.options.as_str().chars().collect();
                options.sort_unstable();
                self.raw(r#"{"$regularExpression":{"pattern":"#);
                self.string(regex.pattern.as_str());
                self.raw(r#","options":"#);
                self.string(&options.into_iter().collect::<String>());
                self.raw("}}");
            }
            RawBsonRef::Timestamp(stamp) => self.raw(&format!(
                r#"{{"$timestamp":{{"t":{},"i":{}}}}}"#,
                stamp.time, stamp.increment
            )),
            RawBsonRef::JavaScriptCode(code) => self.wrapped("$code", code),
            RawBsonRef::JavaScriptCodeWithScope(code) => {
                self.raw(r#"{"$code":"#);
                self.string(code.code);
                self.raw(r#","$scope":"#);
                self.value(RawBsonRef::Document(code.scope), depth + 1);
                self.raw("}");
            }
            RawBsonRef::Symbol(text) => self.wrapped("$symbol", text),
            RawBsonRef::Undefined => self.raw(r#"{"$undefined":true}"#),
            RawBsonRef::MinKey => self.raw(r#"{"$minKey":1}"#),
            RawBsonRef::MaxKey => self.raw(r#"{"$maxKey":1}"#),
            RawBsonRef::DbPointer(_) => self.pointer(value),
        }
    }

    fn double(&mut self, double: f64) {
        if double.is_finite() {
            let _ = serde_json::to_writer(&mut self.out, &double);
            return;
        }
        self.wrapped(
            "$numberDouble",
            match (double.is_nan(), double.is_sign_negative()) {
                (true, false) => "NaN",
                (true, true) => "-NaN",
                (false, false) => "Infinity",
                (false, true) => "-Infinity",
            },
        );
    }

    fn date(&mut self, date: DateTime) {
        if let Some(text) = date::relaxed(date) {
            return self.wrapped("$date", &text);
        }
        self.raw(r#"{"$date":"#);
        self.wrapped("$numberLong", &date.timestamp_millis().to_string());
        self.raw("}");
    }

    fn pointer(&mut self, value: RawBsonRef<'_>) {
        // The driver keeps its parts private: a counted name that ends with a zero, and an id.
        let bytes = payload(value);
        let split = bytes.len().checked_sub(12).and_then(|at| bytes.split_at_checked(at));
        let Some((name, id)) = split else { return self.raw("null") };
        let name = name.get(4..name.len().saturating_sub(1)).unwrap_or_default();
        let id = id.try_into().map(ObjectId::from_bytes).unwrap_or_default();
        self.raw(r#"{"$dbPointer":{"$ref":"#);
        self.string(&String::from_utf8_lossy(name));
        self.raw(r#","$id":"#);
        self.wrapped("$oid", &id.to_hex());
        self.raw("}}");
    }
}
