//! Finding a row by its id.

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Uuid, doc};
use gapless_sse_core::follow::{Entry, Topic};
use gapless_sse_mongo::{Error, Key, Mongo};

use super::fields::{GIVEN_ID, WORKFLOW, WORKSPACE};
use crate::row::Row;

/// The row of this id; of several that are shown with it, the last one.
pub(super) async fn find(
    store: &Mongo<Row>,
    topic: &Topic,
    id: &str,
) -> Result<Option<Entry<Key, Row>>, Error> {
    let mut found = store.entries_by_id(topic, ids(topic, id)).await?;
    found.retain(|entry| entry.record.id().as_deref() == Some(id));
    Ok(found.into_iter().max_by(|left, right| left.key.cmp(&right.key)))
}

/// Whether there may be ids that are shown like this one and are not among [`ids`]: objects, what is
/// written as one, and text that is not UTF-8.
pub(super) fn is_odd(id: &str) -> bool {
    id.starts_with('{') || id.contains(char::REPLACEMENT_CHARACTER)
}

/// What an id may be stored as.
fn ids(topic: &Topic, id: &str) -> Vec<Bson> {
    let given = doc! { WORKSPACE: topic.space(), WORKFLOW: topic.name(), GIVEN_ID: id };
    let mut ids = vec![Bson::from(given), id.into()];
    ids.extend(ObjectId::parse_str(id).map(Bson::from));
    if let Ok(uuid) = Uuid::parse_str(id) {
        let bytes = uuid.bytes().to_vec();
        for subtype in [BinarySubtype::Uuid, BinarySubtype::UuidOld] {
            ids.push(Binary { subtype, bytes: bytes.clone() }.into());
        }
    }
    // Numbers are equal to MongoDB whatever their type is.
    ids.extend(id.parse::<i64>().map(Bson::from));
    ids.extend(id.parse::<f64>().map(Bson::from));
    ids.extend(id.parse::<bool>().map(Bson::from));
    if id == "null" {
        ids.push(Bson::Null);
    }
    ids
}
