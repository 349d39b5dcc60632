//! What the tests against real servers share: servers, records, and reading to the end.
#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::sync::OnceLock;
use std::time::Duration;

use gapless_sse_core::Event;
use gapless_sse_core::follow::{
    Changes, Entry, Everything, Frontier, HistoryQuery, Page, Record, Reset, Scope, SortOrder,
    Source,
};
use gapless_sse_mongo::bson::{DateTime, Document, RawBsonRef, RawDocument, doc};
use gapless_sse_mongo::{Error, Key, Mode, Mongo, Options, Position, json};
use mongodb::{Client, Collection, Database};
use testbed::Mongod;

/// A record that knows its id.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) json: String,
}

impl Record for Row {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(&self.json)
    }

    fn mark(&self) {}
}

/// A set of one node, shared by the tests of one program.
pub(crate) fn set() -> &'static Mongod {
    static SET: OnceLock<Mongod> = OnceLock::new();
    SET.get_or_init(|| {
        Mongod::replica_set_with(1, &["--setParameter", "enableTestCommands=1"]).unwrap()
    })
}

pub(crate) fn standalone() -> &'static Mongod {
    static STANDALONE: OnceLock<Mongod> = OnceLock::new();
    STANDALONE.get_or_init(|| Mongod::standalone().unwrap())
}

/// Polling that does not keep tests waiting.
pub(crate) fn quick() -> Options {
    Options::topic("workspace_id", "workflow_id")
        .lateness(Duration::from_millis(300))
        .interval(Duration::from_millis(50))
}

/// A collection of its own, as the source and as the driver see it.
pub(crate) async fn logs(server: &Mongod, database: &str, options: Options) -> (Mongo<Row>, Logs) {
    let uri = server.database_uri(database);
    let logs = Logs::connect(&uri).await;
    (connect(&uri, options).await, logs)
}

pub(crate) async fn connect(uri: &str, options: Options) -> Mongo<Row> {
    Mongo::<Document>::connect(uri, "logs", options).await.unwrap().decode_with(row)
}

pub(crate) fn row(record: &RawDocument) -> Result<Row, Box<dyn std::error::Error + Send + Sync>> {
    let id = record.get("_id")?.unwrap_or(RawBsonRef::Null);
    Ok(Row { id: json::id_text(id), json: json::document(record) })
}

/// The collection as another program sees it.
#[derive(Clone)]
pub(crate) struct Logs {
    pub(crate) client: Client,
    pub(crate) db: Database,
    pub(crate) coll: Collection<Document>,
}

impl Logs {
    pub(crate) async fn connect(uri: &str) -> Self {
        let client = Client::with_uri_str(uri).await.unwrap();
        let db = client.default_database().unwrap();
        let coll = db.collection("logs");
        Self { client, db, coll }
    }

    pub(crate) async fn insert(&self, records: impl IntoIterator<Item = Document>) {
        self.coll.insert_many(records).await.unwrap();
    }

    /// The next `times` of a command fail as the server itself would fail them, for the
    /// connections of one application only.
    pub(crate) async fn fail(&self, app: &str, command: &str, code: i32, times: i32) {
        self.inject(app, command, times, doc! { "errorCode": code }).await;
    }

    /// The next one of a command takes this long, for the connections of one application only.
    pub(crate) async fn delay(&self, app: &str, command: &str, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.inject(app, command, 1, doc! { "blockConnection": true, "blockTimeMS": by }).await;
    }

    async fn inject(&self, app: &str, command: &str, times: i32, failure: Document) {
        let mut data = doc! { "failCommands": [command], "appName": app };
        data.extend(failure);
        let mode = doc! { "times": times };
        let point = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data };
        self.client.database("admin").run_command(point).await.unwrap();
    }
}

/// A record of the workflow `a/b` with this number as its id.
pub(crate) fn record(id: i32) -> Document {
    at(id, DateTime::now())
}

