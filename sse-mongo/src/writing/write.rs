//! The way of records into the collection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, RawBson, RawDocumentBuf};
use mongodb::error::Error as DriverError;

use super::group;
use super::queue::Queue;
use crate::server::connection::{Connection, answered};
use crate::server::error::Error;
use crate::server::operation::Operation;
use crate::server::turns::Kind;
use crate::value::json;

/// How long the collection is not looked up again by those who write.
const KNOWN: Duration = Duration::from_secs(1);

/// What waits to be written, and when the collection was looked up for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writing {
    queue: Arc<Queue>,
    looked_up: Arc<Mutex<Option<Instant>>>,
}

impl Writing {
    /// Writes records and answers their ids. Who gives up before it is their turn writes nothing.
    pub(crate) async fn write(
        &self,
        connection: &Connection,
        records: Vec<Document>,
    ) -> Result<Vec<String>, Error> {
        self.look_up(connection).await?;
        let _timed = connection.stats.timed(Operation::Append);
        let (records, ids) = identified(records)?;
        let (nth, answer) = self.queue.push(records)?;
        let queue = Arc::clone(&self.queue);
        let collection = connection.db.collection::<RawDocumentBuf>(&connection.name);
        // Whoever has a turn writes all that waits, until that includes its own.
        let written = connection.turns.ask(Kind::Writes, async move {
            loop {
                let group = queue.take(nth);
                if group.is_empty() {
                    return;
                }
                group::write(&collection, group).await;
            }
        });
        let waiting = async move {
            tokio::pin!(answer);
            tokio::select! {
                biased;
                answer = &mut answer => return Ok::<_, DriverError>(answer),
                () = written => {}
            }
            Ok(answer.await)
        };
        // Without an answer, it was under way for longer than anything may take.
        answered(Operation::Append, waiting)
            .await?
            .map_err(|_| Error::TimedOut(Operation::Append))??;
        Ok(ids)
    }

    /// Looks the collection up, so that it has its indexes: those who write a lot do so now and
    /// then.
    async fn look_up(&self, connection: &Connection) -> Result<(), Error> {
        let known = {
            let mut last = self.looked_up.lock().unwrap_or_else(PoisonError::into_inner);
            let known = last.is_some_and(|last| last.elapsed() < KNOWN);
            // Others do not wait for it.
            *last = last.map(|last| if known { last } else { Instant::now() });
            known
        };
        if !known {
            connection.look_up().await?;
            let now = Instant::now();
            *self.looked_up.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
        Ok(())
    }
}

/// Records as they are sent, and their ids as text. What has none gets one.
fn identified(records: Vec<Document>) -> Result<(Vec<RawDocumentBuf>, Vec<String>), Error> {
    let mut ids = Vec::with_capacity(records.len());
    let mut raw = Vec::with_capacity(records.len());
    for mut record in records {
        let id = record.remove("_id").unwrap_or_else(|| Bson::ObjectId(ObjectId::new()));
        let mut whole = Document::new();
        whole.insert("_id", id.clone());
        whole.extend(record);
        let whole = RawDocumentBuf::try_from(whole).map_err(DriverError::from);
        raw.push(whole.map_err(|error| Error::server(Operation::Append, error))?);
        let id = RawBson::try_from(id).map_err(DriverError::from);
        let id = id.map_err(|error| Error::server(Operation::Append, error))?;
        ids.push(json::id_text(id.as_raw_bson_ref()));
    }
    Ok((raw, ids))
}
