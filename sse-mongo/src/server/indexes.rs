//! The indexes that reading a collection needs: finding and making them.

use std::sync::Arc;
use std::time::Duration;

use gapless_sse_core::follow::Scope;
use mongodb::bson::{Bson, Document, RawBson, doc};
use tokio::time::timeout;

use super::collection::first_batch;
use super::connection::Connection;
use super::error::{Error, PASSING};
use super::index::{Fitness, Index, definition, keys};
use super::known::{Ready, Way};
use super::operation::Operation;
use crate::options::Indexes;

/// How long an index that is being made is waited for. That of a small collection is made in this
/// time; others take minutes, and those who ask are told so.
const PATIENCE: Duration = Duration::from_secs(1);
/// A collection of fewer records is small.
const SMALL: i64 = 100_000;

/// The server's errors for an index that is not there, or is another one by now.
const NO_SUCH_INDEX: [i32; 2] = [2, 51174];

/// An index that is needed.
#[derive(Clone)]
struct Need {
    name: &'static str,
    /// Its fields.
    fields: Vec<String>,
}

impl Need {
    fn fields(&self) -> Vec<&str> {
        self.fields.iter().map(String::as_str).collect()
    }
}

impl Connection {
    /// The collection with its indexes.
    pub(crate) async fn ready(&self) -> Result<Ready, Error> {
        let known = self.known().clone();
        if let Some(ready) = known {
            return Ok(ready);
        }
        let uuid = Box::pin(self.look_up()).await?;
        let known = self.known().clone();
        match known {
            Some(ready) => Ok(ready),
            None => self.prepare(&uuid).await,
        }
    }

