//! The store for many machines: a MongoDB collection, as an existing service writes it.

use sse_core::follow::Topic;
use sse_mongo::{Error, Mode, Mongo, Options, json};

use super::Store;
use crate::cli::{self, Arguments};
use crate::row::{NewRow, Row};

/// The most workspaces, or workflows of one, that are listed.
const LISTED: usize = 10_000;

/// A log in a MongoDB collection.
pub type MongoStore = Mongo<Row>;

/// Prepares to follow the collection that the command line names. The server may be down yet.
///
/// # Errors
///
/// When the connection string is not one, or names no database.
pub async fn connect(uri: &str, arguments: &Arguments) -> Result<MongoStore, Error> {
    let options = Options {
        mode: match arguments.mode {
            cli::Mode::Auto => Mode::Auto,
            cli::Mode::ChangeStreams => Mode::ChangeStreams,
            cli::Mode::Poll => Mode::Poll,
        },
        lateness: arguments.lateness,
        interval: arguments.poll_interval,
        ..Options::default()
    };
    let fields = options.fields.clone();
    let decode = move |record: &bson::RawDocument| Row::from_json(json::row(record, &fields));
    Mongo::connect(uri, &arguments.collection, options, decode).await
}

impl Store for MongoStore {
    async fn append(&self, topic: &Topic, rows: Vec<NewRow>) -> Result<Vec<String>, Error> {
        let fields = &self.options().fields;
        let record = |row: NewRow| {
            let mut record = bson::doc! {
                &fields.workspace: topic.space(),
                &fields.workflow: topic.name(),
                &fields.date: bson::DateTime::from_millis(row.date.as_millisecond()),
                &fields.level: row.level,
                &fields.kind: row.kind,
                &fields.message: row.message,
            };
            record.extend(row.more.into_iter().map(|(name, value)| (name, stored(value))));
            record
        };
        Self::append(self, rows.into_iter().map(record).collect()).await
    }

    async fn workspaces(&self) -> Result<Vec<String>, Error> {
        Self::workspaces(self, LISTED).await
    }

    async fn workflows(&self, workspace: &str) -> Result<Vec<String>, Error> {
        Self::workflows(self, workspace, LISTED).await
    }
}

/// A JSON value as it is stored. What looks like extended JSON stays what it is: an object.
fn stored(value: serde_json::Value) -> bson::Bson {
    use bson::Bson;
    use serde_json::Value;

    match value {
        Value::Null => Bson::Null,
        Value::Bool(value) => Bson::Boolean(value),
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
