//! The indexes that reading needs.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use common::{
    Logs, at, connect, ids, logs, page, query, quick, record, scope, set, standalone, within,
};
use futures_util::TryStreamExt;
use gapless_sse_core::follow::{Changes, Fault, SortOrder, Source, SourceError};
use gapless_sse_mongo::Error;
use gapless_sse_mongo::bson::{DateTime, Document, doc};
use mongodb::IndexModel;

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
    assert_eq!(names(&other).await, ["_id_", "tail"]);
    let (mongo, other) = logs(standalone(), "made", quick()).await;
    mongo.epoch().await.unwrap();
    assert_eq!(names(&other).await, ["_id_", "settled", "tail"]);
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
    assert_eq!(names(&other).await, ["_id_", "settled", "tail"]);
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
