//! This crate's reader, which is ended and opened again at its position all the time.

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use gapless_sse_core::Event;
use gapless_sse_core::follow::{
    Changes, Coordinate, Everything, HistoryQuery, Record, Scope, SortOrder, Source,
};
use gapless_sse_mongo::bson::oid::ObjectId;
use gapless_sse_mongo::bson::{Document, doc};
use gapless_sse_mongo::{Error, Mongo, Options, Position};
use mongodb::Collection;
use tokio::sync::watch;

use crate::failure::Failure;

/// Of so many changes one is the last before it is opened again, about.
const REOPENED_ONE_IN: u32 = 100;

/// A record that is its id, and nothing to show.
pub(super) struct Id(Option<ObjectId>);

impl Record for Id {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new("")
    }

    fn mark(&self) {}
}

pub(super) struct Reader {
    mongo: Mongo<Id>,
    /// Written to when there is no more to read: a set in which nothing is written says that it is
    /// quiet only every ten seconds.
    elsewhere: Collection<Document>,
    /// As it travels in an event's id.
    at: Vec<u8>,
}

impl Reader {
    /// From now on.
    pub(super) async fn begin(
        uri: &str,
        collection: &str,
        elsewhere: Collection<Document>,
    ) -> Result<Self, Failure> {
        let options = Options::topic("workspace_id", "workflow_id").warm_up(Duration::ZERO);
        let mongo = Mongo::<Document>::connect(uri, collection, options).await?;
        let mongo = mongo.decode_with(|record| Ok(Id(record.get_object_id("_id").ok())));
        mongo.epoch().await?;
        let at = bytes_of(&now(&mongo).await?);
        Ok(Self { mongo, elsewhere, at })
    }

    /// Reads until it has everything that there is at the end; what it saw, how much of it more
    /// than once, and how often it was opened again.
    pub(super) async fn read(
        mut self,
        end: watch::Receiver<bool>,
        mut rng: Rng,
    ) -> Result<(BTreeSet<ObjectId>, usize, usize), Failure> {
        let (mut seen, mut doubled, mut opened) = (BTreeSet::new(), 0, 0);
        let mut until = None;
        loop {
            let from = position_of(&self.at)?;
            let mut changes = self.mongo.changes(&from).await?;
            opened += 1;
            'open: loop {
                if *end.borrow() && until.is_none() {
                    until = Some(now(&self.mongo).await?);
                    self.elsewhere.insert_one(doc! {}).await?;
                }
                let batch = changes.next().await?;
                for (position, entry) in batch.changes {
                    if entry.record.0.is_some_and(|id| !seen.insert(id)) {
                        doubled += 1;
                    }
                    // In the midst of a batch, and of a transaction.
                    if rng.u32(..REOPENED_ONE_IN) == 0 {
                        self.at = bytes_of(&position);
                        break 'open;
                    }
                }
                self.at = bytes_of(&batch.through);
                if until.as_ref().is_some_and(|until| batch.through >= *until) {
                    return Ok((seen, doubled, opened - 1));
                }
            }
        }
    }
}

/// The position of what is there by now.
async fn now(mongo: &Mongo<Id>) -> Result<Position, Error> {
    let nothing = HistoryQuery {
        as_of: None,
        after: None,
        order: SortOrder::Ascending,
        limit: 0,
        max_bytes: usize::MAX,
    };
    Ok(mongo.history(&Scope::new("demo", ["gaps"]), nothing).await?.as_of)
}

fn bytes_of(position: &Position) -> Vec<u8> {
    let mut bytes = Vec::new();
    position.encode(&mut bytes);
    bytes
}

fn position_of(bytes: &[u8]) -> Result<Position, Failure> {
    let mut rest = bytes;
    Position::decode(&mut rest).ok_or_else(|| "a position that cannot be read back".into())
}