pub(crate) fn at(id: i32, date: DateTime) -> Document {
    doc! { "_id": id, "workspace_id": "a", "workflow_id": "b", "date": date, "message": "x" }
}

pub(crate) fn scope() -> Scope {
    Scope::new("a", ["b"])
}

pub(crate) fn query(
    as_of: Option<&Position>,
    after: Option<&Key>,
    order: SortOrder,
    limit: usize,
) -> HistoryQuery<Position, Key> {
    HistoryQuery {
        as_of: as_of.cloned(),
        after: after.cloned(),
        order,
        limit,
        max_bytes: usize::MAX,
    }
}

pub(crate) async fn page(logs: &Mongo<Row>, limit: usize) -> Page<Mongo<Row>> {
    logs.history(&scope(), query(None, None, SortOrder::Ascending, limit)).await.unwrap()
}

/// All of history, page by page, as of the first page's snapshot.
pub(crate) async fn all(
    logs: &Mongo<Row>,
    scope: &Scope,
    order: SortOrder,
    limit: usize,
) -> (Position, Vec<Entry<Key, Row>>) {
    let mut entries: Vec<Entry<Key, Row>> = Vec::new();
    let mut as_of = None;
    loop {
        let after = entries.last().map(|entry| &entry.key);
        let asked = query(as_of.as_ref(), after, order, limit);
        let page = within(logs.history(scope, asked)).await.unwrap();
        let more = page.more_after.is_some();
        assert!(page.entries.len() <= limit);
        assert!(more || as_of.is_none() || !page.entries.is_empty(), "an empty last page");
        assert!(!more || !page.entries.is_empty(), "an empty page with more beyond it");
        let last = entries.last().map(|entry| entry.key.clone());
        entries.extend(page.entries);
        assert!(
            last.is_none() || !more || entries.last().map(|entry| &entry.key) != last.as_ref(),
            "no step forward"
        );
        assert!(as_of.is_none_or(|before| before == page.as_of), "the snapshot moved");
        as_of = Some(page.as_of);
        if !more {
            return (as_of.unwrap(), entries);
        }
    }
}

pub(crate) fn ids(entries: &[Entry<Key, Row>]) -> Vec<String> {
    entries.iter().map(|entry| entry.record.id.clone()).collect()
}

pub(crate) type Change = (Position, Entry<Key, Row>);

/// The changes after `from` until there are `count` of them.
pub(crate) async fn changes(logs: &Mongo<Row>, from: &Position, count: usize) -> Vec<Change> {
    within(async {
        let mut open = logs.changes(from).await.unwrap();
        let mut all = Vec::new();
        let mut through = from.clone();
        while all.len() < count {
            let batch = open.next().await.unwrap();
            assert!(batch.through >= through, "went backwards");
            through = batch.through;
            if let Some((last, _)) = batch.changes.last() {
                assert!(*last <= through, "a change beyond what was handed out");
            }
            all.extend(batch.changes);
        }
        assert!(all.is_sorted_by(|(left, _), (right, _)| left < right));
        all
    })
    .await
}

/// Reads on until the changes fail.
pub(crate) async fn failure(open: &mut <Mongo<Row> as Source>::Changes) -> Error {
    within(async {
        loop {
            if let Err(error) = open.next().await {
                break error;
            }
        }
    })
    .await
}

pub(crate) fn changed(changes: &[Change]) -> Vec<String> {
    changes.iter().map(|(_, entry)| entry.record.id.clone()).collect()
}

pub(crate) async fn live(
    logs: &Mongo<Row>,
    position: &Position,
) -> Result<Frontier<Position, Key>, Reset> {
    logs.resume(Frontier::Live(position.clone())).await.unwrap()
}

/// Real servers answer in their own time, but they do answer.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("a deadline has passed")
}

/// Both ways of following, with the server each needs.
pub(crate) fn ways() -> [(&'static Mongod, Options); 2] {
    let stream = quick().mode(Mode::ChangeStreams);
    [(set(), stream), (standalone(), quick())]
}
