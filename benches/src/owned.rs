//! Those that read a stream of `Bytes` to events that can be kept, all from the same chunks.

use std::num::NonZeroUsize;

use gapless_sse_core::{EventReader, Limits, Received};

use crate::names::OURS;
use crate::parsers::{self, LIMIT, Parser};
use crate::seen::Seen;
use crate::workload::Feed;

/// Ours first, then the others that are not far behind.
pub const READERS: &[Parser] = &[
    (OURS, ours),
    ("sse-stream", parsers::sse_stream),
    ("sse-core (crates.io)", other_sse_core),
    ("sse-parse", sse_parse),
    ("sseer", parsers::sseer),
    ("eventsource-stream", parsers::eventsource_stream),
];

fn ours(feed: Feed) -> Seen {
    let limits = Limits { line: LIMIT, event: LIMIT };
    let parser = gapless_sse_core::Parser::with_limits(limits);
    let reader = EventReader::with_parser(parsers::try_chunks(feed), parser);
    parsers::read(reader, |item, seen| {
        if let Ok(Received::Event(event)) = item {
            seen.note(event.data());
        }
    })
}

fn other_sse_core(feed: Feed) -> Seen {
    let limit = NonZeroUsize::new(LIMIT).expect("not zero");
    let mut decoder = other_sse_core::SseDecoder::with_limit(limit);
    let mut seen = Seen::default();
    for chunk in feed.owned() {
        let mut chunk = &*chunk;
        while let Some(Ok(event)) = decoder.next(&mut chunk) {
            if let other_sse_core::SseEvent::Message(message) = event {
                seen.note(message.data);
            }
        }
    }
    seen
}

fn sse_parse(feed: Feed) -> Seen {
    let mut parser = sse_parse::SseParser::new();
    let mut seen = Seen::default();
    for chunk in feed.owned() {
        parser.feed(&chunk);
        while let Some(event) = parser.next_event() {
            seen.note(event.data);
        }
    }
    seen
}
