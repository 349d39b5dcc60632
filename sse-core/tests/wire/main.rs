//! Events to bytes and back, by the letter of HTML section 9.2.

#[cfg(feature = "json")]
mod json;
mod limits;
mod properties;
#[cfg(feature = "stream")]
mod reader;
mod reading;
#[cfg(feature = "stream")]
mod sharing;
mod writing;

use std::time::Duration;

use gapless_sse_core::naive::{self, Item as Seen};
use gapless_sse_core::{Item, LimitExceeded, Parser};

/// Everything `parser` reports for `chunks`, up to an error.
fn feed<'a>(
    parser: &mut Parser,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Seen>, Result<(), LimitExceeded>) {
    let mut seen = Vec::new();
    for chunk in chunks {
        let mut items = parser.push(chunk);
        loop {
            match items.next() {
                Ok(Some(item)) => seen.push(owned(item)),
                Ok(None) => break,
                Err(excess) => return (seen, Err(excess)),
            }
        }
        assert!(items.rest().is_empty(), "a parser that wants more has read the whole chunk");
    }
    (seen, Ok(()))
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

/// What a parser that `new` makes reports for `chunks`, up to an error, and the last event ID it
/// leaves; a reader that keeps its items must report the same, whoever owns the chunks.
#[track_caller]
fn read(
    new: impl Fn() -> Parser,
    chunks: &[&[u8]],
) -> (Vec<Seen>, Result<(), LimitExceeded>, String) {
    let mut parser = new();
    let (seen, result) = feed(&mut parser, chunks.iter().copied());
    let read = (seen, result, parser.last_event_id().to_owned());
    #[cfg(feature = "stream")]
    {
        let kept = |(seen, result, parser): (_, _, Parser)| {
            assert_eq!((seen, result, parser.last_event_id().to_owned()), read, "{chunks:?}");
        };
        let all = bytes::Bytes::from(chunks.concat());
        let mut rest = all.clone();
        kept(reader::read(new(), chunks.iter().map(|chunk| rest.split_to(chunk.len()))));
        kept(reader::read(new(), chunks.iter().copied()));
        kept(reader::read(new(), [reader::Pieces::of(chunks)]));
    }
    read
}

/// Asserts what `stream` holds and the last event ID it leaves: for the oracle, and for the
/// parser whole, cut at every one and every two places, and byte by byte.
#[track_caller]
fn assert_reads(stream: impl AsRef<[u8]>, expected: &[Seen], last_event_id: &str) {
    let stream = stream.as_ref();
    let expected = (expected.to_vec(), last_event_id.to_owned());
    assert_eq!(naive::decode(stream, ""), expected, "the oracle");
    let check = |chunks: &[&[u8]]| {
        let (seen, result, last_event_id) = read(Parser::new, chunks);
        assert_eq!(result, Ok(()));
        assert_eq!((seen, last_event_id), expected, "{chunks:?}");
    };
    for second in 0..=stream.len() {
        for first in 0..=second {
            check(&[&stream[..first], &stream[first..second], &stream[second..]]);
        }
    }
    check(&stream.chunks(1).collect::<Vec<_>>());
}

fn event(event_type: &str, data: &str, last_event_id: &str) -> Seen {
    Seen::Event {
        event_type: event_type.to_owned(),
        data: data.to_owned(),
        last_event_id: last_event_id.to_owned(),
    }
}

fn message(data: &str) -> Seen {
    event("message", data, "")
}

fn comment(text: &str) -> Seen {
    Seen::Comment(text.to_owned())
}

fn retry(milliseconds: u64) -> Seen {
    Seen::Retry(Duration::from_millis(milliseconds))
}
