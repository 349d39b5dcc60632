//! The store for many machines: a MongoDB collection, as an existing service writes it.

mod append;
mod dates;
mod fields;
mod found;
mod narrow;
mod row;
mod ruled;
mod tally;

use bson::Document;
use gapless_sse_core::follow::{Entry, Scope, Topic};
use gapless_sse_mongo::{Dates, Effort, Error, Indexes, Key, Mode, Mongo, Options};
use jiff::Timestamp;

pub use row::row;

use super::tally::by_looking;
use super::{AppendError, Store, Tally, TallyQuery};
use crate::access::RowFields;
use crate::cli::{self, Arguments};
use crate::fields::{FieldMap, FieldName};
use crate::row::{NewRow, Row};
use crate::search::Search;

/// A log in a MongoDB collection.
pub type MongoStore = Mongo<Row>;

/// Prepares to follow a collection with fields of these names, of whose rows rules may look at
/// `ruled`. The server may be down yet.
///
/// # Errors
///
/// When the connection string is not one, or names no database.
pub async fn connect(
    uri: &str,
    collection: &str,
    map: FieldMap,
    arguments: &Arguments,
    ruled: RowFields,
) -> Result<MongoStore, Error> {
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
    let options = fields::options(&map)
        .mode(mode)
        .lateness(arguments.lateness)
        .interval(arguments.poll_interval)
        .effort(effort)
        .indexes(indexes);
    let by: Vec<_> =
        arguments.index_by.iter().map(|name| options.fields.stored(name).to_owned()).collect();
    let options = by.into_iter().fold(options, Options::index_by);
    let records = Mongo::<Document>::connect(uri, collection, options).await?;
    Ok(records.decode_with(move |record| {
        let date = fields::at(record, map.field(FieldName::Date));
        let date = date.and_then(|date| Dates::instant(map.dates(), date));
        Ok(Row::new(row(record, &map), date).ruled_by(ruled::of(record, &ruled, &map)))
    }))
}

impl Store for MongoStore {
    fn date(&self, key: &Key) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.options().dates.instant(key.date())?).ok()
    }

    async fn append(
        &self,
        topic: &Topic,
        rows: Vec<NewRow>,
    ) -> Result<Vec<String>, AppendError<Error>> {
        append::append(self, topic, rows).await
    }

    async fn find(&self, topic: &Topic, id: &str) -> Result<Option<Entry<Key, Row>>, Error> {
        match found::find(self, topic, id).await? {
            None if found::is_odd(id) => super::find_by_looking(self, topic, id).await,
            found => Ok(found),
        }
    }

    async fn tally(&self, scope: &Scope<Search>, query: &TallyQuery) -> Result<Tally, Error> {
        match tally::tally(self, scope, query).await? {
            Some(tally) => Ok(tally),
            None => by_looking(self, scope, query, |key| self.date(key)).await,
        }
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
