//! Records as JSON, straight from their BSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::RawElement;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{DateTime, RawBinaryRef, RawBsonRef, RawDocument, Uuid};

use super::compat;
use super::date;
use super::order::payload;

/// MongoDB itself refuses documents nested deeper than this.
const MAX_DEPTH: usize = 200;

/// Writes a document as relaxed
/// [extended JSON](https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/) on one
/// line, with its fields in their order.
///
/// It never fails: of damaged BSON, it writes as much as can be read.
///
/// ```
/// use gapless_sse_mongo::bson::{DateTime, rawdoc};
/// use gapless_sse_mongo::json;
///
/// let record = rawdoc! { "_id": 7, "at": DateTime::from_millis(0), "state": "paid" };
/// assert_eq!(
///     json::document(&record),
///     r#"{"_id":7,"at":{"$date":"1970-01-01T00:00:00Z"},"state":"paid"}"#,
/// );
/// ```
pub fn document(document: &RawDocument) -> String {
    let mut out = Writer::with_capacity(document.as_bytes().len() * 2);
    out.value(RawBsonRef::Document(document), 0);
    out.finish()
}

/// A record's `_id` as plain text: the 24 digits of an `ObjectId`, a UUID with its hyphens, a
/// string as it is, and anything else as its extended JSON. A UUID of the old subtype 3 is read in
/// the order of bytes in which Python writes it.
///
/// ```
/// use gapless_sse_mongo::bson::{RawBsonRef, oid::ObjectId};
/// use gapless_sse_mongo::json;
///
/// let id = ObjectId::from_bytes([0xAB; 12]);
/// assert_eq!(json::id_text(RawBsonRef::ObjectId(id)), "abababababababababababab");
/// assert_eq!(json::id_text(RawBsonRef::Int32(7)), "7");
/// ```
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
///
/// ```
/// use gapless_sse_mongo::{bson::RawBsonRef, json};
///
/// assert_eq!(json::value(RawBsonRef::Double(f64::NAN)), r#"{"$numberDouble":"NaN"}"#);
/// ```
pub fn value(value: RawBsonRef<'_>) -> String {
    let mut out = Writer::with_capacity(64);
    out.value(value, 0);
    out.finish()
}

/// A UUID with its hyphens, if the value is one.
pub(crate) fn uuid_text(binary: RawBinaryRef<'_>) -> Option<String> {
    let bytes: [u8; 16] = match binary.subtype {
        BinarySubtype::Uuid | BinarySubtype::UuidOld => binary.bytes.try_into().ok()?,
        _ => return None,
    };
    Some(Uuid::from_bytes(bytes).to_string())
}

/// Writes a JSON object field by field, for records that are shown in a form of their own.
///
/// ```
/// use gapless_sse_mongo::bson::{RawBsonRef, rawdoc};
/// use gapless_sse_mongo::json::{Object, id_text};
///
/// let record = rawdoc! { "_id": 7, "state": "paid", "secret": 1 };
/// let mut shown = Object::new();
/// for element in record.iter_elements().map_while(Result::ok) {
///     match AsRef::<str>::as_ref(element.key()) {
///         "_id" => shown.text("id", &id_text(element.value().unwrap_or(RawBsonRef::Null))),
///         "secret" => {}
///         name => shown.element(name, &element),
///     }
/// }
/// assert_eq!(shown.finish(), r#"{"id":"7","state":"paid"}"#);
/// ```
#[derive(Debug)]
pub struct Object(Writer);

impl Object {
    /// An object without a field.
    pub fn new() -> Self {
        Self::with_capacity(64)
    }

    /// An object that is expected to take so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut out = Writer::with_capacity(bytes);
        out.raw("{");
        Self(out)
    }

    /// Appends a field that is text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.0.name(name);
        self.0.string(text);
    }

    /// Appends a field as relaxed extended JSON.
    pub fn value(&mut self, name: &str, value: RawBsonRef<'_>) {
        self.0.name(name);
        self.0.value(value, 1);
    }

    /// Appends a stored field under this name, as [`value`](Self::value) does. It never fails: of
    /// damaged BSON, it writes as much as can be read, or `null`.
    pub fn element(&mut self, name: &str, element: &RawElement<'_>) {
        self.0.name(name);
        self.0.element(element, 1);
    }

    /// Appends a field whose value is this JSON.
    pub fn json(&mut self, name: &str, json: &str) {
        self.0.name(name);
        self.0.raw(json);
    }

    /// Ends the object.
    pub fn finish(mut self) -> String {
        self.0.raw("}");
        self.0.finish()
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes JSON. What it holds is valid at the end of every call that began with it valid.
#[derive(Debug)]
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

    fn object(&mut self, document: &RawDocument, depth: usize) {
        self.out.push(b'{');
        if depth <= MAX_DEPTH {
            for element in document.iter_elements().map_while(Result::ok) {
                self.name(compat::name(&element));
                self.element(&element, depth + 1);
            }
        }
        self.out.push(b'}');
    }

    fn element(&mut self, element: &RawElement<'_>, depth: usize) {
        match element.value() {
            Ok(value) => self.value(value, depth),
            Err(_) => match compat::lossy(element) {
                Some(value) => self.value(value.as_raw_bson_ref(), depth),
                None => self.raw("null"),
            },
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
            RawBsonRef::Document(document) => self.object(document, depth),
            RawBsonRef::Array(array) => {
                self.raw("[");
                if depth <= MAX_DEPTH {
                    for (index, element) in compat::elements(array).enumerate() {
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
                let (pattern, options) = compat::regex(regex);
                let mut options: Vec<char> = options.chars().collect();
                options.sort_unstable();
                self.raw(r#"{"$regularExpression":{"pattern":"#);
                self.string(pattern);
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
