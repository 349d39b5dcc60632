//! A client of a stream, which keeps what it was sent.

use std::pin::Pin;
use std::time::Duration;

use gapless_sse_core::follow::{History, Scope};
use gapless_sse_core::{
    Encoded, EventId, Feed, Follow, FollowOptions, Heartbeat, Item, Log, Parser,
};
use tokio::time::timeout;

use crate::model::{Model, Shown};

/// What a client has seen over all its connections.
#[derive(Debug, Default)]
pub(crate) struct Client {
    /// The positions of the records, in the order in which they came.
    pub(crate) records: Vec<u32>,
    /// Those of them that were marked late.
    pub(crate) late: Vec<u32>,
    /// How many were announced.
    pub(crate) announced: usize,
    /// How many were announced as lost.
    pub(crate) lost: usize,
    /// The other events: type and data.
    pub(crate) notices: Vec<(String, String)>,
    pub(crate) last_id: String,
}

impl Client {
    pub(crate) fn connect(
        &self,
        log: &Log<Model>,
        scope: &Scope<Shown>,
        history: History,
    ) -> Follow<Model> {
        let after = (!self.last_id.is_empty()).then(|| EventId::new(&*self.last_id).unwrap());
        log.follow(scope.clone(), FollowOptions::new(history).after(after))
    }

    /// Reads one event or several in one piece; `false` when none comes for so long that none is to
    /// be expected, or when the stream has ended.
    pub(crate) async fn read(&mut self, stream: &mut Follow<Model>) -> bool {
        self.read_within(Duration::from_secs(60), stream).await
    }

    pub(crate) async fn read_within(
        &mut self,
        patience: Duration,
        stream: &mut Follow<Model>,
    ) -> bool {
        let Some(frame) = Self::next(patience, stream).await else {
            return false;
        };
        self.take(&frame);
        true
    }

    /// What comes next, as the body of a response does.
    pub(crate) async fn next(patience: Duration, stream: &mut Follow<Model>) -> Option<Encoded> {
        let next = async {
            loop {
                match timeout(Heartbeat::DEFAULT_INTERVAL, stream.next()).await {
                    Ok(next) => break next,
                    Err(_) => match Pin::new(&mut *stream).heartbeat() {
                        None => {}
                        says => break says,
                    },
                }
            }
        };
        timeout(patience, next).await.ok().flatten()
    }

    /// Keeps what it is sent.
    pub(crate) fn take(&mut self, frame: &Encoded) {
        let mut parser = Parser::new();
        let mut items = parser.push(frame.as_ref());
        while let Some(item) = items.next().unwrap() {
            let Item::Event(message) = item else { continue };
            match message.event_type {
                "message" => self.records.push(message.data.parse().unwrap()),
                "late" => {
                    self.records.push(message.data.parse().unwrap());
                    self.late.push(message.data.parse().unwrap());
                }
                other => {
                    if other == "reset" {
                        self.records.clear();
                    }
                    if let Some(late) = message.data.strip_prefix("{\"late\":") {
                        assert_eq!(other, "gap");
                        self.announced += late.trim_end_matches('}').parse::<usize>().unwrap();
                    }
                    if let Some(lost) = message.data.strip_prefix("{\"lost\":") {
                        self.lost += lost.trim_end_matches('}').parse::<usize>().unwrap();
                    }
                    self.notices.push((other.to_owned(), message.data.to_owned()));
                }
            }
        }
        let text = std::str::from_utf8(frame.as_ref()).unwrap();
        if let Some(id) = text.lines().rev().find_map(|line| line.strip_prefix("id: ")) {
            id.clone_into(&mut self.last_id);
        }
    }

    /// Reads until `done`, within bounds.
    pub(crate) async fn read_until(
        &mut self,
        stream: &mut Follow<Model>,
        done: impl Fn(&Self) -> bool,
    ) {
        while !done(self) {
            assert!(self.read(stream).await, "the stream went silent: {self:?}, {stream:?}");
        }
    }

    pub(crate) fn notices(&self, event_type: &str) -> Vec<&str> {
        let of_type = self.notices.iter().filter(|(of, _)| of == event_type);
        of_type.map(|(_, data)| data.as_str()).collect()
    }

    /// Whether it was reset, and given so many records since.
    pub(crate) fn began_anew_with(&self, records: usize) -> bool {
        !self.notices("reset").is_empty() && self.records.len() >= records
    }

    pub(crate) fn sorted(&self) -> Vec<u32> {
        let mut records = self.records.clone();
        records.sort_unstable();
        records
    }
}
