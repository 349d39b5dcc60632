//! Streams of chunks to streams of items that are kept.

use std::collections::VecDeque;
use std::error::Error;

use bytes::{Buf, Bytes};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use gapless_sse_core::{
    EventId, EventReader, LimitExceeded, Limits, Parser, ReadError, Received, ReceivedEvent,
};

use crate::{Seen, comment, event, message, retry};

fn seen(received: &Received) -> Seen {
    match received {
        Received::Event(received) => {
            event(received.event_type(), received.data(), received.last_event_id())
        }
        Received::Comment(text) => comment(text),
        Received::Retry(reconnection_time) => Seen::Retry(*reconnection_time),
    }
}

/// All items of chunks that are there at once, up to an excess, and the parser.
pub(crate) fn read<B: Buf>(
    parser: Parser,
    chunks: impl IntoIterator<Item = B>,
) -> (Vec<Seen>, Result<(), LimitExceeded>, Parser) {
    let chunks = stream::iter(chunks).map(Ok::<_, ()>);
    let mut reader = EventReader::with_parser(chunks, parser);
    let mut items = Vec::new();
    let mut result = Ok(());
    while let Some(item) = reader.next().now_or_never().expect("nothing to wait for") {
        match item {
            Ok(item) => items.push(seen(&item)),
            Err(ReadError::Limit(excess)) => result = Err(excess),
            Err(ReadError::Chunks(())) => unreachable!(),
        }
    }
    (items, result, reader.into_parser())
}

/// The events of chunks that hold nothing else.
pub(crate) fn events(chunks: impl IntoIterator<Item = Bytes>) -> Vec<ReceivedEvent> {
    let mut events = Vec::new();
    each_event(chunks, |event| events.push(event));
    events
}

/// The same, one after the other.
pub(crate) fn each_event(
    chunks: impl IntoIterator<Item = Bytes>,
    mut take: impl FnMut(ReceivedEvent),
) {
    let mut reader = EventReader::new(stream::iter(chunks).map(Ok::<_, ()>));
    while let Some(item) = reader.next().now_or_never().expect("nothing to wait for") {
        match item {
            Ok(Received::Event(event)) => take(event),
            other => panic!("no event: {other:?}"),
        }
    }
}

/// A chunk in pieces.
#[derive(Debug)]
pub(crate) struct Pieces(VecDeque<Bytes>);

impl Pieces {
    pub(crate) fn of(pieces: &[&[u8]]) -> Self {
        let pieces = pieces.iter().filter(|piece| !piece.is_empty());
        Self(pieces.map(|piece| Bytes::copy_from_slice(piece)).collect())
    }
}

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.front().map_or(&[], |piece| piece)
    }

    fn advance(&mut self, mut length: usize) {
        while let Some(piece) = self.0.front_mut().filter(|_| length > 0) {
            let passed = length.min(piece.len());
            piece.advance(passed);
            length -= passed;
            if piece.is_empty() {
                self.0.pop_front();
            }
        }
    }
}

const STREAM: &[u8] =
    b"\xEF\xBB\xBFretry: 5\nid: 7\nevent: e\ndata: \xE2\x82\xAC\n: c\ndata: y\r\n\r\ndata\n\n";

fn expected() -> [Seen; 4] {
    [retry(5), comment("c"), event("e", "€\ny", "7"), event("message", "", "7")]
}

#[test]
fn items_are_those_of_the_parser_at_any_cuts() {
    for cut in 0..=STREAM.len() {
        let (items, result, parser) = read(Parser::new(), [&STREAM[..cut], &STREAM[cut..]]);
        assert_eq!((&items[..], result), (&expected()[..], Ok(())), "cut at {cut}");
        assert_eq!(parser.last_event_id(), "7");
    }
    assert_eq!(read(Parser::new(), STREAM.chunks(1)).0, expected());
}

#[test]
fn a_chunk_may_be_in_pieces() {
    for cut in 0..=STREAM.len() {
        let pieces = STREAM[..cut].chain(Bytes::from_static(&STREAM[cut..]));
        assert_eq!(read(Parser::new(), [pieces]).0, expected(), "cut at {cut}");
    }
}

