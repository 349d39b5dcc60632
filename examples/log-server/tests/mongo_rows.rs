//! Records of MongoDB as rows.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::collections::HashMap;

use bson::oid::ObjectId;
use bson::raw::CString;
use bson::{Bson, DateTime, Document, RawDocument, RawDocumentBuf, doc, rawdoc};
use gapless_sse_core::follow::{Filter, Record};
use log_server::fields::FieldMap;
use log_server::row::{LEVELS, Row};
use log_server::search::{Level, Search, Terms};
use serde_json::value::RawValue;

/// A record as a row, where fields are called as usual.
fn row(record: &RawDocument) -> String {
    log_server::store::mongo::row(record, &FieldMap::default())
}

fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

#[test]
fn a_record_written_through_an_object_mapper_is_shown_whole_and_in_order() {
    let id = ObjectId::parse_str("65a1b2c3d4e5f60718293a4b").unwrap();
    let record = rawdoc! {
        "_cls": "models.Log",
        "_id": id,
        "workspace_id": 7,
        "workflow_id": id,
        "date": DateTime::from_millis(1_758_531_241_123),
        "level": "WARNING",
        "type": "stage",
        "message": "line 1\nline 2 \"quoted\" \u{1}é",
        "extra": { "rows": 5_i64, "ratio": 0.5, "none": null, "list": [1, "a", {}] },
    };
    assert_eq!(
        row(&record),
        concat!(
            r#"{"_cls":"models.Log","id":"65a1b2c3d4e5f60718293a4b","workspace_id":7,"#,
            r#""workflow_id":{"$oid":"65a1b2c3d4e5f60718293a4b"},"#,
            r#""date":"2025-09-22T08:54:01.123Z","date_text":"Sep 22 2025 at 08:54 AM","#,
            r#""level":"WARNING","type":"stage","#,
            r#""message":"line 1\nline 2 \"quoted\" \u0001é","#,
            r#""extra":{"rows":5,"ratio":0.5,"none":null,"list":[1,"a",{}]}}"#,
        )
    );
}

#[test]
fn a_field_that_is_in_the_way_gets_another_name() {
    let record = rawdoc! {
        "_id": 1, "message": "m", "id": "mine", "date_text": true, "date": DateTime::from_millis(0),
    };
    assert_eq!(
        row(&record),
        concat!(
            r#"{"id":"1","message":"m","id_":"mine","date_text_":true,"#,
            r#""date":"1970-01-01T00:00:00.000Z","date_text":"Jan 01 1970 at 12:00 AM"}"#,
        )
    );
}

#[test]
fn of_fields_with_one_name_the_first_keeps_it_and_the_record_is_found_by_it() {
    let mut record = rawdoc! { "_id": 1, "level": 40, "message": "first", "level_2": 1 };
    for (name, value) in [("level", "INFO"), ("message", "second"), ("level", "DEBUG")] {
        record.append(CString::try_from(name).unwrap(), value);
    }
    record.append(CString::try_from("date").unwrap(), DateTime::from_millis(0));
    record.append(CString::try_from("date").unwrap(), "soon");
    let row = row(&record);
    assert_eq!(
        row,
        concat!(
            r#"{"id":"1","level":40,"message":"first","level_2":1,"level_3":"INFO","#,
            r#""message_2":"second","level_4":"DEBUG","date":"1970-01-01T00:00:00.000Z","#,
            r#""date_text":"Jan 01 1970 at 12:00 AM","date_2":"soon"}"#,
        )
    );
    let error = Terms { levels: vec!["error".to_owned()], ..Terms::default() };
    let first = Terms { texts: vec!["first".to_owned()], ..Terms::default() };
    for terms in [error, first] {
        assert!(Search::new(terms).unwrap().admits(&Row::new(&*row, None).mark()));
    }
}

/// Many of one name, and of those that they could have, are named without looking at all.
#[test]
fn fields_with_one_name_may_be_many() {
    let mut record = RawDocumentBuf::new();
    for nth in 0..50_000 {
        record.append(CString::try_from(format!("a_{nth}")).unwrap(), 1);
        record.append(CString::try_from("a").unwrap(), 1);
    }
    let row = row(&record);
    let fields: HashMap<&str, serde_json::Value> = serde_json::from_str(&row).unwrap();
    assert_eq!(fields.len(), 100_002);
}