    /// The answer to a read that names its index. If there is no such index, the next read looks
    /// for one again.
    pub(crate) fn by_index<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Server { code: Some(code), .. }) = &answer
            && NO_SUCH_INDEX.contains(code)
        {
            *self.known() = None;
            // The server lists an index from when it begins to make it.
            if self.making.try_lock().is_err() {
                return Err(Error::Indexing { percent: None });
            }
        }
        answer
    }

    /// Finds the indexes; makes those that are missing, where it may.
    pub(crate) async fn prepare(&self, uuid: &[u8]) -> Result<Ready, Error> {
        let mut found = Vec::new();
        let listed = self.list_indexes().await?;
        for need in self.needs().await? {
            found.push(match find(&need, &listed)? {
                Ok(index) => index,
                Err(unfit) => self.make_where_allowed(need, unfit).await?,
            });
        }
        let space = find(&self.need_of_spaces(), &listed).ok().and_then(Result::ok);
        self.set_ready(uuid, &found, space, listed.into())
    }

    /// One that has the records of this scope by a field's value, if there is one.
    pub(crate) async fn index_by<F>(
        &self,
        scope: &Scope<F>,
        field: &str,
    ) -> Result<Option<Index>, Error> {
        let ready = self.ready().await?;
        let need = self.need_by(field, scope.topics().is_some());
        Ok(find(&need, &ready.listed).ok().and_then(Result::ok))
    }

    /// The index that history of this scope is read by.
    pub(crate) async fn index_of<F>(&self, scope: &Scope<F>) -> Result<Index, Error> {
        let ready = self.ready().await?;
        if scope.topics().is_some() {
            return Ok(ready.tail);
        }
        if let Some(space) = ready.space {
            return Ok(space);
        }
        let need = self.need_of_spaces();
        let space = match find(&need, &self.list_indexes().await?)? {
            Ok(index) => index,
            Err(unfit) => self.make_where_allowed(need, unfit).await?,
        };
        if let Some(known) = &mut *self.known()
            && known.uuid == ready.uuid
        {
            known.space = Some(space.clone());
        }
        Ok(space)
    }

    /// Makes the indexes that are missing, however long it takes.
    pub(crate) async fn make_indexes(&self) -> Result<Ready, Error> {
        let mut found = Vec::new();
        let _making = self.making.lock().await;
        let by = self.options.index_by.iter();
        let by: Vec<_> =
            by.flat_map(|field| [true, false].map(|topics| self.need_by(field, topics))).collect();
        let needs = self.needs().await?.into_iter();
        for need in needs.chain([self.need_of_spaces()]).chain(by.iter().cloned()) {
            // The one before may serve this too.
            let exists = self.uuid().await?.is_some();
            let listed = if exists { self.list_indexes().await? } else { Vec::new() };
            found.push(match find(&need, &listed) {
                Ok(Ok(index)) => index,
                // The server waits for what is being made already.
                Ok(Err(_)) | Err(_) => self.make(&need, &listed).await?,
            });
        }
        found.truncate(found.len() - by.len());
        let space = found.pop();
        let uuid = self.uuid().await?;
        let listed = self.list_indexes().await?;
        let gone = Error::Answer { operation: Operation::Find, what: "collection" };
        self.set_ready(&uuid.ok_or(gone)?, &found, space, listed.into())
    }

    fn set_ready(
        &self,
        uuid: &[u8],
        found: &[Index],
        space: Option<Index>,
        listed: Arc<[Document]>,
    ) -> Result<Ready, Error> {
        let (Some(tail), Some(settled)) = (found.first(), found.last()) else {
            return Err(Error::Answer { operation: Operation::Index, what: "index" });
        };
        let (tail, settled) = (tail.clone(), settled.clone());
        let ready = Ready { uuid: uuid.to_owned(), tail, settled, space, listed };
        Ok(self.known().insert(ready).clone())
    }

    async fn needs(&self) -> Result<Vec<Need>, Error> {
        let fields = &self.options.fields;
        let owned = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect();
        let id = "_id";
        let topic: Vec<_> = fields.of_topic().chain([fields.date.as_str(), id]).collect();
        let mut needs = vec![Need { name: "tail", fields: owned(&topic) }];
        // Where the topic is constant, one index is both.
        if self.deployment().await?.way == Way::Poll && fields.of_topic().next().is_some() {
            needs.push(Need { name: "settled", fields: owned(&[&fields.date, id]) });
        }
        Ok(needs)
    }

    fn need_of_spaces(&self) -> Need {
        let fields = &self.options.fields;
        let fields = fields.space.field().into_iter().chain([fields.date.as_str(), "_id"]);
        Need { name: "space", fields: fields.map(str::to_owned).collect() }
    }

    fn need_by(&self, field: &str, of_topics: bool) -> Need {
        let fields = &self.options.fields;
        let name = fields.name.field().filter(|_| of_topics);
        let fields = [fields.space.field(), name, Some(field), Some(&*fields.date), Some("_id")];
        let fields = fields.into_iter().flatten().map(str::to_owned).collect();
        Need { name: if of_topics { "tail_by" } else { "space_by" }, fields }
    }

    async fn list_indexes(&self) -> Result<Vec<Document>, Error> {
        let list = doc! { "listIndexes": &self.name, "includeBuildUUIDs": true };
        let reply = match self.run(Operation::Index, list).await {
            // What is not MongoDB itself may not know of it.
            Err(Error::Server { code: Some(_), .. }) => {
                self.run(Operation::Index, doc! { "listIndexes": &self.name }).await?
            }
            reply => reply?,
        };
        Ok(first_batch(&reply).cloned().collect())
    }

    async fn make_where_allowed(&self, need: Need, unfit: String) -> Result<Index, Error> {
        let refused = |reason: String| {
            let because = if unfit.is_empty() { reason } else { format!("{unfit}; {reason}") };
            Err(self.missing(&need, because))
        };
        match self.options.indexes {
            Indexes::Create => {}
            Indexes::Small => {
                let count = self.run(Operation::Probe, doc! { "count": &self.name }).await?;
                let count = count.get("n").and_then(|n| n.as_i64().or(n.as_i32().map(i64::from)));
                let count = count.unwrap_or(i64::MAX);
                if count >= SMALL {
                    return refused(format!(
                        "the collection has {count} records, and it is not made unasked for so \
                         many"
                    ));
                }
            }
            Indexes::Require | Indexes::None => {
                return refused("indexes are not made here".to_owned());
            }
        }
        let making = timeout(PATIENCE, Arc::clone(&self.making).lock_owned()).await;
        let Ok(making) = making else { return Err(self.indexing().await) };
        // Whoever held it may have made this one.
        let listed = self.list_indexes().await.unwrap_or_default();
        if let Ok(Ok(index)) = find(&need, &listed) {
            return Ok(index);
        }
        // It goes on, whoever waits for it.
        let connection = self.clone();
        let made = tokio::spawn(async move {
            let _making = making;
            let made = connection.make(&need, &listed).await;
            made.inspect_err(|error| {
                tracing::warn!(collection = connection.name, %error, "an index was not made");
            })
        });
        match timeout(PATIENCE, made).await {
            Ok(Ok(made)) => made,
            Ok(Err(_)) | Err(_) => Err(self.indexing().await),
        }
    }

    async fn make(&self, need: &Need, listed: &[Document]) -> Result<Index, Error> {
        let name = free_name(need.name, listed);
        tracing::info!(collection = self.name, index = name, "making an index");
        let fields = need.fields();
        let command = doc! {
            "createIndexes": &self.name,
            "indexes": [definition(&name, &fields)],
            "writeConcern": { "w": "majority" },
        };
        match self.run_for_long(Operation::Index, command).await {
            Ok(_) => Ok(Index::made(name, &fields)),
            Err(Error::NotAuthorised { .. }) => {
                Err(self.missing(need, "the user may not make indexes".to_owned()))
            }
            // Refused by the server, not merely unreachable.
            Err(Error::Server { message, code: Some(code), .. }) if !is_passing(code) => {
                Err(self.missing(need, message))
            }
            Err(error) => Err(error),
        }
    }

    fn missing(&self, need: &Need, reason: String) -> Error {
        let text = |bson: Bson| {
            let raw = RawBson::try_from(bson);
            raw.map(|raw| crate::value::json::value(raw.as_raw_bson_ref())).unwrap_or_default()
        };
        let collection = text(Bson::from(self.name.as_str()));
        let fields = need.fields();
        // Of a name that no other index has which the server would give one of these fields.
        let name = format!("{}_simple", fields.join("_"));
        let options = doc! { "name": name, "collation": { "locale": "simple" } };
        let (keys, options) = (text(keys(&fields).into()), text(options.into()));
        let command = format!("db.getCollection({collection}).createIndex({keys},{options})");
        Error::MissingIndex { name: need.name, reason, command }
    }

    /// That an index is being made, and how far it is, if the server tells.
    async fn indexing(&self) -> Error {
        let making = doc! { "currentOp": 1, "command.createIndexes": &self.name };
        let mut own = making.clone();
        own.insert("$ownOps", true);
        let mut told = self.run_on_admin(Operation::Index, making).await;
        if told.is_err() {
            // Everybody may ask for what is their own.
            told = self.run_on_admin(Operation::Index, own).await;
        }
        let percent = told.ok().and_then(|told| {
            let operations = told.get_array("inprog").ok()?.iter().filter_map(Bson::as_document);
            operations.filter_map(percent).max()
        });
        Error::Indexing { percent }
    }
}

