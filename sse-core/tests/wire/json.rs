//! Values as JSON in events.

use std::collections::BTreeMap;

use gapless_sse_core::{Encoded, Event, EventType, encode_json};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{assert_reads, event};

fn written(event: &Event<'_>, value: &impl Serialize) -> String {
    let mut buffer = b"before".to_vec();
    encode_json(event, value, &mut buffer).expect("JSON");
    let stream = buffer.strip_prefix(b"before").expect("what was there stays");
    assert_eq!(Encoded::json(event, value).expect("JSON").as_ref(), stream);
    String::from_utf8(stream.to_vec()).expect("JSON is text")
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

#[test]
fn a_value_is_the_data_after_the_other_fields() {
    let log = Event::new("replaced").event_type(EventType::from_static("log"));
    let value = BTreeMap::from([("message", "a\nb"), ("type", "\r\n\u{2028}")]);
    let stream = written(&log.id("7").unwrap(), &value);
    let json = serde_json::to_string(&value).unwrap();
    assert_eq!(stream, format!("event: log\nid: 7\ndata: {json}\n\n"));
    assert_reads(stream, &[event("log", &json, "7")], "7");
}

#[test]
fn raw_values_survive_with_their_line_breaks() {
    for json in ["{\n  \"a\": [\n    1\n  ]\n}", "[\r\n1,\r\r2\n\n]", "1", "\"\\n\""] {
        let stream = written(&Event::empty(), &(1, raw(json), [raw(json)]));
        let data = format!("[1,{json},[{json}]]").replace("\r\n", "\n").replace('\r', "\n");
        assert_reads(&stream, &[event("message", &data, "")], "");
        let value: (u8, Box<RawValue>, [serde_json::Value; 1]) =
            serde_json::from_str(&data).unwrap();
        assert_eq!(value.2[0], serde_json::from_str::<serde_json::Value>(json).unwrap());
    }
}

/// Fails after half of it is written.
struct Half;

impl Serialize for Half {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeSeq};

        let mut half = serializer.serialize_seq(None)?;
        half.serialize_element("half")?;
        Err(S::Error::custom("no more"))
    }
}

#[test]
fn nothing_is_written_of_a_value_that_fails() {
    let mut buffer = b"before".to_vec();
    let failed = encode_json(&Event::empty().comment("a"), &Half, &mut buffer);
    assert_eq!(failed.unwrap_err().to_string(), "no more");
    assert_eq!(buffer, b"before");
    assert!(Encoded::json(&Event::empty(), &Half).is_err());
    assert_eq!(Encoded::json(&Event::empty(), &1).unwrap().as_ref(), b"data: 1\n\n");
    assert!(Encoded::json(&Event::empty(), &BTreeMap::from([((), 1)])).is_err());
}

/// Writes a frame while it is written itself.
struct Nested;

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = Encoded::from(Event::new("inner"));
        serializer.serialize_u64(inner.len() as u64)
    }
}

#[test]
fn a_value_may_write_frames_of_its_own() {
    assert_eq!(Encoded::json(&Event::empty(), &[Nested]).unwrap().as_ref(), b"data: [13]\n\n");
}

#[test]
fn large_frames_are_whole() {
    let text = "x".repeat(200_000);
    let frame = Encoded::json(&Event::empty(), &text).unwrap();
    assert_eq!(frame.as_ref(), format!("data: \"{text}\"\n\n").as_bytes());
}
