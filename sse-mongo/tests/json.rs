//! Records as JSON.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use gapless_sse_mongo::bson::oid::ObjectId;
use gapless_sse_mongo::bson::spec::BinarySubtype;
use gapless_sse_mongo::bson::{
    Binary, Bson, DateTime, Decimal128, Document, JavaScriptCodeWithScope, RawBson, RawBsonRef,
    RawDocument, RawDocumentBuf, Regex, Timestamp, Uuid, doc, rawdoc,
};
use gapless_sse_mongo::json::{self, Object};
use proptest::prelude::*;
use serde_json::Value;

fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

#[test]
fn a_record_written_through_an_object_mapper_is_shown_whole_and_in_order() {
    let id = ObjectId::parse_str("65a1b2c3d4e5f60718293a4b").unwrap();
    let record = rawdoc! {
        "_cls": "models.Log",
        "_id": id,
        "tenant": 7,
        "date": DateTime::from_millis(1_758_531_241_123),
        "message": "line 1\nline 2 \"quoted\" \u{1}é",
        "extra": { "rows": 5_i64, "ratio": 0.5, "none": null, "list": [1, "a", {}] },
    };
    assert_eq!(
        json::document(&record),
        concat!(
            r#"{"_cls":"models.Log","_id":{"$oid":"65a1b2c3d4e5f60718293a4b"},"tenant":7,"#,
            r#""date":{"$date":"2025-09-22T08:54:01.123Z"},"#,
            r#""message":"line 1\nline 2 \"quoted\" \u0001é","#,
            r#""extra":{"rows":5,"ratio":0.5,"none":null,"list":[1,"a",{}]}}"#,
        )
    );
}

#[test]
fn an_object_has_the_fields_that_it_was_given_and_under_their_names() {
    let record = rawdoc! { "a": 1, "b": "\"", "c": { "d": null } };
    let mut object = Object::default();
    assert_eq!(Object::new().finish(), "{}");
    object.text("first \"", "x\ny");
    for element in record.iter_elements().map_while(Result::ok) {
        object.element(&AsRef::<str>::as_ref(element.key()).to_uppercase(), &element);
    }
    object.value("last", RawBsonRef::Boolean(true));
    assert_eq!(object.finish(), r#"{"first \"":"x\ny","A":1,"B":"\"","C":{"d":null},"last":true}"#,);
}

#[test]
fn ids_of_every_type_are_text() {
    let uuid = Uuid::parse_str("00112233-4455-6677-8899-aabbccddeeff").unwrap();
    let cases = [
        (Bson::from(uuid), "00112233-4455-6677-8899-aabbccddeeff"),
        (Bson::from(5_i64), "5"),
        (Bson::from("a \"b\""), "a \"b\""),
        (Bson::from(doc! { "a": 1 }), r#"{"a":1}"#),
        (
            Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes: vec![1, 2] }),
            r#"{"$binary":{"base64":"AQI=","subType":"00"}}"#,
        ),
    ];
    for (id, expected) in cases {
        let value: RawBson = id.try_into().unwrap();
        assert_eq!(json::id_text(value.as_raw_bson_ref()), expected);
    }
}

fn value() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(Bson::Double),
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        any::<String>().prop_map(Bson::String),
        any::<String>().prop_map(Bson::Symbol),
        any::<String>().prop_map(Bson::JavaScriptCode),
        any::<String>().prop_map(|code| Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope {
            code,
            scope: doc! { "a": 1.5 },
        })),
        any::<bool>().prop_map(Bson::Boolean),
        any::<[u8; 12]>().prop_map(|bytes| Bson::ObjectId(ObjectId::from_bytes(bytes))),
        any::<[u8; 16]>().prop_map(|bytes| Bson::Decimal128(Decimal128::from_bytes(bytes))),
        (0..253_402_300_800_000_i64).prop_map(|ms| Bson::DateTime(DateTime::from_millis(ms))),
        (0..253_402_300_800_i64).prop_map(|s| Bson::DateTime(DateTime::from_millis(s * 1000))),
        any::<(u32, u32)>()
            .prop_map(|(time, increment)| Bson::Timestamp(Timestamp { time, increment })),
        (any::<u8>(), any::<Vec<u8>>()).prop_map(|(subtype, bytes)| {
            Bson::Binary(Binary { subtype: BinarySubtype::from(subtype), bytes })
        }),
        ("[^\u{0}]{0,5}", "[imsx]{0,4}").prop_map(|(pattern, options)| {
            Bson::RegularExpression(Regex {
                pattern: pattern.try_into().unwrap(),
                options: options.try_into().unwrap(),
            })
        }),
        prop_oneof![
            Just(Bson::Null),
            Just(Bson::Undefined),
            Just(Bson::MinKey),
            Just(Bson::MaxKey),
            Just(Bson::Double(f64::NAN)),
            Just(Bson::Double(-f64::NAN)),
            Just(Bson::Double(f64::INFINITY)),
            Just(Bson::Double(f64::NEG_INFINITY)),
            Just(Bson::Double(-0.0)),
        ],
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let fields = prop::collection::vec(("[^\u{0}]{0,4}", inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Bson::Array),
            fields.prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_is_written_as_the_driver_would(value in value()) {
        let raw: RawBson = value.clone().try_into().unwrap();
        // Both as text, which keeps the order of fields, through the same reader of numbers.
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap().to_string();
        let expected = value.into_relaxed_extjson().to_string();
        prop_assert_eq!(read(&json::value(raw.as_raw_bson_ref())), read(&expected));
    }

    #[test]
    fn damaged_records_are_written_as_valid_json(
        value in value(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let record = doc! {
            "_id": "x", "date": DateTime::from_millis(0), "v": value.clone(), "message": "m",
            "w": [value.clone(), value],
        };
        let mut bytes = raw(&record).into_bytes();
        for (at, byte) in damage {
            let inner = bytes.len() - 5;
            bytes[4 + at.index(inner)] = byte;
        }
        if let Ok(record) = RawDocument::from_bytes(&bytes) {
            let text = json::document(record);
            let parsed = serde_json::from_str::<Value>(&text);
            prop_assert!(parsed.is_ok_and(|object| object.is_object()), "{}", text);
        }
    }
}

#[test]
fn a_pointer_is_written_in_its_parts() {
    // Type 0x0C: the driver makes none.
    let mut bytes = vec![0, 0, 0, 0, 0x0C, b'p', 0, 4, 0, 0, 0, b'a', b'.', b'b', 0];
    bytes.extend([7; 12]);
    bytes.push(0);
    bytes[0] = u8::try_from(bytes.len()).unwrap();
    let record = RawDocument::from_bytes(&bytes).unwrap();
    let expected =
        r#"{"p":{"$dbPointer":{"$ref":"a.b","$id":{"$oid":"070707070707070707070707"}}}}"#;
    assert_eq!(json::document(record), expected);
}

#[test]
fn nesting_without_end_is_cut_off() {
    let mut bytes = vec![5, 0, 0, 0, 0];
    for _ in 0..100_000 {
        let length = i32::try_from(bytes.len()).unwrap() + 4 + 1 + 2 + 1;
        let mut outer = length.to_le_bytes().to_vec();
        outer.extend([3, b'a', 0]);
        outer.append(&mut bytes);
        outer.push(0);
        bytes = outer;
        if bytes.len() > 20_000 {
            break;
        }
    }
    let text = json::document(RawDocument::from_bytes(&bytes).unwrap());
    let count = |c| text.matches(c).count();
    assert!(text.len() < 3000 && count('{') == count('}'));
}
