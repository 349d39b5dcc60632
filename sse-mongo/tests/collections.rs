//! Collections as people have them: with collations, capped, with indexes of their own.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use common::{
    Logs, all, at, changed, changes, connect, ids, live, page, quick, record, scope, set,
    standalone, ways, within,
};
use gapless_sse_core::follow::{Changes, Fault, Frontier, Scope, SortOrder, Source, SourceError};
use gapless_sse_mongo::bson::{DateTime, Document, doc};
use gapless_sse_mongo::{Error, Indexes, Mode};
use testbed::Mongod;

const BOTH: [SortOrder; 2] = [SortOrder::Ascending, SortOrder::Descending];

fn named(id: &str, space: &str, name: &str, seconds: i64) -> Document {
    let date = DateTime::from_millis(1_700_000_000_000 + seconds * 1000);
    doc! { "_id": id, "workspace_id": space, "workflow_id": name, "date": date, "message": id }
}

async fn collated(server: &Mongod, database: &str, collation: Document) -> Logs {
    let other = Logs::connect(&server.database_uri(database)).await;
    let create = doc! { "create": "logs", "collation": collation };
    other.db.run_command(create).await.unwrap();
    other
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn texts_are_compared_byte_by_byte_whatever_the_collation_of_the_collection() {
    for (nth, collation) in
        [doc! { "locale": "en" }, doc! { "locale": "en", "strength": 2 }].into_iter().enumerate()
    {
        for (server, options) in ways() {
            let other = collated(server, &format!("collated_{nth}"), collation.clone()).await;
            // Of its own collation, and so of no use.
            let own = doc! { "createIndexes": "logs", "indexes": [{
                "key": { "workspace_id": 1, "workflow_id": 1, "date": 1, "_id": 1 },
                "name": "tail",
            }] };
            other.db.run_command(own).await.unwrap();
            let uri = server.database_uri(&format!("collated_{nth}"));
            let mongo = connect(&uri, options.batch_size(7)).await;
            mongo.epoch().await.unwrap();
            let start = mongo.tail_start().await.unwrap();
            let mut expected = Vec::new();
            for second in 0..40 {
                // By the collation, ids of one date are in another order: a, B, c, D.
                for id in ["B", "D", "a", "c"] {
                    let id = format!("{id}{second}");
                    other.insert([named(&id, "etl", "Load", second)]).await;
                    expected.push(id);
                }
            }
            other.insert([named("X", "ETL", "Load", 3), named("Y", "etl", "load", 3)]).await;
            for order in BOTH {
                let (_, read) = all(&mongo, &Scope::new("etl", ["Load"]), order, 13).await;
                assert_eq!(ids(&read), expected, "{order:?}");
                expected.reverse();
            }
            for (space, name, id) in [("ETL", "Load", "X"), ("etl", "load", "Y")] {
                let (_, read) = all(&mongo, &Scope::new(space, [name]), BOTH[0], 13).await;
                assert_eq!(ids(&read), [id]);
            }
            assert_eq!(mongo.spaces(None, 9).await.unwrap(), ["ETL", "etl"]);
            assert_eq!(mongo.names("etl", None, 9).await.unwrap(), ["Load", "load"]);
            assert_eq!(mongo.names("ETL", None, 9).await.unwrap(), ["Load"]);
            if mongo.mode().await.unwrap() == Mode::ChangeStreams {
                assert_eq!(changes(&mongo, &start, 162).await.len(), 162);
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn polling_and_its_audit_compare_byte_by_byte() {
    let server = standalone();
    let other = collated(server, "collated_poll", doc! { "locale": "en", "strength": 2 }).await;
    let mongo = connect(&server.database_uri("collated_poll"), quick().batch_size(3)).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    let mut tail = mongo.tail(&start).await.unwrap();
    let now = DateTime::now();
    let of = |id: &str| {
        let mut record = at(0, now);
        record.insert("_id", id);
        record
    };
    for id in ["b", "C", "a", "D", "e", "F"] {
        other.insert([of(id)]).await;
    }
    let (mut in_place, mut late) = (Vec::new(), Vec::new());
    let mut inserted = false;
    within(async {
        while late.is_empty() {
            let batch = tail.next().await.unwrap();
            in_place.extend(changed(&batch.changes));
            late.extend(ids(&batch.late));
            // Its place has been passed.
            let passed = in_place.len() == 6 && batch.changes.is_empty();
            if passed && !std::mem::replace(&mut inserted, true) {
                other.insert([of("Z")]).await;
            }
        }
    })
    .await;
    assert_eq!(
        (in_place, late),
        (["C", "D", "F", "a", "b", "e"].map(String::from).to_vec(), vec!["Z".to_owned()])
    );
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn the_command_for_an_index_of_a_collated_collection_makes_one_that_serves() {
    let server = set();
    let other = collated(server, "collated_command", doc! { "locale": "en" }).await;
    other.insert([record(0)]).await;
    let own = doc! { "workspace_id": 1, "workflow_id": 1, "date": 1, "_id": 1 };
    other.coll.create_index(mongodb::IndexModel::builder().keys(own).build()).await.unwrap();
    let options = quick().indexes(Indexes::Require);
    let mongo = connect(&server.database_uri("collated_command"), options).await;
    let error = mongo.check_indexes().await.unwrap_err();
    assert_eq!(error.fault(), Fault::NeedsAction);
    let Error::MissingIndex { command, reason, .. } = error else { panic!("{error}") };
    assert!(reason.contains("has a collation"), "{reason}");
    enter(&other, &command).await;
    mongo.check_indexes().await.unwrap();
    assert_eq!(ids(&page(&mongo, 9).await.entries), ["0"]);
}

/// As mongosh would.
async fn enter(other: &Logs, command: &str) {
    let arguments = command.strip_prefix("db.getCollection(\"logs\").createIndex(").unwrap();
    let arguments = format!("[{}]", arguments.strip_suffix(')').unwrap());
    let [keys, options]: [Document; 2] = serde_json::from_str(&arguments).unwrap();
    let mut index = doc! { "key": keys };
    index.extend(options);
    other.db.run_command(doc! { "createIndexes": "logs", "indexes": [index] }).await.unwrap();
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_capped_collection_is_polled() {
    let uri = set().database_uri("capped");
    let other = Logs::connect(&uri).await;
    other.db.run_command(doc! { "create": "logs", "capped": true, "size": 100_000 }).await.unwrap();
    let mongo = connect(&uri, quick()).await;
    assert_eq!(mongo.mode().await.unwrap(), Mode::Poll);
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    other.insert((0..5).map(record)).await;
    assert_eq!(changes(&mongo, &start, 5).await.len(), 5);
    assert_eq!(page(&mongo, 9).await.entries.len(), 5);
    let settled = page(&mongo, 0).await.as_of;
    assert_eq!(live(&mongo, &settled).await, Ok(Frontier::Live(settled)));
    let insists = connect(&uri, quick().mode(Mode::ChangeStreams)).await;
    let error = insists.epoch().await.unwrap_err();
    assert_eq!(error.fault(), Fault::NeedsAction);
    assert!(error.to_string().contains("capped") && error.to_string().contains("poll"), "{error}");
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn history_is_read_where_the_read_preference_says_and_nothing_is_missing() {
    let mut server = Mongod::replica_set(3).unwrap();
    let uri = server.database_uri("secondaries");
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&readPreference=secondary"), quick()).await;
    mongo.epoch().await.unwrap();
    other.insert((0..50).map(record)).await;
    let primary = server.primary().unwrap();
    let mut finds = Vec::new();
    for member in (0..3).filter(|member| *member != primary) {
        let port = server.member(member).port();
        let direct = format!("mongodb://127.0.0.1:{port}/admin?directConnection=true");
        finds.push(Logs::connect(&direct).await.db);
    }
    let count = async || {
        let mut count = 0;
        for admin in &finds {
            let status = admin.run_command(doc! { "serverStatus": 1 }).await.unwrap();
            count += status.get_document("opcounters").unwrap().get_i64("query").unwrap();
        }
        count
    };
    // A secondary is a little behind.
    within(async { while page(&mongo, 50).await.entries.len() < 50 {} }).await;
    let before = count().await;
    let (as_of, read) = all(&mongo, &scope(), SortOrder::Ascending, 9).await;
    assert!(count().await - before >= 5);
    other.insert((50..60).map(record)).await;
    let mut read = ids(&read);
    let rest = changes(&mongo, &as_of, 60 - read.len()).await;
    read.extend(changed(&rest));
    read.sort_by_key(|id| id.parse::<i32>().unwrap());
    assert_eq!(read, (0..60).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_string_is_said() {
    let refused = async |uri: &str| {
        let made = gapless_sse_mongo::Mongo::<Document>::connect(uri, "logs", quick()).await;
        let error = made.err().unwrap();
        assert_eq!(error.fault(), Fault::NeedsAction);
        error.to_string()
    };
    let user = "mongodb://user:s3cr3t@127.0.0.1:1/logs";
    for (options, words) in [
        ("?tls=true&tlsCAFile=/no/such/file.pem", "/no/such/file.pem"),
        ("?authMechanism=MONGODB-AWS", "MONGODB-AWS"),
        ("?w=-3", "w"),
        ("?readPreference=nearby", "nearby"),
        ("?maxPoolSize=many", "maxPoolSize"),
    ] {
        let said = refused(&format!("{user}{options}")).await;
        assert!(said.to_lowercase().contains(&words.to_lowercase()), "{options}: {said}");
        assert!(!said.contains("percent") && !said.contains("s3cr3t"), "{options}: {said}");
    }
    let said = refused("mongodb://user:s3c%zzr3t@127.0.0.1:1/logs").await;
    assert!(said.contains("percent-encoded") && !said.contains("s3c"), "{said}");
}
