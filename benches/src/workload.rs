//! Streams as they are found in the field, and how they arrive.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;

use crate::seen::Seen;

/// A stream and what it holds.
pub struct Stream {
    pub name: &'static str,
    pub bytes: &'static [u8],
    /// The same, with a count of its references.
    shared: Bytes,
    pub expected: Seen,
}

impl Stream {
    fn new(name: &'static str, events: Vec<(String, usize)>) -> Self {
        let expected =
            Seen { events: events.len(), bytes: events.iter().map(|(_, data)| data).sum() };
        let text: String = events.into_iter().map(|(event, _)| event).collect();
        let shared = Bytes::from(text.clone().into_bytes());
        // Bytes that live for ever are cheap to hand to those who take them by value.
        Self { name, bytes: text.leak().as_bytes(), shared, expected }
    }

    /// Events of 60 bytes as language models send them: one line of data, nothing else.
    pub fn tokens() -> Self {
        let words = ["the", " stream", " of", " events", " is", " a log", " to follow", "."];
        let events = words.iter().cycle().take(4096).map(|word| {
            let data = format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{word}"}}}}]}}"#);
            (format!("data: {data}\n\n"), data.len())
        });
        Self::new("60 B events", events.collect())
    }

    /// Events of 200 bytes: a line of a log as JSON, with id and type.
    pub fn logs() -> Self {
        Self::new("200 B log events", logs("rows loaded into the warehouse").map(wire).collect())
    }

    /// The same in another script, two bytes a letter.
    pub fn cyrillic_logs() -> Self {
        let message = "строк загружено";
        Self::new("200 B log events, Cyrillic", logs(message).map(wire).collect())
    }

    /// Events of one line.
    pub fn lines(name: &'static str, length: usize, events: usize) -> Self {
        let data = filler(length - "data: \n\n".len());
        let event = format!("data: {data}\n\n");
        Self::new(name, (0..events).map(|_| (event.clone(), data.len())).collect())
    }

    /// Events of 4 KiB whose lines take 80 bytes each.
    pub fn blocks() -> Self {
        let data = block();
        let event = format!("data: {}\n\n", data.replace('\n', "\ndata: "));
        Self::new("4 KiB in 80 B lines", (0..64).map(|_| (event.clone(), data.len())).collect())
    }
}

/// Text of that length.
pub fn filler(length: usize) -> String {
    "All work and no play makes a dull log. ".chars().cycle().take(length).collect()
}

/// 4 KiB of lines that take 80 bytes each, their field's name and end included.
pub fn block() -> String {
    vec![filler(80 - "data: \n".len()); 4096 / 80].join("\n")
}

/// An event as a log sends it.
pub struct LogEvent {
    pub id: String,
    pub data: String,
    pub row: Row,
}

#[derive(Serialize)]
pub struct Row {
    pub date: String,
    pub level: &'static str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub message: String,
}

/// Events that take 200 bytes on the wire on average.
pub fn logs(message: &str) -> impl Iterator<Item = LogEvent> {
    let kinds = ["load", "extract", "transform", "check"];
    (0..1024_usize).map(move |number| {
        let row = Row {
            date: format!("2025-09-22T08:{:02}:{:02}.123Z", number / 60 % 60, number % 60),
            level: if number % 9 == 0 { "WARNING" } else { "INFO" },
            kind: kinds[number % 4],
            message: format!("{} {message} in {} ms, all of them valid", number * 37, number % 97),
        };
        let data = serde_json::to_string(&row).expect("a row is JSON");
        LogEvent { id: format!("68d10dc1a2b3c4d5{number:08x}"), data, row }
    })
}

pub const LOG: &str = "log";

fn wire(event: LogEvent) -> (String, usize) {
    let LogEvent { id, data, .. } = event;
    (format!("event: {LOG}\nid: {id}\ndata: {data}\n\n"), data.len())
}

/// A stream in the chunks in which it arrives. It ends early once its time is over: some parsers
/// take quadratic time, and nobody waits for them.
#[derive(Clone)]
pub struct Feed {
    rest: &'static [u8],
    /// What chunks that are owned are parts of, unless they live for ever.
    shared: Option<Bytes>,
    chunk: usize,
    fed: usize,
    deadline: Instant,
}

impl Feed {
    pub fn new(stream: &Stream, chunk: usize, patience: Duration) -> Self {
        let deadline = Instant::now() + patience;
        Self { rest: stream.bytes, shared: None, chunk, fed: 0, deadline }
    }

    /// A stream whose chunks are shared by counting, as those of a socket are.
    pub fn shared(stream: &Stream, chunk: usize, patience: Duration) -> Self {
        Self { shared: Some(stream.shared.clone()), ..Self::new(stream, chunk, patience) }
    }

    /// The chunks as those take them who own what they parse.
    pub fn owned(mut self) -> impl Iterator<Item = Bytes> + Clone + Send + Sync {
        let mut shared = self.shared.take();
        self.map(move |chunk| match &mut shared {
            Some(rest) => rest.split_to(chunk.len()),
            None => Bytes::from_static(chunk),
        })
    }
}

impl Iterator for Feed {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<Self::Item> {
        self.fed += 1;
        if self.rest.is_empty() || self.fed.is_multiple_of(1024) && Instant::now() > self.deadline {
            return None;
        }
        let (chunk, rest) = self.rest.split_at(self.chunk.min(self.rest.len()));
        self.rest = rest;
        Some(chunk)
    }
}
