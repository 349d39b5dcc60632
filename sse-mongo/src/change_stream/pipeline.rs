//! What the server is asked for.

use mongodb::bson::{Bson, Document, Timestamp, doc};

use super::event::{NAME, SPACE};
use crate::fields::Fields;
use crate::position::commit::ClusterTime;
use crate::server::connection::Connection;

/// What ends a collection.
const ENDS: [&str; 4] = ["drop", "rename", "dropDatabase", "invalidate"];
/// What else happens to records. Only the tail hears of it, to count it.
const OTHERS: [&str; 3] = ["update", "replace", "delete"];

/// How large an event may be with its resume token twice, since a reply repeats the last one's. A
/// server sends 16 MiB at most: it fails, or breaks the connection, where it would need more.
const MOST: i32 = 31 << 19;
/// How much trouble the stream has had at the place where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// None.
    Usual,
    /// A reply could not be sent: each has one event only.
    OneByOne,
}

/// Which changes to read.
pub(super) struct Wanted<'a> {
    pub(super) from: ClusterTime,
    /// Whether to count what else happens to records.
    pub(super) tail: bool,
    /// Names the stream among the server's operations.
    pub(super) comment: &'a str,
}

/// The command that opens a change stream. It has no first batch, so that it is answered before
/// the server looks for one.
pub(super) fn command(connection: &Connection, wanted: &Wanted<'_>) -> Document {
    let start = Timestamp::from(wanted.from);
    let fields = &connection.options.fields;
    let pipeline = vec![
        doc! { "$changeStream": { "startAtOperationTime": start } },
        doc! { "$match": matching(fields, wanted.tail) },
        doc! { "$project": projection(fields) },
    ];
    doc! {
        "aggregate": &connection.name,
        "pipeline": pipeline,
        "cursor": { "batchSize": 0 },
        "readConcern": { "level": "majority" },
        "collation": { "locale": "simple" },
        "comment": wanted.comment,
    }
}

/// The fields of a topic, and what each is called in a projection of an event if it lies within
/// others: an update's description calls it by its whole path, which is no path there.
fn told(fields: &Fields) -> impl Iterator<Item = (&str, Option<&'static str>)> {
    let names = [(&fields.space, SPACE), (&fields.name, NAME)];
    let fields = names.into_iter().filter_map(|(named, alias)| Some((named.field()?, alias)));
    fields.map(|(field, alias)| (field, field.contains('.').then_some(alias)))
}

/// What an update has set a field to by its whole path.
fn set_by_path(field: &str) -> Document {
    doc! { "$getField": {
        "field": { "$literal": field },
        "input": "$updateDescription.updatedFields",
    } }
}

fn matching(fields: &Fields, tail: bool) -> Document {
    let mut kinds: Vec<_> = ["insert"].into_iter().chain(ENDS).collect();
    if tail {
        kinds.extend(OTHERS);
    }
    let mut wanted = vec![doc! { "operationType": { "$in": kinds } }];
    for (field, alias) in told(fields) {
        let is_set = if alias.is_some() {
            let kind = doc! { "$type": set_by_path(field) };
            doc! { "$expr": { "$ne": [kind, "missing"] } }
        } else {
            doc! { format!("updateDescription.updatedFields.{field}"): { "$exists": true } }
        };
        wanted.push(doc! { "$and": [{ "operationType": "update" }, is_set] });
    }
    doc! { "$or": wanted }
}

/// Of an insert, the record, if a reply can hold it; of what is to be fetched, the id.
fn projection(fields: &Fields) -> Document {
    let insert = doc! { "$eq": ["$operationType", "insert"] };
    let whole = Bson::from(doc! { "$and": [insert, fits("$fullDocument")] });
    let id = doc! { "$cond": [fits("$documentKey._id"), "$documentKey._id", "$$REMOVE"] };
    let mut projection = doc! {
        "operationType": 1,
        "clusterTime": 1,
        "fullDocument": { "$cond": [&whole, "$fullDocument", "$$REMOVE"] },
        "id": { "$cond": [whole, "$$REMOVE", id] },
    };
    for (field, alias) in told(fields) {
        match alias {
            None => projection.insert(format!("updateDescription.updatedFields.{field}"), 1),
            Some(alias) => projection.insert(alias, set_by_path(field)),
        };
    }
    projection
}

fn fits(field: &str) -> Document {
    let size = doc! { "$bsonSize": { "value": field } };
    let tokens = doc! { "$multiply": [2, token_length()] };
    doc! { "$lt": [{ "$add": [size, tokens] }, MOST] }
}

fn token_length() -> Document {
    doc! { "$strLenBytes": "$_id._data" }
}
