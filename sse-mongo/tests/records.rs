//! Records of a type of one's own, through a client of one's own.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::time::Duration;

use common::{Logs, connect, query, quick, record, row, scope, set, standalone, ways, within};
use gapless_sse_core::Event;
use gapless_sse_core::follow::{Changes, Everything, Record, SortOrder, Source};
use gapless_sse_mongo::bson::{DateTime, Document, RawBsonRef, doc};
use gapless_sse_mongo::{Effort, JsonRecord, Mode, Mongo, Options};
use mongodb::options::{
    ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};
use mongodb::{Client, Collection};
use testbed::Mongod;

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Line {
    #[serde(rename = "_id")]
    id: i32,
    message: String,
}

impl Record for Line {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(&self.message)
    }

    fn mark(&self) {}
}

/// A client that an application has set up for itself: it reads from secondaries what may be
/// rolled back, writes without an answer, and has few connections.
async fn client(server: &Mongod) -> Client {
    let mut options = ClientOptions::parse(server.uri()).await.unwrap();
    options.max_pool_size = Some(10);
    options.read_concern = Some(ReadConcern::available());
    options.write_concern = Some(WriteConcern::nodes(0));
    options.selection_criteria =
        Some(SelectionCriteria::ReadPreference(ReadPreference::SecondaryPreferred {
            options: None,
        }));
    Client::with_options(options).unwrap()
}

/// Which of these have a message that is none.
fn wrong(ids: impl IntoIterator<Item = i32>) -> impl Iterator<Item = Document> {
    ids.into_iter().map(|id| {
        let mut wrong = record(id);
        wrong.insert("message", id);
        wrong
    })
}

/// In one transaction, where there are any.
async fn insert_at_once(other: &Logs, records: Vec<Document>, transaction: bool) {
    if !transaction {
        return other.insert(records).await;
    }
    let mut session = other.client.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    other.coll.insert_many(records).session(&mut session).await.unwrap();
    session.commit_transaction().await.unwrap();
}

async fn next_ids<R: Record<Filter = Everything>>(
    open: &mut <Mongo<R> as Source>::Changes,
    count: usize,
    id: impl Fn(&R) -> i32,
) -> Vec<i32> {
    within(async {
        let mut ids = Vec::new();
        while ids.len() < count {
            let batch = open.next().await.unwrap();
            ids.extend(batch.changes.iter().map(|(_, entry)| id(&entry.record)));
        }
        ids
    })
    .await
}

