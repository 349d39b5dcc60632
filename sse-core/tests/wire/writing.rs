//! What is written, case by case, and what a client makes of it.

use std::time::Duration;

use gapless_sse_core::{Encoded, Event, EventId, EventIdRef, EventType, encode};

use crate::{assert_reads, comment, event, message, retry};

fn written(event: &Event<'_>) -> String {
    let mut buffer = Vec::new();
    encode(event, &mut buffer);
    assert_eq!(Encoded::from(event).as_ref(), buffer);
    assert_eq!(Encoded::from(event).len(), buffer.len());
    String::from_utf8(buffer).expect("text is written as UTF-8")
}

#[track_caller]
fn assert_writes(event: &Event<'_>, stream: &str) {
    assert_eq!(written(event), stream);
}

#[test]
fn each_line_end_in_data_starts_a_new_data_line() {
    assert_writes(&Event::new("a\nb"), "data: a\ndata: b\n\n");
    assert_writes(&Event::new("a\rb"), "data: a\ndata: b\n\n");
    assert_writes(&Event::new("a\n\rb"), "data: a\ndata: \ndata: b\n\n");
}

#[test]
fn crlf_in_data_starts_only_one_line() {
    assert_writes(&Event::new("a\r\nb"), "data: a\ndata: b\n\n");
    assert_writes(&Event::new("\r\n"), "data: \ndata: \n\n");
}

#[test]
fn data_survives_the_round_trip() {
    for data in ["", "\n", "a\n", "a\n\n", " a", "  a\n b", "\ta", ":", "data: x", "\u{FEFF}", "\0"]
    {
        assert_reads(written(&Event::new(data)), &[message(data)], "");
    }
}

#[test]
fn pretty_printed_json_survives() {
    let json = "{\n  \"a\": [\n    1\n  ]\n}";
    assert_reads(written(&Event::new(json)), &[message(json)], "");
}

#[test]
fn an_id_that_would_be_misread_is_refused() {
    for id in ["a\rb", "a\nb", "a\0b", "\n", "a\r\n"] {
        assert!(EventId::new(id).is_err(), "{id:?}");
        assert_eq!(EventIdRef::new(id).unwrap_err(), EventId::new(id).unwrap_err());
    }
    assert_eq!(
        EventId::new("ab\rc").unwrap_err().to_string(),
        "the event id holds a carriage return at byte 2; remove it"
    );
}

#[test]
fn an_event_type_that_would_be_misread_is_refused() {
    for event_type in ["a\rb", "a\nb", "\n", "a\r\n"] {
        assert!(EventType::new(event_type).is_err(), "{event_type:?}");
    }
    assert_eq!(
        EventType::new("\n").unwrap_err().to_string(),
        "the event type holds a line feed at byte 0; remove it"
    );
}

#[test]
fn ids_and_types_survive_the_round_trip() {
    for text in [" ", " a ", "ä€😀", ":", "id: 7", "\u{FEFF}", "\u{85}\u{2028}"] {
        let typed = Event::new("x").event_type(EventType::new(text).unwrap());
        let id = EventId::new(text).unwrap();
        assert_eq!(EventIdRef::new(text).unwrap(), EventIdRef::from(&id));
        let borrowed = typed.clone().event_id_ref((&id).into());
        let owned = typed.event_id(id.clone());
        assert_eq!(borrowed, owned);
        assert_reads(written(&owned), &[event(text, "x", text)], text);
    }
}

#[test]
fn an_empty_id_is_written_and_resets_the_clients() {
    let first = written(&Event::new("x").id("1").unwrap());
    let second = written(&Event::new("y").id("").unwrap());
    assert_eq!(second, "id: \ndata: y\n\n");
    assert_reads(first + &second, &[event("message", "x", "1"), message("y")], "");
}

#[test]
fn an_empty_type_is_message() {
    let empty = Event::new("x").event_type(EventType::from_static(""));
    assert_reads(written(&empty), &[message("x")], "");
}

#[test]
fn a_comment_with_line_breaks_is_several_comments() {
    let commented = Event::new("x").comment("a\r\nb\n\nid: 7\rdata: y\n");
    assert_writes(&commented, ": a\n: b\n: \n: id: 7\n: data: y\n: \ndata: x\n\n");
    let comments = ["a", "b", "", "id: 7", "data: y", ""].map(comment);
    assert_reads(written(&commented), &[&comments[..], &[message("x")]].concat(), "");
}

#[test]
fn a_comment_alone_ends_no_event_and_begins_none() {
    assert_reads(written(&Event::empty().comment("")), &[comment("")], "");
    assert_reads(written(&Event::empty()), &[], "");
}

#[test]
fn a_block_without_data_dispatches_nothing() {
    let position = Event::empty().id("7").unwrap().retry(Duration::from_secs(2));
    assert_writes(&position, "retry: 2000\nid: 7\n\n");
    assert_reads(written(&position), &[retry(2000)], "7");
}

#[test]
fn retry_is_written_in_whole_milliseconds() {
    assert_writes(&Event::empty().retry(Duration::ZERO), "retry: 0\n\n");
    assert_writes(&Event::empty().retry(Duration::from_micros(1999)), "retry: 1\n\n");
    assert_writes(&Event::empty().retry(Duration::MAX), "retry: 18446744073709551615\n\n");
}
