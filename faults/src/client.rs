//! A client of a stream, which keeps what it was sent.

use std::pin::Pin;
use std::time::{Duration, Instant};

use bson::oid::ObjectId;
use futures_util::StreamExt;
use gapless_sse_core::follow::{History, Scope};
use gapless_sse_core::{EventId, EventStream, Follow, FollowOptions, Item, Parser};
use gapless_sse_mongo::Mongo;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::habit::Habit;
use crate::row::Row;

/// What a client has, over all its connections, and how it came to it.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) scope: Scope,
    pub(crate) habit: Habit,
    pub(crate) history: History,
    /// As the standard has it: of the last event that came whole.
    pub(crate) last_id: String,
    /// The records since the last reset, in the order in which they came.
    pub(crate) records: Vec<ObjectId>,
    /// Records that were sent as late.
    pub(crate) late: Vec<ObjectId>,
    /// How many of these it was told of.
    pub(crate) announced: usize,
    /// The reasons of its resets.
    pub(crate) resets: Vec<String>,
    pub(crate) connections: usize,
    /// Positions that came without a record.
    pub(crate) syncs: usize,
    /// Connections that ended when part of a transaction had come.
    pub(crate) cut_within_transactions: usize,
    /// The longest time without a record while it was connected or wished to be.
    pub(crate) silence: Duration,
    last_record: Option<Instant>,
    /// Records of the last transaction that are yet to come.
    transaction_left: i64,
}

/// An open stream: the body of a response, as its bytes come.
pub(crate) struct Connection {
    body: Pin<Box<EventStream<Follow<Mongo<Row>>>>>,
    parser: Parser,
    /// Whether the instance is gone, and its connections with it.
    gone: watch::Receiver<bool>,
}

impl Connection {
    pub(crate) fn new(
        body: EventStream<Follow<Mongo<Row>>>,
        last_id: &str,
        gone: watch::Receiver<bool>,
    ) -> Self {
        let parser = match EventId::new(last_id) {
            Ok(id) => Parser::new().resume(&id),
            Err(_) => Parser::new(),
        };
        Self { body: Box::pin(body), parser, gone }
    }
}

impl Client {
    pub(crate) fn new(scope: Scope) -> Self {
        Self {
            scope,
            habit: Habit::Steady,
            history: History::All,
            last_id: String::new(),
            records: Vec::new(),
            late: Vec::new(),
            announced: 0,
            resets: Vec::new(),
            connections: 0,
            syncs: 0,
            cut_within_transactions: 0,
            silence: Duration::ZERO,
            last_record: None,
            transaction_left: 0,
        }
    }

    pub(crate) fn with(self, habit: Habit) -> Self {
        Self { habit, ..self }
    }

    /// How many records it has, or was told that it has missed.
    pub(crate) fn accounted_for(&self) -> usize {
        self.records.len() + self.late.len().max(self.announced)
    }

    pub(crate) fn begin(&self) -> FollowOptions {
        let after = (!self.last_id.is_empty()).then(|| EventId::new(&*self.last_id).unwrap());
        FollowOptions::new(self.history).after(after)
    }

    /// Reads the next bytes; `false` when the connection has ended.
    pub(crate) async fn read(&mut self, connection: &mut Connection) -> bool {
        self.read_some(connection, |bytes| bytes).await
    }

    /// As [`read`](Self::read), but of the next bytes only so many come as `cut` says of how many
    /// there are.
    pub(crate) async fn read_some(
        &mut self,
        connection: &mut Connection,
        cut: impl FnOnce(usize) -> usize,
    ) -> bool {
        let chunk = tokio::select! {
            biased;
            _ = connection.gone.wait_for(|gone| *gone) => return false,
            chunk = connection.body.next() => chunk,
        };
        let Some(Ok(chunk)) = chunk else { return false };
        let length = cut(chunk.len()).min(chunk.len());
        let mut items = connection.parser.push(&chunk[..length]);
        while let Some(item) = items.next().unwrap() {
            let Item::Event(event) = item else { continue };
            match event.event_type {
                "message" => self.records.push(id(event.data)),
                "late" => self.late.push(id(event.data)),
                "gap" => {
                    let late = row(event.data)["late"].as_u64().unwrap();
                    self.announced += usize::try_from(late).unwrap();
                }
                "sync" => self.syncs += 1,
                "reset" => {
                    let reset: Value = serde_json::from_str(event.data).unwrap();
                    self.resets.push(reset["reason"].as_str().unwrap().to_owned());
                    self.records.clear();
                }
                _ => {}
            }
            event.last_event_id.clone_into(&mut self.last_id);
            if event.event_type == "message" {
                let now = Instant::now();
                let since = self.last_record.replace(now).map(|before| now - before);
                self.silence = self.silence.max(since.unwrap_or_default());
                self.transaction_left = left_of_transaction(event.data, self.transaction_left);
            }
        }
        true
    }

    /// The connection has ended, by whichever side.
    pub(crate) fn disconnected(&mut self) {
        self.cut_within_transactions += usize::from(self.transaction_left > 0);
        self.transaction_left = 0;
    }

    /// What the client does meanwhile is no silence.
    pub(crate) fn forget_time(&mut self) {
        self.last_record = None;
    }

    /// Reads until `done`, within a deadline.
    pub(crate) async fn read_until(
        &mut self,
        connection: &mut Connection,
        patience: Duration,
        done: impl Fn(&Self) -> bool,
    ) -> bool {
        let reading = async {
            while !done(self) && self.read(connection).await {}
            done(self)
        };
        timeout(patience, reading).await.unwrap_or(false)
    }

    /// Reads for a time, whatever comes.
    pub(crate) async fn read_for(&mut self, connection: &mut Connection, time: Duration) {
        self.read_until(connection, time, |_| false).await;
    }
}

fn row(data: &str) -> Value {
    serde_json::from_str(data).unwrap()
}

fn id(data: &str) -> ObjectId {
    ObjectId::parse_str(row(data)["id"].as_str().unwrap()).unwrap()
}

/// How many records of its transaction come after this one.
fn left_of_transaction(data: &str, left: i64) -> i64 {
    match row(data)["transaction"].as_i64() {
        Some(of) if left > 0 => (left - 1).min(of - 1),
        Some(of) => of - 1,
        None => 0,
    }
}
