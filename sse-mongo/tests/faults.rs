//! What the server may answer, or not answer, and what follows from it.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::error::Error as _;
use std::time::{Duration, Instant};

use common::{
    Logs, changed, changes, connect, failure, ids, page, query, quick, record, scope, set,
    standalone, within,
};
use gapless_sse_core::follow::{Changes, Fault, SortOrder, Source, SourceError};
use gapless_sse_mongo::bson::{Document, doc};
use gapless_sse_mongo::{Error, Mode, Mongo};
use testbed::{Mongod, free_port};
use tokio::sync::Mutex;

/// The server has one failure to inject at a time.
static FAILURE: Mutex<()> = Mutex::const_new(());

async fn failing(name: &str) -> (Mongo<common::Row>, Logs) {
    let uri = set().database_uri(name);
    let logs = Logs::connect(&uri).await;
    (connect(&format!("{uri}&appName={name}"), quick()).await, logs)
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_lost_history_is_not_tried_again() {
    let _one = FAILURE.lock().await;
    let (mongo, other) = failing("lost").await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    for code in [286, 280] {
        other.fail("lost", "aggregate", code, 1).await;
        let error = mongo.changes(&start).await.err().unwrap();
        assert_eq!(error.fault(), Fault::HistoryLost, "{error}");
        let mut open = mongo.changes(&start).await.unwrap();
        open.next().await.unwrap();
        other.fail("lost", "getMore", code, 1).await;
        assert_eq!(open.next().await.unwrap_err().fault(), Fault::HistoryLost);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_snapshot_that_is_gone_is_told_and_a_fresh_one_is_found() {
    let _one = FAILURE.lock().await;
    let (mongo, other) = failing("snapshots").await;
    mongo.epoch().await.unwrap();
    other.insert([record(0)]).await;
    let as_of = page(&mongo, 1).await.as_of;
    for code in [239, 246] {
        other.fail("snapshots", "find", code, 1).await;
        let asked = query(Some(&as_of), None, SortOrder::Ascending, 1);
        let error = mongo.history(&scope(), asked).await.unwrap_err();
        assert_eq!(error.fault(), Fault::SnapshotGone, "{error}");
        other.fail("snapshots", "find", code, 3).await;
        assert_eq!(page(&mongo, 1).await.entries.len(), 1);
        other.fail("snapshots", "find", code, 3).await;
        assert_eq!(page(&mongo, 0).await.entries.len(), 0);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_missing_privilege_is_named() {
    let _one = FAILURE.lock().await;
    let (mongo, other) = failing("privileges").await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    let check = |error: Error, privilege: &str| {
        assert!(error.to_string().contains(privilege), "{error}");
        assert_eq!(error.fault(), Fault::NeedsAction);
        assert!(error.source().is_some());
    };
    other.fail("privileges", "aggregate", 13, 1).await;
    check(mongo.changes(&start).await.err().unwrap(), "find and changeStream on the collection");
    other.fail("privileges", "listCollections", 13, 1).await;
    check(mongo.epoch().await.unwrap_err(), "listCollections on the database");
    other.fail("privileges", "insert", 13, 1).await;
    check(mongo.append(vec![record(0)]).await.unwrap_err(), "insert on the collection");
    other.fail("privileges", "find", 13, 1).await;
    let asked = query(None, None, SortOrder::Ascending, 1);
    check(mongo.history(&scope(), asked).await.unwrap_err(), "find on the collection");
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn changes_go_on_after_errors_of_their_cursor_without_a_gap() {
    let _one = FAILURE.lock().await;
    let (mongo, other) = failing("cursors").await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    other.insert((0..3).map(record)).await;
    let (second, _) = changes(&mongo, &start, 3).await.swap_remove(1);
    let mut open = mongo.changes(&second).await.unwrap();
    for code in [43, 237, 262] {
        other.fail("cursors", "getMore", code, 1).await;
        let error = failure(&mut open).await;
        assert_eq!(error.fault(), Fault::Unavailable, "{error}");
        open = mongo.changes(&second).await.unwrap();
    }
    assert_eq!(changed(&changes(&mongo, &second, 1).await), ["2"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn changes_go_on_after_a_step_down_without_a_gap() {
    let _one = FAILURE.lock().await;
    let (mongo, other) = failing("stepdown").await;
    mongo.epoch().await.unwrap();
    let mut through = mongo.tail_start().await.unwrap();
    let mut seen = Vec::new();
    let mut open = mongo.changes(&through).await.unwrap();
    for round in 0..3 {
        other.insert([record(2 * round)]).await;
        let down = doc! { "replSetStepDown": 1, "force": true };
        let _ = other.client.database("admin").run_command(down).await;
        within(async { while other.coll.insert_one(record(2 * round + 1)).await.is_err() {} })
            .await;
        let count = 2 * usize::try_from(round).unwrap() + 2;
        within(async {
            while seen.len() < count {
                match open.next().await {
                    Ok(batch) => {
                        seen.extend(changed(&batch.changes));
                        through = batch.through;
                    }
                    Err(error) => {
                        assert_eq!(error.fault(), Fault::Unavailable, "{error}");
                        while let Err(error) = mongo.changes(&through).await.map(|new| open = new) {
                            assert_eq!(error.fault(), Fault::Unavailable, "{error}");
                        }
                    }
                }
            }
        })
        .await;
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_server_that_is_down_at_first_is_found_when_it_is_up() {
    let port = free_port().unwrap();
    let uri = format!("mongodb://127.0.0.1:{port}/logs");
    let mongo = connect(&uri, quick()).await;
    let began = Instant::now();
    let error = mongo.epoch().await.unwrap_err();
    assert_eq!(error.fault(), Fault::Unavailable, "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(mongo.mode().await.is_err());

    let mut server = Mongod::replica_set(1).unwrap();
    let uri = format!("{}&serverSelectionTimeoutMS=500", server.database_uri("logs"));
    let (mongo, other) = (connect(&uri, quick()).await, Logs::connect(&uri).await);
    server.member(0).kill();
    assert_eq!(mongo.epoch().await.unwrap_err().fault(), Fault::Unavailable);
    server.member(0).restart().unwrap();
    server.primary().unwrap();
    within(async { while mongo.epoch().await.is_err() {} }).await;
    assert_eq!(mongo.mode().await.unwrap(), Mode::ChangeStreams);

    let start = mongo.tail_start().await.unwrap();
    other.insert((0..4).map(record)).await;
    let all = changes(&mongo, &start, 4).await;
    let mut open = mongo.changes(&all[1].0).await.unwrap();
    server.member(0).kill();
    let error = failure(&mut open).await;
    assert_eq!(error.fault(), Fault::Unavailable, "{error}");
    server.member(0).restart().unwrap();
    server.primary().unwrap();
    within(async { while mongo.epoch().await.is_err() {} }).await;
    assert_eq!(changed(&changes(&mongo, &all[1].0, 2).await), ["2", "3"]);
    assert_eq!(ids(&page(&mongo, 9).await.entries), ["0", "1", "2", "3"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn insisting_on_change_streams_of_a_standalone_says_what_to_do() {
    let uri = standalone().database_uri("insist");
    let mongo = connect(&uri, quick().mode(Mode::ChangeStreams)).await;
    let error = mongo.epoch().await.unwrap_err();
    assert_eq!(error.fault(), Fault::NeedsAction);
    assert!(error.to_string().contains("rs.initiate()"), "{error}");
    let auto = connect(&uri, quick()).await;
    assert_eq!(auto.mode().await.unwrap(), Mode::Poll);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_member_of_no_set_yet_is_taken_for_what_it_is_once_it_is_initiated() {
    let mut server = Mongod::standalone_with(&["--replSet", "rs0"]).unwrap();
    let uri = format!("{}?directConnection=true", server.database_uri("logs"));
    let mongo = connect(&uri, quick()).await;
    let error = mongo.epoch().await.unwrap_err();
    assert!(matches!(error, Error::NotInitiated), "{error}");
    assert_eq!(error.fault(), Fault::NeedsAction);

    let host = format!("127.0.0.1:{}", server.member(0).port());
    let config = doc! { "_id": "rs0", "members": [{ "_id": 0, "host": host }] };
    let admin = Logs::connect(&uri).await.client.database("admin");
    admin.run_command(doc! { "replSetInitiate": config }).await.unwrap();
    server.primary().unwrap();
    within(async { while mongo.epoch().await.is_err() {} }).await;
    assert_eq!(mongo.mode().await.unwrap(), Mode::ChangeStreams);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_view_cannot_be_followed() {
    let uri = standalone().database_uri("views");
    let other = Logs::connect(&uri).await;
    let view = doc! { "create": "logs", "viewOn": "other", "pipeline": [] };
    other.db.run_command(view).await.unwrap();
    let error = connect(&uri, quick()).await.epoch().await.unwrap_err();
    assert!(matches!(error, Error::NotACollection { .. }), "{error}");
}

#[tokio::test]
async fn a_connection_string_is_refused_without_quoting_its_password() {
    let connect = async |uri: &str| {
        let made = Mongo::<Document>::connect(uri, "logs", quick()).await;
        made.err().map(|error| format!("{error} {error:?}"))
    };
    let unnamed = connect("mongodb://127.0.0.1:27017").await.unwrap();
    assert!(unnamed.contains("name the database"), "{unnamed}");
    for secret in ["s3cr3t%zz", "s3cr3t/x", "s3cr3t@x", "s3cr3t:x", "s3cr3t?x"] {
        for rest in ["127.0.0.1:27017/logs", "127.0.0.1:port/logs", "/logs", "h/logs?w=x"] {
            if let Some(error) = connect(&format!("mongodb://user:{secret}@{rest}")).await {
                assert!(!error.contains("s3cr3t"), "{error}");
            }
        }
    }
    assert!(connect("postgres://host/logs").await.is_some());
}
