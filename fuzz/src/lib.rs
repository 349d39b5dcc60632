//! What the fuzz targets share: a stream cut by its first bytes, all that a parser says of it, and
//! a hub beside its model.

pub mod hub;
// Where the log server has it.
#[allow(dead_code, reason = "the log server takes more of it")]
#[path = "../../examples/log-server/src/level.rs"]
mod level;
pub mod published;
pub mod search;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use gapless_sse_core::naive::Item as Seen;
use gapless_sse_core::{EventReader, Item, LimitExceeded, Parser, ReadError, Received};

/// Four bytes that say how long the chunks are, and the stream; a digit `d` stands for `d + 1`
/// bytes, so that seeds can be written by hand.
#[must_use]
pub fn split(input: &[u8]) -> Option<([usize; 4], &[u8])> {
    let (lengths, stream) = input.split_first_chunk()?;
    Some((lengths.map(|length| 1 + usize::from(length % 16)), stream))
}

/// Everything `parser` reports for `stream` in chunks of `lengths`, up to an error.
pub fn read(
    parser: &mut Parser,
    mut stream: &[u8],
    lengths: &[usize],
) -> (Vec<Seen>, Result<(), LimitExceeded>) {
    let mut seen = Vec::new();
    for length in lengths.iter().cycle() {
        let (chunk, rest) = stream.split_at(stream.len().min(*length));
        let mut items = parser.push(chunk);
        loop {
            match items.next() {
                Ok(Some(item)) => seen.push(owned(item)),
                Ok(None) => break,
                Err(excess) => return (seen, Err(excess)),
            }
        }
        if rest.is_empty() {
            break;
        }
        stream = rest;
    }
    (seen, Ok(()))
}

/// The same by an [`EventReader`], which takes the parser and gives it back.
pub fn read_kept(
    parser: Parser,
    stream: &[u8],
    lengths: &[usize],
) -> (Vec<Seen>, Result<(), LimitExceeded>, Parser) {
    let mut rest = Bytes::copy_from_slice(stream);
    let mut lengths = lengths.iter().cycle();
    let chunks = std::iter::from_fn(|| {
        let length = rest.len().min(*lengths.next()?);
        (length > 0).then(|| Ok::<_, ()>(rest.split_to(length)))
    });
    let mut reader = EventReader::with_parser(stream::iter(chunks), parser);
    let (mut seen, mut result) = (Vec::new(), Ok(()));
    while let Some(Some(item)) = reader.next().now_or_never() {
        match item {
            Ok(item) => seen.push(kept(&item)),
            Err(ReadError::Limit(excess)) => result = Err(excess),
            Err(ReadError::Chunks(())) => unreachable!("no chunk is an error"),
        }
    }
    (seen, result, reader.into_parser())
}

fn kept(item: &Received) -> Seen {
    match item {
        Received::Event(event) => Seen::Event {
            event_type: event.event_type().to_owned(),
            data: event.data().to_owned(),
            last_event_id: event.last_event_id().to_owned(),
        },
        Received::Comment(text) => Seen::Comment(text.to_owned()),
        Received::Retry(reconnection_time) => Seen::Retry(*reconnection_time),
    }
}

fn owned(item: Item<'_>) -> Seen {
    match item {
        Item::Event(message) => Seen::Event {
            event_type: message.event_type.to_owned(),
            data: message.data.to_owned(),
            last_event_id: message.last_event_id.to_owned(),
        },
        Item::Comment(text) => Seen::Comment(text.to_owned()),
        Item::Retry(reconnection_time) => Seen::Retry(reconnection_time),
    }
}
