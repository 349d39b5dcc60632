//! The store for many machines: a MongoDB collection, as an existing service writes it.

mod append;
mod fields;
mod row;

use std::collections::BTreeSet;

use bson::{DateTime, Document, doc};
use gapless_sse_core::follow::Topic;
use gapless_sse_mongo::{Effort, Error, Indexes, Key, Mode, Mongo, Narrow, Narrowing, Options};
use jiff::Timestamp;

use fields::{DATE, KIND, LEVEL, MESSAGE, WORKFLOW, WORKSPACE};
pub use row::row;

use super::{AppendError, Store};
use crate::cli::{self, Arguments};
use crate::row::{NewRow, Row};
use crate::search::{Level, Search};

/// A log in a MongoDB collection.
pub type MongoStore = Mongo<Row>;

/// Prepares to follow the collection that the command line names. The server may be down yet.
///
/// # Errors
///
/// When the connection string is not one, or names no database.
pub async fn connect(uri: &str, arguments: &Arguments) -> Result<MongoStore, Error> {
    let mode = match arguments.mode {
        cli::Mode::Auto => Mode::Auto,
        cli::Mode::ChangeStreams => Mode::ChangeStreams,
        cli::Mode::Poll => Mode::Poll,
    };
    let indexes = match arguments.indexes {
        cli::Indexes::Small => Indexes::Small,
        cli::Indexes::Create => Indexes::Create,
        cli::Indexes::Require => Indexes::Require,
        cli::Indexes::None => Indexes::None,
    };
    let effort = Effort::default().records(arguments.search_rows.get()).time(arguments.search_time);
    let options = Options::topic(WORKSPACE, WORKFLOW)
        .date(DATE)
        .mode(mode)
        .lateness(arguments.lateness)
        .interval(arguments.poll_interval)
        .effort(effort)
        .indexes(indexes);
    let records = Mongo::<Document>::connect(uri, &arguments.collection, options).await?;
    Ok(records.decode_with(|record| {
        let date = record.get_datetime(DATE).ok();
        Ok(Row::new(row(record), date.map(DateTime::timestamp_millis)))
    }))
}

impl Narrow for Search {
    fn narrow(&self) -> Narrowing {
        let terms = self.terms();
        let mut narrowing = Narrowing::default();
        if !terms.levels.is_empty() {
            narrowing = narrowing.matching(doc! { "$or": levels(&terms.levels) });
        }
        if !terms.types.is_empty() {
            let types: Vec<_> = terms.types.iter().map(String::as_str).collect();
            // Of what is no text, its JSON is the type; of text that is not UTF-8, in which no pattern
            // is found, what can be read of it.
            narrowing = narrowing.matching(doc! { "$or": [
                { KIND: { "$in": types } },
                { KIND: { "$not": { "$type": "string" } } },
                { KIND: { "$type": "array" } },
                { KIND: { "$not": { "$regex": "" } } },
            ] });
        }
        if let Some(text) = &terms.text {
            narrowing = narrowing.containing(MESSAGE, &text.source);
        }
        if let Some(from) = terms.from {
            narrowing = narrowing.not_before(DateTime::from_millis(from));
        }
        if let Some(to) = terms.to {
            narrowing = narrowing.before(DateTime::from_millis(to));
        }
        narrowing
    }
}

/// What a level may be stored as that is one of these: a name, a number, or a number as text, of
/// which the search decides which one it is.
fn levels(wanted: &BTreeSet<Level>) -> Vec<Document> {
    let names: Vec<_> =
        Level::names().filter(|(_, level)| wanted.contains(level)).map(|(name, _)| name).collect();
    let text = format!("^({}|[-+.0-9].*)$", names.join("|"));
    let mut alternatives = vec![doc! { LEVEL: { "$regex": text, "$options": "i" } }];
    for level in wanted {
        let mut range = Document::new();
        if Level::all().next() != Some(*level) {
            range.insert("$gte", level.number());
        }
        if let Some(next) = Level::all().find(|next| next > level) {
            range.insert("$lt", next.number());
        }
        alternatives.push(doc! { LEVEL: range });
    }
    alternatives
}

impl Store for MongoStore {
    fn date(key: &Key) -> Option<Timestamp> {
        Timestamp::from_millisecond(key.date()?.timestamp_millis()).ok()
    }

    async fn append(
        &self,
        topic: &Topic,
        rows: Vec<NewRow>,
    ) -> Result<Vec<String>, AppendError<Error>> {
        append::append(self, topic, rows).await
    }

    async fn writable(&self) -> Result<(), Error> {
        self.check_primary().await
    }

    async fn workspaces(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        self.spaces(after, limit).await
    }

    async fn workflows(
        &self,
        workspace: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, Error> {
        self.names(workspace, after, limit).await
    }

    fn has_pages(&self) -> bool {
        self.options().indexes != Indexes::None
    }

    fn mongo_stats(&self) -> Option<gapless_sse_mongo::Stats> {
        Some(self.stats())
    }
}
