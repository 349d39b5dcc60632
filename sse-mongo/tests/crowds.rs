//! Many who ask at once: none waits for another.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::error::Error as _;
use std::time::{Duration, Instant};

use common::{Logs, Row, connect, logs, page, query, quick, record, scope, set, ways, within};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use gapless_sse_core::follow::{Changes, Fault, Page, SortOrder, Source, SourceError};
use gapless_sse_mongo::bson::doc;
use gapless_sse_mongo::mongodb::error::{Error as DriverError, ErrorKind};
use gapless_sse_mongo::{Error, Mongo};
use testbed::Mongod;
use tokio::sync::Mutex;
use tokio::task::yield_now;
use tokio::time::timeout;

const CROWD: usize = 12;
/// The server has one failure to inject at a time.
static FAILURE: Mutex<()> = Mutex::const_new(());

/// What a crowd is answered, which asks for the epoch and for history, and how long each waits.
async fn ask(mongo: &Mongo<Row>) -> Vec<(Result<(), Error>, Duration)> {
    let began = Instant::now();
    join_all((0..CROWD).map(|nth| async move {
        let asked = query(None, None, SortOrder::Ascending, 1);
        let answer = match nth % 2 {
            0 => mongo.epoch().await.map(drop),
            _ => mongo.history(&scope(), asked).await.map(drop),
        };
        (answer, began.elapsed())
    }))
    .await
}

