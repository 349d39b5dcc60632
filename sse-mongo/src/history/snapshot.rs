//! Fresh snapshots of the collection.

use std::time::Duration;

use mongodb::bson::doc;

use crate::position::commit::{ClusterTime, Position};
use crate::server::connection::Connection;
use crate::server::error::Error;
use crate::server::operation::Operation;

/// How often and how long a fresh snapshot is tried for: just after a collection or an index was
/// made, the newest that a majority has is older than it.
const FRESH_TRIES: u32 = 40;
const FRESH_WAIT: Duration = Duration::from_millis(50);

impl Connection {
    /// The position of a fresh snapshot.
    pub(crate) async fn snapshot(&self) -> Result<Position, Error> {
        match self.ready().await {
            // Its position can be told without an index, and streams of new records begin with it.
            Ok(_) | Err(Error::MissingIndex { .. } | Error::Indexing { .. }) => {}
            Err(error) => return Err(error),
        }
        let command = doc! {
            "find": &self.name,
            "limit": 1,
            "projection": { "_id": 1 },
            "readConcern": { "level": "snapshot" },
        };
        let reply = fresh(|| self.run(Operation::History, command.clone())).await?;
        let time =
            reply.get_document("cursor").and_then(|cursor| cursor.get_timestamp("atClusterTime"));
        let time = time
            .map_err(|_| Error::Answer { operation: Operation::History, what: "atClusterTime" })?;
        Ok(Position::before(ClusterTime::from(time).next()))
    }
}

/// Tries a read of the newest snapshot until there is one.
pub(crate) async fn fresh<T, F>(read: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    for _ in 0..FRESH_TRIES {
        match read().await {
            Err(Error::SnapshotGone) => tokio::time::sleep(FRESH_WAIT).await,
            other => return other,
        }
    }
    Err(Error::Answer { operation: Operation::History, what: "snapshot yet" })
}
