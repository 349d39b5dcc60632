//! The way of records into the collection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, RawBson, RawDocumentBuf};
use mongodb::error::Error as DriverError;
use tokio::sync::Mutex as AsyncMutex;

use super::group;
use super::queue::Queue;
use crate::server::connection::{Connection, answered};
use crate::server::error::Error;
use crate::server::operation::Operation;
use crate::server::turns::{Kind, driven};
use crate::value::json;

/// How long the collection is not looked up again by those who write.
const KNOWN: Duration = Duration::from_secs(1);

/// What waits to be written, and when the collection was looked up for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writing {
    queue: Arc<Queue>,
    looked_up: Arc<Mutex<Option<Instant>>>,
    /// Held while that is done.
    looks: Arc<AsyncMutex<()>>,
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

    /// Looks the collection up, so that it has its indexes: one of those who write does, now and
    /// then.
    async fn look_up(&self, connection: &Connection) -> Result<(), Error> {
        if self.is_known() {
            return Ok(());
        }
        let looks = Arc::clone(&self.looks).try_lock_owned().ok();
        if looks.is_none() {
            drop(self.looks.lock().await);
            if self.is_known() {
                return Ok(());
            }
        }
        let connection = connection.clone();
        let look_up = async move {
            let _looks = looks;
            connection.look_up().await
        };
        driven(look_up).await?;
        *self.looked_up() = Some(Instant::now());
        Ok(())
    }

    fn is_known(&self) -> bool {
        self.looked_up().is_some_and(|last| last.elapsed() < KNOWN)
    }

    fn looked_up(&self) -> MutexGuard<'_, Option<Instant>> {
        self.looked_up.lock().unwrap_or_else(PoisonError::into_inner)
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
        let whole = RawDocumentBuf::try_from(&whole).map_err(DriverError::from);
        raw.push(whole.map_err(|error| Error::server(Operation::Append, error))?);
        let id = RawBson::try_from(id).map_err(DriverError::from);
        let id = id.map_err(|error| Error::server(Operation::Append, error))?;
        ids.push(json::id_text(id.as_raw_bson_ref()));
    }
    Ok((raw, ids))
}
