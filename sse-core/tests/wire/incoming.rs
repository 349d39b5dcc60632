//! Streams of chunks to streams of items.

use std::error::Error;

use bytes::{Buf, Bytes};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use gapless_sse_core::naive::Item as Seen;
use gapless_sse_core::{
    EventId, Incoming, IncomingError, LimitExceeded, Limits, Parser, Received, ReceivedEvent,
};

use crate::{comment, event, message, retry};

fn seen(received: Received) -> Seen {
    match received {
        Received::Event(ReceivedEvent { event_type, data, last_event_id }) => {
            event(&event_type, &data, &last_event_id)
        }
        Received::Comment(text) => comment(&text),
        Received::Retry(reconnection_time) => Seen::Retry(reconnection_time),
    }
}

/// All items of chunks that are there at once.
fn read<B: Buf + Unpin>(
    chunks: impl IntoIterator<Item = B>,
    parser: Parser,
) -> (Vec<Seen>, Parser) {
    let mut incoming = Incoming::new(stream::iter(chunks).map(Ok::<_, ()>), parser);
    let items = incoming.by_ref().map(|item| seen(item.expect("within limits"))).collect();
    let items = FutureExt::now_or_never(items).expect("nothing to wait for");
    (items, incoming.into_parser())
}

const STREAM: &[u8] =
    b"\xEF\xBB\xBFretry: 5\nid: 7\nevent: e\ndata: \xE2\x82\xAC\n: c\ndata: y\r\n\r\ndata\n\n";

fn expected() -> [Seen; 4] {
    [retry(5), comment("c"), event("e", "€\ny", "7"), event("message", "", "7")]
}

#[test]
fn items_are_those_of_the_parser_at_any_cuts() {
    for cut in 0..=STREAM.len() {
        let (items, parser) = read([&STREAM[..cut], &STREAM[cut..]], Parser::new());
        assert_eq!(items, expected(), "cut at {cut}");
        assert_eq!(parser.last_event_id(), "7");
    }
    assert_eq!(read(STREAM.chunks(1), Parser::new()).0, expected());
}

#[test]
fn a_chunk_may_be_in_pieces() {
    for cut in 0..=STREAM.len() {
        let pieces = STREAM[..cut].chain(Bytes::from_static(&STREAM[cut..]));
        assert_eq!(read([pieces], Parser::new()).0, expected(), "cut at {cut}");
    }
}

#[test]
fn many_items_of_one_chunk_come_each_once_and_in_order() {
    let texts: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let chunk = format!("data: {}\n\n", texts.join("\n\ndata: "));
    let expected: Vec<_> = texts.iter().map(|text| message(text)).collect();
    assert_eq!(read([chunk.as_bytes()], Parser::new()).0, expected);
}

#[test]
fn items_come_before_the_chunks_go_on() {
    let chunks = stream::iter([Ok::<_, ()>(&b"data: a\n\ndata: b\n\nda"[..])]);
    let mut incoming = Incoming::new(chunks.chain(stream::pending()), Parser::new());
    let mut next = || incoming.next().now_or_never().map(|item| seen(item.unwrap().unwrap()));
    assert_eq!((next(), next(), next()), (Some(message("a")), Some(message("b")), None));
}

#[test]
fn the_parser_goes_from_one_connection_to_the_next() {
    let parser = Parser::new().resume(&EventId::new("41").unwrap());
    let (_, mut parser) = read([&b"data: x\n\nid: 42\n\nid: 43\ndata: lost"[..]], parser);
    parser.restart();
    assert_eq!(read([&b"data: y\n\n"[..]], parser).0, [event("message", "y", "42")]);
}

#[derive(Debug, PartialEq)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the line is cut")
    }
}

impl Error for Broken {}

fn next<S>(incoming: &mut Incoming<S>) -> Option<Result<Received, IncomingError<Broken>>>
where
    S: Stream<Item = Result<&'static [u8], Broken>>,
{
    incoming.next().now_or_never().expect("nothing to wait for")
}

#[test]
fn an_error_of_the_chunks_is_passed_on_and_ends_nothing() {
    let chunks = [Ok(&b": a\nda"[..]), Err(Broken), Ok(b"ta: x\n\n")];
    let mut incoming = Incoming::new(stream::iter(chunks), Parser::new());
    assert_eq!(next(&mut incoming), Some(Ok(Received::Comment("a".to_owned()))));
    let error = next(&mut incoming).unwrap().unwrap_err();
    assert_eq!(error, IncomingError::Chunks(Broken));
    assert_eq!(error.source().unwrap().to_string(), "the line is cut");
    assert!(matches!(next(&mut incoming), Some(Ok(Received::Event(_)))));
    assert_eq!(next(&mut incoming), None);
}

#[test]
fn an_excess_comes_after_what_was_before_it_and_is_the_end() {
    let parser = Parser::with_limits(Limits { line: 8, event: 8 });
    let chunks = [Ok(&b": a\n: 3456789\n: b\n"[..]), Ok(b": c\n")];
    let mut incoming = Incoming::new(stream::iter(chunks), parser);
    assert_eq!(next(&mut incoming), Some(Ok(Received::Comment("a".to_owned()))));
    let excess = LimitExceeded::Line { at: 2, limit: 8 };
    let error = next(&mut incoming).unwrap().unwrap_err();
    assert_eq!(error, IncomingError::Limit(excess));
    assert_eq!(error.source().unwrap().to_string(), excess.to_string());
    assert_eq!(next(&mut incoming), None);
    assert_eq!(next(&mut incoming), None, "and stays the end");
}

#[test]
fn it_can_be_sent_to_another_thread() {
    fn assert_send<T: Send + Unpin>(_: &T) {}
    assert_send(&Incoming::new(stream::empty::<Result<Bytes, Broken>>(), Parser::new()));
}
