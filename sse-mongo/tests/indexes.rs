//! The indexes that reading needs.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use common::{
    Logs, all, at, changed, changes, connect, ids, logs, page, query, quick, record, scope, set,
    standalone, within,
};
use futures_util::TryStreamExt;
use gapless_sse_core::follow::{Changes, Fault, SortOrder, Source, SourceError};
use gapless_sse_mongo::bson::{DateTime, Document, doc};
use gapless_sse_mongo::{Error, Indexes};
use mongodb::IndexModel;
use testbed::Mongod;

const BOTH: [SortOrder; 2] = [SortOrder::Ascending, SortOrder::Descending];

async fn names(logs: &Logs) -> Vec<String> {
    let mut names = logs.coll.list_index_names().await.unwrap();
    names.sort();
    names
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn they_are_made_with_the_collection() {
    let (mongo, other) = logs(set(), "made", quick()).await;
    mongo.epoch().await.unwrap();
    assert_eq!(names(&other).await, ["_id_", "space", "tail"]);
    let (mongo, other) = logs(standalone(), "made", quick()).await;
    mongo.epoch().await.unwrap();
    assert_eq!(names(&other).await, ["_id_", "settled", "space", "tail"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn one_with_the_same_keys_serves_whatever_its_name() {
    let (mongo, other) = logs(set(), "named", quick()).await;
    let keys = doc! { "workspace_id": 1, "workflow_id": 1.0, "date": 1_i64, "_id": 1 };
    other.coll.create_index(IndexModel::builder().keys(keys).build()).await.unwrap();
    other.insert([record(0)]).await;
    mongo.epoch().await.unwrap();
    let kept = names(&other).await;
    assert!(kept.len() == 2 && !kept.contains(&"tail".to_owned()), "{kept:?}");
    assert_eq!(ids(&page(&mongo, 9).await.entries), ["0"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn one_that_leaves_records_out_does_not_serve() {
    let (mongo, other) = logs(set(), "partial", quick()).await;
    let command = doc! { "createIndexes": "logs", "indexes": [{
        "key": { "workspace_id": 1, "workflow_id": 1, "date": 1, "_id": 1 },
        "name": "some", "partialFilterExpression": { "level": "ERROR" },
    }] };
    other.db.run_command(command).await.unwrap();
    other.insert([record(0)]).await;
    mongo.epoch().await.unwrap();
    assert_eq!(names(&other).await, ["_id_", "some", "tail"]);
    assert_eq!(ids(&page(&mongo, 9).await.entries), ["0"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn where_they_may_not_be_made_the_command_that_makes_them_is_told() {
    let uri = set().database_uri("forbidden");
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&appName=forbidden"), quick()).await;
    for _ in 0..2 {
        other.fail("forbidden", "createIndexes", 13, 1).await;
        let error = mongo.check_indexes().await.unwrap_err();
        assert_eq!(error.fault(), Fault::NeedsAction);
        let Error::MissingIndex { name: "tail", command, .. } = error else { panic!("{error}") };
        assert_eq!(
            command,
            "db.getCollection(\"logs\").createIndex({\"workspace_id\":1,\"workflow_id\":1,\
             \"date\":1,\"_id\":1},{\"name\":\"workspace_id_workflow_id_date__id_simple\",\
             \"collation\":{\"locale\":\"simple\"}})"
        );
    }
    let keys = doc! { "workspace_id": 1, "workflow_id": 1, "date": 1, "_id": 1 };
    other.coll.create_index(IndexModel::builder().keys(keys).build()).await.unwrap();
    other.fail("forbidden", "createIndexes", 13, 1).await;
    mongo.check_indexes().await.unwrap();
    let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
    other.client.database("admin").run_command(off).await.unwrap();
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn where_another_has_the_name_another_name_is_given() {
    let (mongo, other) = logs(set(), "name_taken", quick()).await;
    let taken =
        doc! { "createIndexes": "logs", "indexes": [{ "key": { "x": 1 }, "name": "tail" }] };
    other.db.run_command(taken).await.unwrap();
    other.insert([record(0)]).await;
    assert_eq!(ids(&page(&mongo, 9).await.entries), ["0"]);
    assert_eq!(names(&other).await, ["_id_", "tail", "tail_2"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn one_that_is_dropped_is_made_again() {
    let (mongo, other) = logs(standalone(), "dropped", quick()).await;
    mongo.epoch().await.unwrap();
    other.insert([at(0, DateTime::from_millis(0))]).await;
    let start = mongo.tail_start().await.unwrap();
    let mut open = mongo.changes(&start).await.unwrap();
    open.next().await.unwrap();
    other.coll.drop_index("tail").await.unwrap();
    let asked = || query(None, None, SortOrder::Ascending, 9);
    let error = mongo.history(&scope(), asked()).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Unavailable, "{error}");
    assert_eq!(mongo.history(&scope(), asked()).await.unwrap().entries.len(), 1);
    other.coll.drop_index("tail").await.unwrap();
    let error = mongo.spaces(None, 9).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Unavailable, "{error}");
    assert_eq!(mongo.spaces(None, 9).await.unwrap(), ["a"]);
    other.coll.drop_index("settled").await.unwrap();
    let error = common::failure(&mut open).await;
    assert_eq!(error.fault(), Fault::Unavailable, "{error}");
    mongo.changes(&start).await.unwrap().next().await.unwrap();
    assert_eq!(names(&other).await, ["_id_", "settled", "space", "tail"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn polling_makes_one_query_an_interval_for_all_logs() {
    let (mongo, other) = logs(standalone(), "one_query", quick()).await;
    mongo.epoch().await.unwrap();
    let mut open = mongo.changes(&mongo.tail_start().await.unwrap()).await.unwrap();
    open.next().await.unwrap();
    other.db.run_command(doc! { "profile": 2 }).await.unwrap();
    for workflow in ["b", "c", "d"] {
        let mut record = record(0);
        record.insert("_id", workflow);
        record.insert("workflow_id", workflow);
        other.insert([record]).await;
    }
    let (mut intervals, mut read) = (0, 0);
    within(async {
        while read < 3 {
            read += open.next().await.unwrap().changes.len();
            intervals += 1;
        }
    })
    .await;
    other.db.run_command(doc! { "profile": 0 }).await.unwrap();
    let profile = other.db.collection::<Document>("system.profile");
    let reads = doc! { "ns": "one_query.logs", "op": "query" };
    let reads: Vec<Document> = profile.find(reads).await.unwrap().try_collect().await.unwrap();
    assert_eq!(reads.len(), intervals);
    assert!(reads.iter().all(|read| read.get_i32("keysExamined").unwrap() <= 5), "{reads:?}");
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn any_index_that_serves_is_taken() {
    let keys = [
        ("down", doc! { "workspace_id": 1, "workflow_id": 1, "date": -1, "_id": -1 }),
        ("all_down", doc! { "workspace_id": -1, "workflow_id": -1, "date": -1.0, "_id": -1_i64 }),
        ("mixed", doc! { "workspace_id": -1, "workflow_id": 1, "date": 1, "_id": 1 }),
        (
            "more",
            doc! { "workspace_id": 1, "workflow_id": 1, "date": 1, "_id": 1, "tags": 1, "x": -1 },
        ),
        (
            "more_down",
            doc! { "workspace_id": 1, "workflow_id": 1, "date": -1, "_id": -1, "tags": -1 },
        ),
    ];
    for (name, keys) in keys {
        let (mongo, other) = logs(set(), &format!("index_{name}"), quick()).await;
        let index = IndexModel::builder().keys(keys).build();
        other.coll.create_index(index).await.unwrap();
        let mut expected = Vec::new();
        for id in 0..60 {
            let mut record = at(id, DateTime::from_millis(i64::from(id / 4) * 1000));
            record.insert("tags", vec!["a", "b"]);
            other.insert([record]).await;
            expected.push(id.to_string());
        }
        assert_eq!(other.coll.list_index_names().await.unwrap().len(), 2, "{name}");
        for limit in [1, 7, 60, 100] {
            for order in BOTH {
                let (_, read) = all(&mongo, &scope(), order, limit).await;
                assert_eq!(ids(&read), expected, "{name} {order:?} {limit}");
                expected.reverse();
            }
        }
        assert_eq!(mongo.names("a", None, 9).await.unwrap(), ["b"]);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn polling_goes_by_an_index_that_is_descending() {
    let (mongo, other) = logs(standalone(), "polled_down", quick().batch_size(3)).await;
    let keys = doc! { "date": -1, "_id": -1, "level": 1 };
    other.coll.create_index(IndexModel::builder().keys(keys).build()).await.unwrap();
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    let now = DateTime::now();
    other.insert((0..20).map(|id| at(id, now))).await;
    let expected: Vec<_> = (0..20).map(|id| id.to_string()).collect();
    assert_eq!(changed(&changes(&mongo, &start, 20).await), expected);
    assert_eq!(other.coll.list_index_names().await.unwrap().len(), 3);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn indexes_that_do_not_serve_are_named_with_the_reason() {
    let key = || doc! { "workspace_id": 1, "workflow_id": 1, "date": 1, "_id": 1 };
    let cases = [
        (doc! { "key": key(), "name": "i", "hidden": true }, "hidden"),
        (doc! { "key": key(), "name": "i", "sparse": true }, "does not have all records"),
        (
            doc! { "key": { "workspace_id": 1, "workflow_id": 1, "date": -1, "_id": 1 }, "name": "i" },
            "different directions",
        ),
    ];
    for (nth, (index, reason)) in cases.into_iter().enumerate() {
        let options = quick().indexes(Indexes::Require);
        let (mongo, other) = logs(set(), &format!("unfit_{nth}"), options).await;
        other.insert([record(0)]).await;
        let make = doc! { "createIndexes": "logs", "indexes": [index] };
        other.db.run_command(make).await.unwrap();
        let error = mongo.check_indexes().await.unwrap_err();
        assert_eq!(error.fault(), Fault::NeedsAction);
        let said = error.to_string();
        assert!(said.contains("the index i ") && said.contains(reason), "{said}");
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn indexes_are_made_as_the_options_say_and_live_records_need_none() {
    let count = async |other: &Logs| other.coll.list_index_names().await.unwrap().len();
    for indexes in [Indexes::Require, Indexes::None] {
        let name = format!("indexes_{indexes:?}");
        let (mongo, other) = logs(set(), &name, quick().indexes(indexes)).await;
        other.insert([record(0)]).await;
        mongo.epoch().await.unwrap();
        let start = mongo.tail_start().await.unwrap();
        other.insert([record(1)]).await;
        assert_eq!(changed(&changes(&mongo, &start, 2).await), ["0", "1"]);
        let asked = query(None, None, SortOrder::Ascending, 9);
        let error = mongo.history(&scope(), asked).await.unwrap_err();
        assert!(matches!(error, Error::MissingIndex { .. }), "{error}");
        assert_eq!(mongo.check_indexes().await.is_ok(), indexes == Indexes::None);
        assert_eq!(count(&other).await, 1);
        mongo.make_indexes().await.unwrap();
        assert_eq!(count(&other).await, 3);
        mongo.check_indexes().await.unwrap();
        assert_eq!(ids(&page(&mongo, 9).await.entries), ["0", "1"]);
    }
    let (small, other) = logs(set(), "indexes_small", quick()).await;
    let some = (0..100_000).map(|id| doc! { "_id": id });
    other.insert(some).await;
    let error = small.check_indexes().await.unwrap_err();
    assert!(error.to_string().contains("has 100000 records"), "{error}");
    assert_eq!(count(&other).await, 1);
    let creates = quick().indexes(Indexes::Create);
    let create = connect(&set().database_uri("indexes_small"), creates).await;
    within(async {
        while let Err(error) = create.check_indexes().await {
            assert!(matches!(error, Error::Indexing { .. }), "{error}");
        }
    })
    .await;
    assert_eq!(count(&other).await, 2);
    small.check_indexes().await.unwrap();
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn an_index_that_somebody_else_makes_is_said_to_be_being_made_and_how_far_it_is() {
    const HANG: &str = "hangAfterSettingUpIndexBuild";
    let server = Mongod::replica_set_with(1, &["--setParameter", "enableTestCommands=1"]).unwrap();
    let options = quick().indexes(Indexes::Require);
    let (mongo, other) = logs(&server, "others", options).await;
    other.insert((0..100).map(record)).await;
    let admin = other.client.database("admin");
    admin.run_command(doc! { "configureFailPoint": HANG, "mode": "alwaysOn" }).await.unwrap();
    let keys = doc! { "workspace_id": 1, "workflow_id": 1, "date": 1, "_id": 1 };
    let index = IndexModel::builder().keys(keys).build();
    let making = async { other.coll.create_index(index).await.unwrap() };
    let asking = async {
        let begun = doc! { "waitForFailPoint": HANG, "timesEntered": 1, "maxTimeMS": 30_000 };
        admin.run_command(begun).await.unwrap();
        let error = mongo.check_indexes().await.unwrap_err();
        admin.run_command(doc! { "configureFailPoint": HANG, "mode": "off" }).await.unwrap();
        error
    };
    let (_, error) = within(async { tokio::join!(making, asking) }).await;
    assert!(matches!(error, Error::Indexing { .. }), "{error}");
    assert_eq!(error.fault(), Fault::Unavailable);
    mongo.check_indexes().await.unwrap();
}