/// A page, once the index is made and that is known.
async fn page_in_time(mongo: &Mongo<Row>) -> Page<Mongo<Row>> {
    let first = query(None, None, SortOrder::Ascending, 9);
    within(async {
        loop {
            if let Ok(page) = mongo.history(&scope(), first.clone()).await {
                break page;
            }
            yield_now().await;
        }
    })
    .await
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn all_are_told_of_an_outage_within_one_selection_timeout() {
    let mut server = Mongod::replica_set(1).unwrap();
    let uri = format!("{}&serverSelectionTimeoutMS=1000", server.database_uri("logs"));
    let (old, new) = (connect(&uri, quick()).await, connect(&uri, quick()).await);
    page(&old, 1).await;
    server.member(0).kill();
    for mongo in [old, new] {
        for (answer, waited) in ask(&mongo).await {
            assert_eq!(answer.unwrap_err().fault(), Fault::Unavailable);
            assert!(waited < Duration::from_secs(3), "{waited:?}");
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn all_who_read_history_are_told_that_an_index_is_being_made() {
    const LONG: Duration = Duration::from_secs(5);
    let _one = FAILURE.lock().await;
    let uri = set().database_uri("indexing");
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&appName=indexing"), quick()).await;
    other.insert([record(0)]).await;
    other.delay("indexing", "createIndexes", LONG).await;
    let (live, told): (Vec<_>, Vec<_>) =
        ask(&mongo).await.into_iter().partition(|(answer, _)| answer.is_ok());
    // The epoch needs no index, history does.
    assert_eq!((live.len(), told.len()), (CROWD / 2, CROWD / 2));
    for (answer, waited) in told {
        let error = answer.unwrap_err();
        assert!(matches!(error, Error::Indexing { .. }), "{error}");
        assert_eq!(error.fault(), Fault::Unavailable);
        assert!(waited < LONG / 2, "{waited:?}");
    }
    within(async { while mongo.check_indexes().await.is_err() {} }).await;
    assert_eq!(page_in_time(&mongo).await.entries.len(), 1);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn an_index_that_the_server_lists_and_still_makes_is_said_to_be_being_made() {
    const HANG: &str = "hangAfterStartingIndexBuild";
    let server = Mongod::replica_set_with(1, &["--setParameter", "enableTestCommands=1"]).unwrap();
    let (mongo, other) = logs(&server, "listed", quick()).await;
    other.insert([record(0)]).await;
    let admin = other.client.database("admin");
    admin.run_command(doc! { "configureFailPoint": HANG, "mode": "alwaysOn" }).await.unwrap();
    let making = mongo.epoch();
    let reading = async {
        let begun = doc! { "waitForFailPoint": HANG, "timesEntered": 1, "maxTimeMS": 30_000 };
        admin.run_command(begun).await.unwrap();
        let told = ask(&mongo).await;
        admin.run_command(doc! { "configureFailPoint": HANG, "mode": "off" }).await.unwrap();
        told
    };
    let (made, told) = within(async { tokio::join!(making, reading) }).await;
    made.unwrap();
    within(async { while mongo.check_indexes().await.is_err() {} }).await;
    // The epoch needs no index, history does.
    let told = told.into_iter().filter_map(|(answer, _)| answer.err());
    assert_eq!(told.filter(|error| matches!(error, Error::Indexing { .. })).count(), CROWD / 2);
    assert_eq!(page_in_time(&mongo).await.entries.len(), 1);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn all_find_a_collection_that_is_new() {
    for (server, options) in ways() {
        let mongo = connect(&server.database_uri("new"), options).await;
        for (answer, _) in ask(&mongo).await {
            answer.unwrap();
        }
    }
}

/// More clients than the driver has connections ask, and are not polled when the answers come, as
/// a stream is not whose client does not read.
async fn others_are_answered_while_frozen_ones_are_not_polled(
    command: &str,
    ask: impl for<'a> Fn(&'a Mongo<Row>) -> BoxFuture<'a, ()>,
) {
    const WORK: i32 = 400;
    let _one = FAILURE.lock().await;
    let app = format!("frozen-{command}");
    let uri = set().database_uri(&app);
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&maxPoolSize=2&appName={app}"), quick()).await;
    other.insert((0..4).map(record)).await;
    ask(&mongo).await;
    let slow = doc! {
        "configureFailPoint": "failCommand",
        "mode": { "times": i32::try_from(CROWD).unwrap() },
        "data": {
            "failCommands": [command],
            "appName": &app,
            "blockConnection": true,
            "blockTimeMS": WORK,
        },
    };
    let admin = other.client.database("admin");
    admin.run_command(slow).await.unwrap();
    let mut frozen: Vec<_> = (0..CROWD).map(|_| ask(&mongo)).collect();
    let glance = Duration::from_millis(100);
    let answered = join_all(frozen.iter_mut().map(|asking| timeout(glance, asking))).await;
    assert!(answered.iter().all(Result::is_err), "the server has answered by now");
    let until = Duration::from_secs(15);
    timeout(until, ask(&mongo)).await.expect("a connection for one who is polled");
    let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
    admin.run_command(off).await.unwrap();
    within(join_all(frozen)).await;
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn clients_that_freeze_within_history_hold_no_connection() {
    others_are_answered_while_frozen_ones_are_not_polled("find", |mongo| {
        page(mongo, 2).map(|page| assert_eq!(page.entries.len(), 2)).boxed()
    })
    .await;
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn clients_that_freeze_when_they_look_the_collection_up_hold_no_connection() {
    others_are_answered_while_frozen_ones_are_not_polled("listCollections", |mongo| {
        mongo.epoch().map(|epoch| assert!(epoch.is_ok())).boxed()
    })
    .await;
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn clients_that_freeze_when_they_ask_for_changes_hold_no_connection() {
    others_are_answered_while_frozen_ones_are_not_polled("aggregate", |mongo| {
        async {
            let start = mongo.tail_start().await.unwrap();
            let mut open = mongo.changes(&start).await.unwrap();
            let mut read = 0;
            while read < 4 {
                read += open.next().await.unwrap().changes.len();
            }
        }
        .boxed()
    })
    .await;
}

/// The next `times` of a command take this long for one application.
async fn slow(other: &Logs, app: &str, command: &str, millis: i32, times: i32) {
    let data = doc! {
        "failCommands": [command],
        "appName": app,
        "blockConnection": true,
        "blockTimeMS": millis,
    };
    let mode = doc! { "times": times };
    let point = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data };
    other.client.database("admin").run_command(point).await.unwrap();
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn slow_writes_keep_neither_pages_nor_lists_nor_changes_waiting() {
    let _one = FAILURE.lock().await;
    let uri = set().database_uri("slow_writes");
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&appName=slow_writes"), quick()).await;
    other.insert((0..4).map(record)).await;
    page(&mongo, 9).await;
    let start = mongo.tail_start().await.unwrap();
    slow(&other, "slow_writes", "insert", 3000, 26).await;
    let writes = (0..26).map(|nth| mongo.append(vec![record(100 + nth)]));
    let mut writes = std::pin::pin!(join_all(writes));
    assert!(timeout(Duration::from_millis(300), &mut writes).await.is_err());
    let quickly = async {
        assert_eq!(page(&mongo, 9).await.entries.len(), 4);
        assert_eq!(mongo.names("a", None, 9).await.unwrap(), ["b"]);
        mongo.epoch().await.unwrap();
        let mut open = mongo.changes(&start).await.unwrap();
        open.next().await.unwrap();
    };
    timeout(Duration::from_millis(2500), quickly).await.expect("nobody waits for writes");
    assert!(timeout(Duration::ZERO, &mut writes).await.is_err(), "the writes were not slow");
    let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
    other.client.database("admin").run_command(off).await.unwrap();
    assert!(within(writes).await.iter().all(Result::is_ok));
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn more_writes_than_may_wait_are_refused_and_nothing_of_them_is_written() {
    let _one = FAILURE.lock().await;
    let uri = set().database_uri("many_writes");
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&appName=many_writes"), quick()).await;
    mongo.epoch().await.unwrap();
    page(&mongo, 9).await;
    slow(&other, "many_writes", "insert", 1000, 4).await;
    let large = |id| {
        let mut record = record(id);
        record.insert("message", "x".repeat(300_000));
        record
    };
    let written = within(join_all((0..300).map(|id| mongo.append(vec![large(id)])))).await;
    let refused = written.iter().filter_map(|written| written.as_ref().err());
    let refused = refused.inspect(|error| {
        assert!(matches!(error, Error::Busy), "{error}");
        assert_eq!(error.fault(), Fault::Unavailable);
    });
    let refused = refused.count();
    assert!((150..=250).contains(&refused), "{refused}");
    let stored = other.coll.count_documents(doc! {}).await.unwrap();
    assert_eq!(stored, 300 - refused as u64);
}

/// How many times the server was asked to insert something.
async fn inserts(other: &Logs) -> i64 {
    let status = other.db.run_command(doc! { "serverStatus": 1 }).await.unwrap();
    let commands = status.get_document("metrics").unwrap().get_document("commands").unwrap();
    commands.get_document("insert").unwrap().get_i64("total").unwrap()
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_many_append_at_once_is_written_together_and_each_has_its_own_answer() {
    const REQUESTS: i32 = 1000;
    let _one = FAILURE.lock().await;
    let uri = set().database_uri("together");
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&appName=together"), quick()).await;
    other.insert([record(-1)]).await;
    mongo.epoch().await.unwrap();
    let before = inserts(&other).await;
    // A few have a record whose id is taken between two that are new.
    let records = |nth: i32| match nth % 100 {
        99 => vec![record(3 * nth), record(-1), record(3 * nth + 1)],
        _ => vec![record(3 * nth), record(3 * nth + 1)],
    };
    let written = within(join_all((0..REQUESTS).map(|nth| mongo.append(records(nth))))).await;
    for (nth, written) in (0..).zip(&written) {
        if nth % 100 < 99 {
            let ids = [3 * nth, 3 * nth + 1].map(|id| id.to_string());
            assert_eq!(written.as_ref().unwrap(), &ids);
            continue;
        }
        let error = written.as_ref().unwrap_err();
        assert_eq!(error.fault(), Fault::Refused, "{error}");
        let source = error.source().unwrap().downcast_ref::<DriverError>().unwrap();
        let ErrorKind::InsertMany(insert) = source.kind.as_ref() else { panic!("{source}") };
        assert_eq!(insert.write_errors.as_ref().unwrap()[0].index, 1, "of its own records");
    }
    let refused = u64::try_from(REQUESTS / 100).unwrap();
    let stored = other.coll.count_documents(doc! {}).await.unwrap();
    assert_eq!(stored, 2 * u64::try_from(REQUESTS).unwrap() - refused + 1);
    let inserts = inserts(&other).await - before;
    assert!(inserts <= 100, "{inserts} inserts");
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_nobody_waits_for_any_more_is_not_written() {
    let _one = FAILURE.lock().await;
    let uri = set().database_uri("left");
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&appName=left"), quick()).await;
    mongo.epoch().await.unwrap();
    mongo.append(vec![record(0)]).await.unwrap();
    slow(&other, "left", "insert", 2000, 2).await;
    let mut under_way = Vec::new();
    for id in [1, 2] {
        let mut write = Box::pin(mongo.append(vec![record(id)]));
        assert!(timeout(Duration::from_millis(100), &mut write).await.is_err());
        under_way.push(write);
    }
    let mut waits = Box::pin(mongo.append(vec![record(3)]));
    let mut leaves = Box::pin(mongo.append(vec![record(4)]));
    assert!(timeout(Duration::from_millis(100), &mut waits).await.is_err());
    assert!(timeout(Duration::from_millis(100), &mut leaves).await.is_err());
    drop(leaves);
    under_way.push(waits);
    assert!(within(join_all(under_way)).await.iter().all(Result::is_ok));
    let left = other.coll.count_documents(doc! { "_id": 4 }).await.unwrap();
    assert_eq!((left, other.coll.count_documents(doc! {}).await.unwrap()), (0, 4));
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_read_that_fails_for_a_passing_reason_is_made_once_more() {
    let _one = FAILURE.lock().await;
    let uri = set().database_uri("retried");
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&appName=retried"), quick()).await;
    other.insert([record(0)]).await;
    page(&mongo, 9).await;
    let start = mongo.tail_start().await.unwrap();
    // Of others, the driver takes the server for gone until its next heartbeat.
    for code in [262, 6, 134] {
        for command in ["find", "aggregate", "listCollections", "ping"] {
            other.fail("retried", command, code, 1).await;
            assert_eq!(page_in_time(&mongo).await.entries.len(), 1);
            assert_eq!(mongo.names("a", None, 9).await.unwrap(), ["b"]);
            mongo.epoch().await.unwrap();
            mongo.tail_start().await.unwrap();
        }
        other.fail("retried", "aggregate", code, 1).await;
        mongo.changes(&start).await.unwrap();
    }
    // But not again and again, and not for a reason that does not pass.
    for (code, times) in [(262, 2), (96, 1)] {
        other.fail("retried", "find", code, times).await;
        let asked = query(None, None, SortOrder::Ascending, 1);
        mongo.history(&scope(), asked).await.unwrap_err();
    }
}
