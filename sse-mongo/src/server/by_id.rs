//! Records by their ids.

use futures_util::StreamExt;
use mongodb::bson::{Bson, RawDocumentBuf, Timestamp, doc};
use mongodb::raw_batch_cursor::RawBatch;

use super::connection::Connection;
use super::error::Error;
use super::find::MAX_TIME;
use super::operation::Operation;
use crate::position::commit::ClusterTime;

/// The snapshot is too old, or there is none of the collection.
const NO_SNAPSHOT: [i32; 2] = [239, 246];

impl Connection {
    /// The records with these ids, and maybe others whose ids are equal by the collection's
    /// collation, which its index of ids has. As of that time, if the server still has it; else
    /// what a majority has now.
    pub(crate) async fn with_ids(
        &self,
        operation: Operation,
        ids: Vec<Bson>,
        at: Option<ClusterTime>,
    ) -> Result<Vec<RawBatch>, Error> {
        if let Some(at) = at {
            match self.find_ids(operation, &ids, Some(at)).await {
                Err(Error::Server { code: Some(code), .. }) if NO_SNAPSHOT.contains(&code) => {}
                found => return found,
            }
        }
        self.find_ids(operation, &ids, None).await
    }

    async fn find_ids(
        &self,
        operation: Operation,
        ids: &[Bson],
        at: Option<ClusterTime>,
    ) -> Result<Vec<RawBatch>, Error> {
        let mut find = doc! {
            "find": &self.name,
            "filter": { "_id": { "$in": ids.to_vec() } },
            "hint": { "_id": 1 },
            "maxTimeMS": i64::try_from(MAX_TIME.as_millis()).unwrap_or(i64::MAX),
        };
        if let Some(at) = at {
            let at = Timestamp::from(at);
            find.insert("readConcern", doc! { "level": "snapshot", "atClusterTime": at });
        } else if self.deployment().await?.replicated {
            find.insert("readConcern", doc! { "level": "majority" });
        }
        let find = RawDocumentBuf::try_from(&find)
            .map_err(|_| Error::Answer { operation, what: "valid id" })?;
        let db = self.db.clone();
        let read = move || {
            let (db, find) = (db.clone(), find.clone());
            async move {
                let mut server_cursor = db.run_raw_cursor_command(find).batch().await?;
                let mut batches = Vec::new();
                while let Some(batch) = server_cursor.next().await {
                    batches.push(batch?);
                }
                Ok(batches)
            }
        };
        self.read(operation, read).await
    }
}