#[test]
fn numbers_are_levels_as_in_python() {
    let level = |number: &str| LEVELS.into_iter().find(|name| Level::of(name) == Level::of(number));
    for (number, expected) in [
        ("10", "DEBUG"),
        ("20", "INFO"),
        ("30", "WARNING"),
        ("40", "ERROR"),
        ("50", "CRITICAL"),
        ("25", "INFO"),
        ("39.9", "WARNING"),
        ("4e1", "ERROR"),
        ("0", "DEBUG"),
        ("-3", "DEBUG"),
        ("1000", "CRITICAL"),
    ] {
        assert_eq!(level(number), Some(expected), "{number}");
    }
    for none in ["", "NaN", "inf", "-Infinity", "40 ", "0x28", "null", "true", "[40]"] {
        assert!(Level::of(none).is_none(), "{none}");
    }
}

/// MongoDB itself takes no deeper ones.
#[test]
fn deep_objects_are_shown_whole_and_searched() {
    let deep = (0..98).fold(doc! {}, |inner, _| doc! { "a": inner });
    let row = row(&raw(&doc! { "message": "deep", "more": deep }));
    assert_eq!(row.matches(r#"{"a":"#).count(), 98);
    let terms = Terms { texts: vec!["deep".to_owned()], ..Terms::default() };
    assert!(Search::new(terms).unwrap().admits(&Row::new(&*row, None).mark()));
    serde_json::from_str::<&RawValue>(&row).unwrap();
}

#[test]
fn damaged_text_is_shown_as_far_as_it_can_be_read() {
    let mut bytes = rawdoc! { "_id": "x", "message": "ab", "date": 5 }.into_bytes();
    let text = bytes.windows(2).position(|pair| pair == b"ab").unwrap();
    bytes[text] = 0xFF;
    assert_eq!(
        row(RawDocument::from_bytes(&bytes).unwrap()),
        "{\"id\":\"x\",\"message\":\"\u{FFFD}b\",\"date\":5,\"date_text\":null}",
    );
}

#[test]
fn a_missing_date_is_null_and_what_is_none_is_shown_as_it_is() {
    let cases = [
        (doc! {}, r#"{"date":null,"date_text":null}"#),
        (doc! { "_id": "x" }, r#"{"id":"x","date":null,"date_text":null}"#),
        (doc! { "date": Bson::Null }, r#"{"date":null,"date_text":null}"#),
        (doc! { "date": "soon" }, r#"{"date":"soon","date_text":null}"#),
        (
            doc! { "date": DateTime::MAX },
            r#"{"date":{"$date":{"$numberLong":"9223372036854775807"}},"date_text":null}"#,
        ),
    ];
    for (record, expected) in cases {
        assert_eq!(row(&raw(&record)), expected);
    }
}

#[test]
fn a_date_is_read_on_a_twelve_hour_clock() {
    let cases = [
        ("2025-01-05T00:00:00Z", "2025-01-05T00:00:00.000Z", "Jan 05 2025 at 12:00 AM"),
        ("2025-12-31T11:59:59.999Z", "2025-12-31T11:59:59.999Z", "Dec 31 2025 at 11:59 AM"),
        ("2024-02-29T12:00:00.1Z", "2024-02-29T12:00:00.100Z", "Feb 29 2024 at 12:00 PM"),
        ("1969-06-07T13:05:00Z", "1969-06-07T13:05:00.000Z", "Jun 07 1969 at 01:05 PM"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z", "Dec 31 9999 at 11:59 PM"),
    ];
    for (date, precise, short) in cases {
        let record = raw(&doc! { "date": DateTime::parse_rfc3339_str(date).unwrap() });
        let expected = format!(r#"{{"date":"{precise}","date_text":"{short}"}}"#);
        assert_eq!(row(&record), expected);
    }
}
