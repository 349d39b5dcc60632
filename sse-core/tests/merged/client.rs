//! A client of several logs, which keeps what it was sent.

use std::time::Duration;

use gapless_sse_core::follow::History;
use gapless_sse_core::{AppendOnly, EventId, FollowOptions, Item, MergedFollow, MergedLog, Parser};
use tokio::time::timeout;

use crate::tables::{Table, scope};

pub(crate) type Stream = MergedFollow<AppendOnly<Table>>;

#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) records: Vec<u64>,
    /// The other events: type and data.
    pub(crate) notices: Vec<(String, String)>,
    pub(crate) last_id: String,
}

impl Client {
    pub(crate) fn connect(&self, logs: &MergedLog<AppendOnly<Table>>, history: History) -> Stream {
        let after = (!self.last_id.is_empty()).then(|| EventId::new(&*self.last_id).unwrap());
        logs.follow(&scope(), FollowOptions::new(history).after(after))
    }

    /// Reads a piece; `false` when none comes within that time.
    pub(crate) async fn read(&mut self, stream: &mut Stream, patience: Duration) -> bool {
        let Ok(Some(frame)) = timeout(patience, stream.next()).await else { return false };
        let last_id = EventId::new(&*self.last_id).unwrap();
        let mut parser = Parser::new().resume(&last_id);
        let mut items = parser.push(frame.as_ref());
        while let Some(item) = items.next().unwrap() {
            let Item::Event(event) = item else { continue };
            if event.event_type == "message" {
                self.records.push(event.data.parse().unwrap());
            } else {
                self.notices.push((event.event_type.into(), event.data.into()));
            }
            event.last_event_id.clone_into(&mut self.last_id);
        }
        true
    }

    /// Reads until nothing comes for a minute.
    pub(crate) async fn read_all(&mut self, stream: &mut Stream) {
        while self.read(stream, Duration::from_secs(60)).await {}
    }

    pub(crate) fn told(&self, event_type: &str) -> Vec<&str> {
        let of = self.notices.iter().filter(|(known, _)| known == event_type);
        of.map(|(_, data)| &**data).collect()
    }
}
