//! What holds for every stream, however it is written and wherever it is cut.

use std::time::Duration;

use gapless_sse_core::naive::{self, Item as Seen};
use gapless_sse_core::{Event, EventId, EventType, Limits, Parser, encode};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::read;

/// Bytes that matter to a parser, more often than chance would have them, and any others.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let fragments: &[&[u8]] = &[
        b"data",
        b"data: ",
        b"event",
        b"event: ",
        b"id",
        b"id: ",
        b"retry",
        b"retry: ",
        b":",
        b" ",
        b"\r",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"\0",
        b"12",
        b"99999999999999999999",
        b"x",
        b"\xEF\xBB\xBF",
        b"\xEF",
        b"\xBB",
        b"\xE2\x82",
        b"\xAC",
        b"\xF0\x9F\x98\x80",
        b"\xED\xA0\x80",
    ];
    let fragment = prop_oneof![
        9 => select(fragments).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 1..4),
    ];
    vec(fragment, 0..40).prop_map(|fragments| fragments.concat())
}

/// Text that tries to be more than text.
fn hostile_text() -> impl Strategy<Value = String> {
    let fragments: &[&str] = &[
        "\n", "\r", "\r\n", "\n\n", ":", " ", "data: x", "id: 7", "event: e", "retry: 5", "\0",
        "\u{FEFF}", "ä", "😀", "\u{2028}", "",
    ];
    let fragment = prop_oneof![
        3 => select(fragments).prop_map(|text: &str| text.to_owned()),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(fragment, 0..6).prop_map(|fragments| fragments.concat())
}

fn cut<'a>(stream: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.sort_unstable();
    let mut chunks = Vec::new();
    let mut start = 0;
    for end in cuts {
        chunks.push(&stream[start..end]);
        start = end;
    }
    chunks.push(&stream[start..]);
    chunks
}

/// The fields of an event as anyone may ask for them.
#[derive(Clone, Debug)]
struct Wish {
    comment: Option<String>,
    retry: Option<u64>,
    event_type: Option<String>,
    id: Option<String>,
    data: Option<String>,
}

fn wish() -> impl Strategy<Value = Wish> {
    let text = || option::of(hostile_text());
    (text(), option::of(any::<u64>()), text(), text(), text()).prop_map(
        |(comment, retry, event_type, id, data)| Wish { comment, retry, event_type, id, data },
    )
}

/// Appends the event as far as it is accepted, and what a client must read of it.
fn write(wish: Wish, stream: &mut Vec<u8>, expected: &mut Vec<Seen>, last_event_id: &mut String) {
    let mut event = Event::empty();
    if let Some(comment) = wish.comment {
        expected.extend(lines(&comment).into_iter().map(Seen::Comment));
        event = event.comment(comment);
    }
    if let Some(milliseconds) = wish.retry {
        let reconnection_time = Duration::from_millis(milliseconds);
        expected.push(Seen::Retry(reconnection_time));
        event = event.retry(reconnection_time);
    }
    let mut received_type = "message".to_owned();
    if let Some(text) = wish.event_type {
        match EventType::new(text.clone()) {
            Ok(event_type) => {
                if !text.is_empty() {
                    received_type = text;
                }
                event = event.event_type(event_type);
            }
            Err(_) => assert!(text.contains(['\r', '\n'])),
        }
    }
    if let Some(text) = wish.id {
        match EventId::new(text.clone()) {
            Ok(id) => {
                *last_event_id = text;
                event = event.event_id(id);
            }
            Err(_) => assert!(text.contains(['\r', '\n', '\0'])),
        }
    }
    if let Some(data) = wish.data {
        expected.push(Seen::Event {
            event_type: received_type,
            data: lines(&data).join("\n"),
            last_event_id: last_event_id.clone(),
        });
        event = event.data(data);
    }
    encode(&event, stream);
}

/// The lines of a text, the last one too when it is empty.
fn lines(text: &str) -> Vec<String> {
    text.replace("\r\n", "\n").split(['\r', '\n']).map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_parser_agrees_with_the_oracle_for_any_bytes_at_any_cuts(
        stream in stream(),
        cuts in vec(any::<Index>(), 0..8),
        seed in "[a-z]?",
    ) {
        let id = EventId::new(seed.as_str()).unwrap();
        let resumed = || Parser::new().resume(&id);
        let (seen, result, last_event_id) = read(resumed, &cut(&stream, &cuts));
        prop_assert_eq!(result, Ok(()));
        prop_assert_eq!((seen, last_event_id), naive::decode(&stream, &seed));
    }

    #[test]
    fn exactly_the_intended_events_come_out_of_what_is_written(
        wishes in vec(wish(), 0..6),
        cuts in vec(any::<Index>(), 0..4),
    ) {
        let (mut stream, mut expected, mut last_event_id) = (Vec::new(), Vec::new(), String::new());
        for wish in wishes {
            write(wish, &mut stream, &mut expected, &mut last_event_id);
        }
        let (seen, result, left) = read(Parser::new, &cut(&stream, &cuts));
        prop_assert_eq!(result, Ok(()));
        prop_assert_eq!(seen, expected);
        prop_assert_eq!(left, last_event_id);
    }

    #[test]
    fn limits_end_a_stream_at_the_same_item_at_any_cuts(
        stream in stream(),
        cuts in vec(any::<Index>(), 0..8),
        line in 0_usize..40,
        event in 0_usize..40,
    ) {
        let limited = || Parser::with_limits(Limits { line, event });
        let whole = read(limited, &[&stream]);
        prop_assert_eq!(&read(limited, &cut(&stream, &cuts)), &whole);
        let all = naive::decode(&stream, "").0;
        let (seen, result, _) = whole;
        prop_assert!(all.starts_with(&seen));
        prop_assert!(result.is_err() || seen.len() == all.len());
        for item in seen {
            if let Seen::Event { data, last_event_id, .. } = item {
                prop_assert!(data.len() < event && last_event_id.len() <= event);
            }
        }
    }
}
