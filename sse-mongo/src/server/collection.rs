//! The collection, and which one it is.

use std::sync::{MutexGuard, PoisonError};

use mongodb::bson::{Bson, Document, doc};

use super::connection::Connection;
use super::error::Error;
use super::known::{Ready, Way};
use super::operation::Operation;
use crate::options::Indexes;

impl Connection {
    /// Looks which collection it is. One that is missing is made.
    pub(crate) async fn look_up(&self) -> Result<Vec<u8>, Error> {
        let way = self.deployment().await?.way;
        let Some(found) = self.find_collection().await? else {
            Box::pin(self.make_collection()).await?;
            return self
                .uuid()
                .await?
                .ok_or(Error::Answer { operation: Operation::Find, what: "collection just made" });
        };
        if found.capped && way == Way::ChangeStreams {
            return Err(Error::Capped(self.name.clone()));
        }
        let new = {
            let mut last = self.last_uuid.lock().unwrap_or_else(PoisonError::into_inner);
            last.replace(found.uuid.clone()).as_ref() != Some(&found.uuid)
        };
        if new {
            self.known().take_if(|ready| ready.uuid != found.uuid);
            // Its indexes are made in passing; who needs them is told what is wrong with them.
            if let Err(error) = Box::pin(self.prepare(&found.uuid)).await {
                tracing::warn!(collection = self.name, %error, "pages cannot be read yet");
            }
        }
        Ok(found.uuid)
    }

    /// The collection's UUID, if it exists.
    pub(crate) async fn uuid(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.find_collection().await?.map(|found| found.uuid))
    }

    pub(crate) async fn find_collection(&self) -> Result<Option<Found>, Error> {
        let command = doc! { "listCollections": 1, "filter": { "name": &self.name } };
        let reply = self.run(Operation::Find, command).await?;
        let Some(found) = first_batch(&reply).next() else { return Ok(None) };
        let kind = found.get_str("type").unwrap_or("collection");
        if kind != "collection" {
            let (name, kind) = (self.name.clone(), kind.to_owned());
            return Err(Error::NotACollection { name, kind });
        }
        let capped =
            found.get_document("options").is_ok_and(|of| of.get_bool("capped").unwrap_or(false));
        match found.get_document("info").ok().and_then(|info| info.get("uuid")) {
            Some(Bson::Binary(uuid)) => Ok(Some(Found { uuid: uuid.bytes.clone(), capped })),
            _ => Err(Error::Answer { operation: Operation::Find, what: "uuid" }),
        }
    }

    /// With its indexes, unless these are left to others.
    async fn make_collection(&self) -> Result<(), Error> {
        let made = match self.options.indexes {
            Indexes::Small | Indexes::Create => return self.make_indexes().await.map(drop),
            Indexes::Require | Indexes::None => {
                self.run_for_long(Operation::Index, doc! { "create": &self.name }).await
            }
        };
        const EXISTS: i32 = 48;
        match made {
            Ok(_) | Err(Error::Server { code: Some(EXISTS), .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Option<Ready>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What there is by the collection's name.
pub(crate) struct Found {
    uuid: Vec<u8>,
    pub(crate) capped: bool,
}

pub(crate) fn first_batch(reply: &Document) -> impl Iterator<Item = &Document> {
    let batch = reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
    batch.ok().into_iter().flatten().filter_map(Bson::as_document)
}
