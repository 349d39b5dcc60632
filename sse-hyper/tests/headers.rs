//! The last event ID of a request.

use std::error::Error;

use gapless_sse_core::EventId;
use gapless_sse_hyper::{InvalidLastEventId, LAST_EVENT_ID, last_event_id};
use http::{HeaderMap, HeaderValue};

fn read(value: &[u8]) -> Result<Option<EventId>, InvalidLastEventId> {
    let value = HeaderValue::from_bytes(value).expect("HTTP can carry it");
    last_event_id(&HeaderMap::from_iter([(LAST_EVENT_ID, value)]))
}

#[test]
fn an_absent_or_empty_header_names_no_event() {
    assert_eq!(last_event_id(&HeaderMap::new()), Ok(None));
    assert_eq!(read(b""), Ok(None));
}

#[test]
fn an_id_may_hold_any_character() {
    for id in ["7", "größe", "日本語", "🦀", "a b\tc"] {
        assert_eq!(read(id.as_bytes()), Ok(Some(EventId::new(id).unwrap())));
    }
}

#[test]
fn a_header_that_is_not_utf_8_is_refused_with_the_reason() {
    let error = read(b"caf\xe9").unwrap_err();
    assert_eq!(error.to_string(), "the header Last-Event-ID is not UTF-8");
    assert!(error.source().is_some());
}
