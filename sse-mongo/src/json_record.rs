//! Stored records that are shown as they are.

use gapless_sse_core::Event;
use gapless_sse_core::follow::{Everything, Record};
use mongodb::bson::RawDocumentBuf;
use serde::{Deserialize, Deserializer};

use crate::value::json;

/// A stored record that is shown whole, as [`json::document`] writes it.
///
/// ```no_run
/// # async fn example() -> Result<(), gapless_sse_mongo::Error> {
/// use gapless_sse_mongo::{JsonRecord, Mongo, Options};
///
/// let uri = "mongodb://127.0.0.1:27017/shop";
/// let orders: Mongo<JsonRecord> =
///     Mongo::connect(uri, "orders", Options::topic("tenant", "shop")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonRecord(Box<str>);

impl JsonRecord {
    /// The record as one line of JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for JsonRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = RawDocumentBuf::deserialize(deserializer)?;
        Ok(Self(json::document(&document).into()))
    }
}

impl Record for JsonRecord {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(&*self.0)
    }

    fn mark(&self) {}
}
