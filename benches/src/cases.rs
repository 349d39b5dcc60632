//! What is measured: each workload in each chunking, for each contender.

use std::time::Duration;

use crate::encoders::{ENCODERS, JSON_ENCODERS};
use crate::owned::READERS;
use crate::parsers::{PARSERS, Parser};
use crate::seen::Seen;
use crate::workload::{Feed, LogEvent, Stream, block, logs};

/// One column of a table: the same work for several contenders.
pub struct Case {
    pub table: String,
    pub name: String,
    /// What every contender that does the work ends with; none where they write differently.
    pub expected: Option<Seen>,
    /// How many events are in the work.
    pub events: usize,
    pub contenders: Vec<Contender>,
}

pub struct Contender {
    pub name: &'static str,
    pub run: Box<dyn Fn() -> Seen>,
}

/// No run of a contender takes much longer.
const PATIENCE: Duration = Duration::from_millis(500);

const WHOLE: (&str, usize) = ("whole", usize::MAX);
const CHUNKS: [(&str, usize); 4] = [WHOLE, ("16 KiB", 16 * 1024), ("1,400 B", 1400), ("1 B", 1)];

/// All cases, table by table.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    let small = [Stream::tokens(), Stream::logs(), Stream::lines("4 KiB lines", 4096, 64)];
    let large = [Stream::blocks(), Stream::lines("1 MiB lines", 1024 * 1024 - 64, 2)];
    for stream in small.into_iter().chain(large) {
        let stream: &'static Stream = Box::leak(Box::new(stream));
        cases.extend(CHUNKS.map(|(chunk, size)| parsing(stream, chunk, size)));
        cases.extend(CHUNKS.map(|(chunk, size)| reading(stream, chunk, size)));
    }
    for (stream, (chunk, size)) in [
        (Stream::cyrillic_logs(), WHOLE),
        (Stream::lines("4 MiB line", 4 * 1024 * 1024, 1), ("1 KiB", 1024)),
    ] {
        cases.push(parsing(Box::leak(Box::new(stream)), chunk, size));
    }
    let events = logs("rows loaded into the warehouse").collect::<Vec<_>>().leak();
    let blocks: Vec<_> = logs("").map(|event| LogEvent { data: block(), ..event }).collect();
    let blocks = &blocks.leak()[..64];
    cases.push(writing("Encode", "200 B log event", ENCODERS, events));
    cases.push(writing("Encode", "4 KiB in 80 B lines", ENCODERS, blocks));
    cases.push(writing("Encode", "200 B from a value", JSON_ENCODERS, events));
    cases
}

fn parsing(stream: &'static Stream, chunk: &str, size: usize) -> Case {
    let feed = move || Feed::new(stream, size, PATIENCE);
    reading_with(stream, stream.name.to_owned(), chunk, PARSERS, feed)
}

fn reading(stream: &'static Stream, chunk: &str, size: usize) -> Case {
    let feed = move || Feed::shared(stream, size, PATIENCE);
    reading_with(stream, format!("{}, owned", stream.name), chunk, READERS, feed)
}

fn reading_with(
    stream: &Stream,
    table: String,
    chunk: &str,
    parsers: &[Parser],
    feed: impl Fn() -> Feed + Clone + 'static,
) -> Case {
    let contenders = parsers.iter().map(|&(name, parse)| {
        let feed = feed.clone();
        Contender { name, run: Box::new(move || parse(feed())) }
    });
    Case {
        table,
        name: chunk.to_owned(),
        expected: Some(stream.expected),
        events: stream.expected.events,
        contenders: contenders.collect(),
    }
}

fn writing(
    table: &'static str,
    name: &str,
    encoders: &[crate::encoders::Encoder],
    events: &'static [LogEvent],
) -> Case {
    let contenders = encoders
        .iter()
        .map(|&(name, encode)| Contender { name, run: Box::new(move || encode(events)) });
    Case {
        table: table.to_owned(),
        name: name.to_owned(),
        expected: None,
        events: events.len(),
        contenders: contenders.collect(),
    }
}