async fn next_late<R: Record<Filter = Everything>>(
    open: &mut <Mongo<R> as Source>::Changes,
) -> Vec<R> {
    within(async {
        loop {
            let batch = open.next().await.unwrap();
            if !batch.late.is_empty() {
                break batch.late.into_iter().map(|entry| entry.record).collect();
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_collection_of_an_existing_client_gives_records_of_its_type() {
    for (server, options) in tokio::task::block_in_place(ways) {
        let client = client(server).await;
        let lines: Collection<Line> = client.database("typed").collection("logs");
        let other = Logs::connect(&server.database_uri("typed")).await;
        let mongo = Mongo::new(&lines, options);
        other.insert([record(0)]).await;
        mongo.epoch().await.unwrap();
        let mut open = mongo.changes(&mongo.tail_start().await.unwrap()).await.unwrap();
        other.insert((1..=20).map(record)).await;
        let ids = next_ids(&mut open, 20, |line: &Line| line.id).await;
        assert!(ids.ends_with(&(2..=20).collect::<Vec<_>>()), "{ids:?}");
        let page =
            mongo.history(&scope(), query(None, None, SortOrder::Ascending, 1)).await.unwrap();
        assert_eq!(page.entries[0].record, Line { id: 0, message: "x".to_owned() });
        assert_eq!(mongo.stats().undecodable, 0);
        // Whatever the client's own write concern is, what is appended has an answer.
        assert_eq!(mongo.append(vec![record(99)]).await.unwrap(), ["99"]);
        mongo.append(vec![record(99)]).await.unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_record_that_cannot_be_decoded_is_left_out_and_counted_and_nothing_stops() {
    for (server, options) in tokio::task::block_in_place(ways) {
        let other = Logs::connect(&server.database_uri("undecodable")).await;
        let lines: Mongo<Line> =
            Mongo::connect(&server.database_uri("undecodable"), "logs", options).await.unwrap();
        lines.epoch().await.unwrap();
        let start = lines.tail_start().await.unwrap();
        let mut open = lines.tail(&start).await.unwrap();
        let all = (0..5).map(record).chain(wrong(5..10)).chain((10..15).map(record));
        insert_at_once(&other, all.collect(), server.uri().contains("replicaSet")).await;
        let expected: Vec<_> = (0..5).chain(10..15).collect();
        assert_eq!(next_ids(&mut open, 10, |line: &Line| line.id).await, expected);
        assert_eq!(lines.stats().undecodable, 5);

        // A page is full of the others, and what is read again counts again.
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let page = lines.history(&scope(), query(None, None, order, 8)).await.unwrap();
            assert_eq!(page.entries.len(), 8, "{order:?}");
            assert!(page.more_after.is_some());
        }
        assert_eq!(lines.stats().undecodable, 15);

        // Nor does the number of an insert within its transaction depend on what can be decoded.
        let all = connect(&server.database_uri("undecodable"), quick()).await;
        let whole = common::changes(&all, &start, 15).await;
        let again = lines.changes(&whole[7].0).await;
        let ids = next_ids(&mut again.unwrap(), 5, |line: &Line| line.id).await;
        assert_eq!(ids, (10..15).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn one_that_comes_late_and_cannot_be_decoded_is_left_out_too() {
    let uri = tokio::task::block_in_place(standalone).database_uri("undecodable_late");
    let other = Logs::connect(&uri).await;
    let lines: Mongo<Line> = Mongo::connect(&uri, "logs", quick()).await.unwrap();
    lines.epoch().await.unwrap();
    let start = lines.tail_start().await.unwrap();
    let mut open = lines.tail(&start).await.unwrap();
    other.insert([record(0)]).await;
    next_ids(&mut open, 1, |line: &Line| line.id).await;
    let earlier = DateTime::from_millis(DateTime::now().timestamp_millis() - 1000);
    let mut broken = common::at(1, earlier);
    broken.insert("message", 1);
    other.insert([broken, common::at(2, earlier)]).await;
    let late = next_late(&mut open).await;
    assert_eq!(late.iter().map(|line| line.id).collect::<Vec<_>>(), [2]);
    assert_eq!(lines.stats().undecodable, 1);

    // Another way to look at the same records knows what came late.
    let rows = lines.decode_with(row);
    let late = next_late(&mut rows.changes(&start).await.unwrap()).await;
    assert_eq!(late.iter().map(|row| &*row.id).collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn records_without_a_type_are_shown_whole_and_fields_have_any_name() {
    let uri = tokio::task::block_in_place(set).database_uri("untyped");
    let other = Logs::connect(&uri).await;
    let options = Options::topic("tenant", "job").date("at").mode(Mode::ChangeStreams);
    let mongo: Mongo<JsonRecord> = Mongo::connect(&uri, "logs", options).await.unwrap();
    mongo.epoch().await.unwrap();
    let mut open = mongo.changes(&mongo.tail_start().await.unwrap()).await.unwrap();
    let at = DateTime::from_millis(1_000);
    other.insert([doc! { "_id": 1, "z": 1, "tenant": "a", "job": "b", "at": at, "b": "\"" }]).await;
    let text =
        r#"{"_id":1,"z":1,"tenant":"a","job":"b","at":{"$date":"1970-01-01T00:00:01Z"},"b":"\""}"#;
    let change = within(async {
        loop {
            if let Some((_, entry)) = open.next().await.unwrap().changes.pop() {
                break entry;
            }
        }
    })
    .await;
    assert_eq!((change.record.as_str(), change.key.date()), (text, RawBsonRef::DateTime(at)));
    let page = mongo.history(&scope(), query(None, None, SortOrder::Ascending, 9)).await.unwrap();
    assert_eq!(page.entries[0].record, change.record);

    // Another way to look at the same records shares what is known of the server.
    let rows = mongo.clone().decode_with(row);
    let page = rows.history(&scope(), query(None, None, SortOrder::Ascending, 9)).await.unwrap();
    assert_eq!((&*page.entries[0].record.id, &*page.entries[0].record.json), ("1", text));
    let history = |mongo: &gapless_sse_mongo::Stats| mongo.queries[3].1.count;
    assert_eq!(history(&rows.stats()), history(&mongo.stats()));
}

#[test]
fn each_option_is_set_by_its_name() {
    let second = Duration::from_secs(1);
    let effort = Effort::default().records(1).bytes(2).time(second);
    assert_eq!((effort.records, effort.bytes, effort.time), (1, 2, second));
    let options = Options::topic("a", "b")
        .date("c")
        .mode(Mode::Poll)
        .lateness(second)
        .interval(second * 2)
        .audit(3)
        .warm_up(second * 4)
        .epoch(5)
        .batch_size(6)
        .effort(effort)
        .connections(7);
    let Options { fields, mode, lateness, interval, audit, warm_up, .. } = options.clone();
    assert_eq!((fields.space.field(), fields.name.field()), (Some("a"), Some("b")));
    assert_eq!(fields.date, "c");
    assert_eq!((mode, lateness, interval), (Mode::Poll, second, second * 2));
    assert_eq!((audit, warm_up, options.epoch), (3, second * 4, 5));
    assert_eq!((options.batch_size, options.effort), (6, effort));
    assert_eq!(options.connections, Some(7));
}