/// One that serves, or why another one does not.
fn find(need: &Need, listed: &[Document]) -> Result<Result<Index, String>, Error> {
    let fields = need.fields();
    let (mut unfit, mut building) = (String::new(), false);
    for listed in listed {
        match Index::fitness(listed, &fields) {
            Fitness::Fits(index) => return Ok(Ok(index)),
            Fitness::Building => building = true,
            Fitness::Unfit(why) => unfit = why,
            Fitness::Other => {}
        }
    }
    if building { Err(Error::Indexing { percent: None }) } else { Ok(Err(unfit)) }
}

fn percent(operation: &Document) -> Option<u8> {
    let progress = operation.get_document("progress").ok()?;
    let number = |name| match progress.get(name) {
        Some(Bson::Int32(number)) => Some(i64::from(*number)),
        Some(Bson::Int64(number)) => Some(*number),
        Some(Bson::Double(number)) => format!("{number:.0}").parse().ok(),
        _ => None,
    };
    let (done, total) = (number("done")?, number("total")?);
    u8::try_from((done.saturating_mul(100)).checked_div(total)?.clamp(0, 100)).ok()
}

/// A name that no index has yet.
fn free_name(name: &str, listed: &[Document]) -> String {
    let taken = |name: &str| {
        let named = |index: &Document| {
            index.get_document("spec").unwrap_or(index).get_str("name").is_ok_and(|it| it == name)
        };
        listed.iter().any(named)
    };
    let mut names = (2..).map(|nth| format!("{name}_{nth}"));
    if taken(name) { names.find(|name| !taken(name)).unwrap_or_default() } else { name.to_owned() }
}

/// Errors of a server that changes its role, and of an index build that was interrupted by one.
fn is_passing(code: i32) -> bool {
    const INDEX_BUILD_ABORTED: i32 = 276;
    code == INDEX_BUILD_ABORTED || PASSING.contains(&code)
}
