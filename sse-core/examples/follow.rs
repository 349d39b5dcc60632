//! A log of one's own, followed: all that a [`Source`] has to be, on a list in memory.
//!
//! ```sh
//! cargo run -p gapless-sse-core --features tokio --example follow
//! ```

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use gapless_sse_core::follow::{
    Batch, Changes, Entry, Everything, Fault, Frontier, FrontierOf, History, HistoryQuery, Page,
    Record, Reset, Scope, Seal, SortOrder, Source, SourceError, Topic,
};
use gapless_sse_core::{Event, EventStream, FollowOptions, Log, LogOptions};
use tokio::sync::watch;

/// What is logged. A real log would be in a database, and outlive the process.
#[derive(Clone)]
struct Line(Topic, String);

impl Record for Line {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(&*self.1)
    }

    fn mark(&self) {}
}

/// The number of lines up to and including one: both its position and its key, since these
/// lines are read in the order in which they were written.
type Sequence = u64;

#[derive(Clone, Default)]
struct Memory {
    lines: Arc<Mutex<Vec<Line>>>,
    written: watch::Sender<u64>,
}

impl Memory {
    fn write(&self, topic: &Topic, text: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        lines.push(Line(topic.clone(), text.to_owned()));
        self.written.send_replace(lines.len() as u64);
    }

    /// The lines after `from`, up to and including `to`.
    fn read(&self, from: Sequence, to: Sequence) -> Vec<(Sequence, Entry<Sequence, Line>)> {
        let lines = self.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (1..)
            .zip(lines.iter())
            .filter(|(nth, _)| *nth > from && *nth <= to)
            .map(|(nth, line)| {
                (nth, Entry { topic: line.0.clone(), key: nth, record: line.clone() })
            })
            .collect()
    }

    fn end(&self) -> Sequence {
        *self.written.borrow()
    }
}

/// A list in memory does not fail.
#[derive(Debug)]
struct Never(Infallible);

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {}
    }
}

impl std::error::Error for Never {}

impl SourceError for Never {
    fn fault(&self) -> Fault {
        match self.0 {}
    }
}

impl Source for Memory {
    type Position = Sequence;
    type Key = Sequence;
    type Record = Line;
    type Error = Never;
    type Changes = Reading;

    async fn epoch(&self) -> Result<u32, Never> {
        Ok(std::process::id())
    }

    async fn tail_start(&self) -> Result<Sequence, Never> {
        Ok(self.end())
    }

    async fn resume(
        &self,
        frontier: FrontierOf<Self>,
    ) -> Result<Result<FrontierOf<Self>, Reset>, Never> {
        let (Frontier::Live(to) | Frontier::History { as_of: to, .. }) = frontier;
        Ok(if to > self.end() { Err(Reset::Future) } else { Ok(frontier) })
    }

    async fn history(
        &self,
        scope: &Scope,
        query: HistoryQuery<Sequence, Sequence>,
    ) -> Result<Page<Self>, Never> {
        let as_of = query.as_of.unwrap_or(self.end());
        let mut entries: Vec<_> = match (query.order, query.after) {
            (SortOrder::Ascending, after) => self.read(after.unwrap_or(0), as_of),
            (SortOrder::Descending, None) => self.read(0, as_of),
            (SortOrder::Descending, Some(after)) => {
                self.read(0, as_of.min(after.saturating_sub(1)))
            }
        };
        if query.order == SortOrder::Descending {
            entries.reverse();
        }
        let mut entries: Vec<_> = entries
            .into_iter()
            .map(|(_, entry)| entry)
            .filter(|entry| scope.contains(&entry.topic))
            .collect();
        let more = entries.len() > query.limit && query.limit > 0;
        entries.truncate(query.limit);
        let more_after = entries.last().filter(|_| more).map(|entry| entry.key);
        Ok(Page { as_of, scanned: entries.len(), entries, more_after })
    }

    async fn changes(&self, from: &Sequence) -> Result<Reading, Never> {
        let mut written = self.written.subscribe();
        written.mark_changed();
        Ok(Reading { memory: self.clone(), at: *from, written })
    }
}

/// Changes that are being read.
struct Reading {
    memory: Memory,
    at: Sequence,
    written: watch::Receiver<u64>,
}

impl Changes<Memory> for Reading {
    async fn next(&mut self) -> Result<Batch<Memory>, Never> {
        // The first time it answers at once, so that a reader that is up to date is told so.
        let _ = self.written.changed().await;
        let through = self.memory.end();
        let changes = self.memory.read(self.at, through);
        self.at = through;
        Ok(Batch::new(changes, through))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let memory = Memory::default();
    let orders = Topic::new("etl", "orders");
    memory.write(&orders, "written before anybody came");

    let seal = Seal::new(b"from the environment, in a real one");
    let log = Log::spawn(memory.clone(), seal, LogOptions::default());

    // What a web framework's handler does for each client, with its `Last-Event-ID` as `after`.
    let begin = FollowOptions::new(History::Newest(10));
    let events = log.follow(Scope::new("etl", ["orders"]), begin);
    let mut body = EventStream::new(events).take(3);

    let mut seen = String::new();
    while let Some(Ok(bytes)) = body.next().await {
        seen += &String::from_utf8_lossy(&bytes);
        if seen.contains("event: sync") && memory.end() == 1 {
            memory.write(&orders, "and live");
        }
    }
    {
        print!("{seen}");
    }
}