#[test]
fn many_items_of_one_chunk_come_each_once_and_in_order() {
    let texts: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let chunk = format!("data: {}\n\n", texts.join("\n\ndata: "));
    let expected: Vec<_> = texts.iter().map(|text| message(text)).collect();
    assert_eq!(read(Parser::new(), [chunk.as_bytes()]).0, expected);
}

#[test]
fn items_come_before_the_chunks_go_on() {
    let chunks = stream::iter([Ok::<_, ()>(&b"data: a\n\ndata: b\n\nda"[..])]);
    let mut reader = EventReader::new(chunks.chain(stream::pending()));
    let mut next = || reader.next().now_or_never().map(|item| seen(&item.unwrap().unwrap()));
    assert_eq!((next(), next(), next()), (Some(message("a")), Some(message("b")), None));
}

#[test]
fn the_parser_has_the_last_event_id_of_the_item_that_was_given() {
    let chunks = [Ok::<_, ()>(&b"id: 1\ndata: x\n\nid: 2\ndata: y\n\n"[..])];
    let mut reader = EventReader::new(stream::iter(chunks));
    for id in ["1", "2"] {
        assert!(reader.next().now_or_never().expect("nothing to wait for").is_some());
        assert_eq!(reader.parser().last_event_id(), id);
    }
}

#[test]
fn the_parser_goes_from_one_connection_to_the_next() {
    let parser = Parser::new().resume(&EventId::new("41").unwrap());
    let (_, _, mut parser) = read(parser, [&b"data: x\n\nid: 42\n\nid: 43\ndata: lost"[..]]);
    parser.restart();
    assert_eq!(read(parser, [&b"data: y\n\n"[..]]).0, [event("message", "y", "42")]);
}

#[test]
fn a_parser_that_lent_an_event_may_go_on_in_a_reader() {
    let mut parser = Parser::new();
    let mut items = parser.push(b"data: a\ndata: b\n\n");
    assert!(matches!(items.next(), Ok(Some(_))));
    assert_eq!(read(parser, [&b"data: c\n\n"[..]]).0, [message("c")]);
}

#[derive(Debug, PartialEq)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the line is cut")
    }
}

impl Error for Broken {}

fn next<S>(reader: &mut EventReader<S>) -> Option<Result<Received, ReadError<Broken>>>
where
    S: Stream<Item = Result<&'static [u8], Broken>>,
{
    reader.next().now_or_never().expect("nothing to wait for")
}

#[test]
fn an_error_of_the_chunks_is_passed_on_and_ends_nothing() {
    let chunks = [Ok(&b": a\nda"[..]), Err(Broken), Ok(b"ta: x\n\n")];
    let mut reader = EventReader::new(stream::iter(chunks));
    assert_eq!(next(&mut reader), Some(Ok(Received::Comment("a".to_owned()))));
    let error = next(&mut reader).unwrap().unwrap_err();
    assert_eq!(error, ReadError::Chunks(Broken));
    assert_eq!(error.source().unwrap().to_string(), "the line is cut");
    assert!(matches!(next(&mut reader), Some(Ok(Received::Event(_)))));
    assert_eq!(next(&mut reader), None);
}

#[test]
fn an_excess_comes_after_what_was_before_it_and_is_the_end() {
    let parser = Parser::with_limits(Limits { line: 8, event: 8 });
    let chunks = [Ok(&b": a\n: 3456789\n: b\n"[..]), Ok(b": c\n")];
    let mut reader = EventReader::with_parser(stream::iter(chunks), parser);
    assert_eq!(next(&mut reader), Some(Ok(Received::Comment("a".to_owned()))));
    let excess = LimitExceeded::Line { at: 2, limit: 8 };
    let error = next(&mut reader).unwrap().unwrap_err();
    assert_eq!(error, ReadError::Limit(excess));
    assert_eq!(error.source().unwrap().to_string(), excess.to_string());
    assert_eq!(next(&mut reader), None);
    assert_eq!(next(&mut reader), None, "and stays the end");
}

#[test]
fn it_can_be_sent_to_another_thread() {
    fn assert_send<T: Send + Unpin>(_: &T) {}
    assert_send(&EventReader::new(stream::empty::<Result<Bytes, Broken>>()));
    assert_send(&events([Bytes::from_static(b"data: x\n\n")]));
}
