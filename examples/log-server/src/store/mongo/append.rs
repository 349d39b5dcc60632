//! Writing rows, each of which has an id of its own if its writer wants to repeat it.

use std::collections::HashMap;
use std::error::Error as _;

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use gapless_sse_core::follow::Topic;
use gapless_sse_mongo::mongodb::error::{Error as DriverError, ErrorKind};
use gapless_sse_mongo::{Error, Mongo, Named, Options};

use super::fields::{GIVEN_ID, ID, KIND, LEVEL, MESSAGE, WORKFLOW, WORKSPACE, put, take};
use crate::row::{Ids, NewRow, Row};
use crate::store::AppendError;

/// A record with the same id, or the same key of another unique index.
const DUPLICATE: i32 = 11000;

/// How often rows are written of which others write the same at the same time.
const ATTEMPTS: usize = 4;

pub(super) async fn append(
    store: &Mongo<Row>,
    topic: &Topic,
    rows: Vec<NewRow>,
) -> Result<Vec<String>, AppendError<Error>> {
    let given: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    let mut new = Ids::now();
    let mut records = Vec::with_capacity(rows.len());
    for (nth, row) in rows.into_iter().enumerate() {
        let record = record(store.options(), topic, row, &mut new);
        records.push(record.map_err(|reason| AppendError::Refused {
            row: nth,
            reason,
            written: 0,
        })?);
    }
    let mut ids: Vec<Option<String>> = vec![None; records.len()];
    let mut attempts = 1..=ATTEMPTS;
    loop {
        pass_over_known(store, &given, &records, &mut ids).await?;
        let left: Vec<_> = (0..records.len()).filter(|row| ids[*row].is_none()).collect();
        let new = left.iter().map(|row| records[*row].clone()).collect();
        match store.append(new).await {
            Ok(written) => {
                for (row, id) in left.into_iter().zip(written) {
                    ids[row] = Some(given[row].clone().unwrap_or(id));
                }
                return Ok(ids.into_iter().map(Option::unwrap_or_default).collect());
            }
            Err(error) => {
                let Some((at, code, reason)) = refused(&error) else { return Err(error.into()) };
                // Records before it are written, and have no id of ours to be found by.
                let row = left.get(at).copied().unwrap_or_default();
                let again = given.iter().all(Option::is_some) && attempts.next().is_some();
                if code != DUPLICATE || given[row].is_none() || !again {
                    return Err(AppendError::Refused { row, reason, written: row });
                }
            }
        }
    }
}

/// Gives the rows that are there already their ids.
async fn pass_over_known(
    store: &Mongo<Row>,
    given: &[Option<String>],
    records: &[Document],
    ids: &mut [Option<String>],
) -> Result<(), AppendError<Error>> {
    let is_given = |(given, record): (&Option<_>, &Document)| {
        given.is_some().then(|| record.get(ID).cloned()).flatten()
    };
    let wanted: Vec<_> = given.iter().zip(records).filter_map(is_given).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut known: HashMap<String, Document> = HashMap::new();
    for record in store.find_by_id(wanted).await? {
        if let Ok(id) = record.get_document(ID).and_then(|id| id.get_str(GIVEN_ID)) {
            known.insert(id.to_owned(), record);
        }
    }
    for (row, id) in given.iter().enumerate() {
        let Some(id) = id else { continue };
        let Some(known) = known.get(id) else { continue };
        if !say_the_same(known, &records[row], &store.options().fields.date) {
            return Err(AppendError::Conflict { row, id: id.clone(), written: 0 });
        }
        ids[row] = Some(id.clone());
    }
    Ok(())
}

/// Whether two rows say the same, their dates aside: a row without a date has that of its writing.
fn say_the_same(known: &Document, record: &Document, date: &str) -> bool {
    let said = |record: &Document| {
        let mut record = record.clone();
        take(&mut record, date);
        record
    };
    said(known) == said(record)
}

/// Which of the records the server has refused, with what code and why.
fn refused(error: &Error) -> Option<(usize, i32, String)> {
    let driver = error.source()?.downcast_ref::<DriverError>()?;
    let ErrorKind::InsertMany(insert) = driver.kind.as_ref() else { return None };
    let first = insert.write_errors.as_ref()?.first()?;
    Some((first.index, first.code, first.message.clone()))
}

/// The record of a row, or why there can be none.
fn record(
    options: &Options,
    topic: &Topic,
    row: NewRow,
    new: &mut Ids,
) -> Result<Document, String> {
    let fields = &options.fields;
    let id = match row.id {
        // Ids are those of a whole collection, and nobody is to learn of those in other topics.
        Some(id) => doc! { WORKSPACE: topic.space(), WORKFLOW: topic.name(), GIVEN_ID: id }.into(),
        None => Bson::from(ObjectId::from_bytes(new.next())),
    };
    let mut record = doc! { ID: id };
    let in_the_way =
        |path| format!("the collection has another field where `{path}` is; leave it out");
    for (named, name) in [(&fields.space, topic.space()), (&fields.name, topic.name())] {
        match named {
            Named::Field(field) => put(&mut record, field, name.into()).map_err(in_the_way)?,
            Named::Constant(constant) if constant == name => {}
            Named::Constant(constant) => {
                return Err(format!(
                    "the rows of this log are all of {constant:?}, and none of {name:?}"
                ));
            }
        }
    }
    let date = options.dates.stored(row.date.as_millisecond());
    put(&mut record, &fields.date, date).map_err(in_the_way)?;
    for (name, text) in [(LEVEL, row.level), (KIND, row.kind), (MESSAGE, row.message)] {
        put(&mut record, fields.stored(name), text.into()).map_err(in_the_way)?;
    }
    for (name, value) in row.more {
        let (field, value) = (fields.stored(&name), stored(value));
        let added = if field == name {
            add(&mut record, name, value)
        } else {
            put(&mut record, field, value)
        };
        added.map_err(in_the_way)?;
    }
    Ok(record)
}

/// Adds a field; what is in an object, to the one that there is already. Answers the name that is
/// taken.
fn add(fields: &mut Document, name: String, value: Bson) -> Result<(), String> {
    match (fields.get_mut(&name), value) {
        (None, value) => {
            fields.insert(name, value);
            Ok(())
        }
        (Some(Bson::Document(there)), Bson::Document(more)) => {
            more.into_iter().try_for_each(|(name, value)| add(there, name, value))
        }
        (Some(_), _) => Err(name),
    }
}

/// A JSON value as it is stored. What looks like extended JSON stays what it is: an object.
fn stored(value: serde_json::Value) -> Bson {
    use serde_json::Value;

    match value {
        Value::Null => Bson::Null,
        Value::Bool(value) => Bson::Boolean(value),
        // Whole numbers beyond 64 bits with a sign are not taken from clients.
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Bson::Int64(whole),
            None => Bson::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Bson::String(text),
        Value::Array(values) => Bson::Array(values.into_iter().map(stored).collect()),
        Value::Object(fields) => {
            Bson::Document(fields.into_iter().map(|(name, value)| (name, stored(value))).collect())
        }
    }
}
