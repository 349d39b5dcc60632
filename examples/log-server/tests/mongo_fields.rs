//! Records whose fields have names of their own, as rows; and rows as such records.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::time::Duration;

use bson::{Bson, DateTime, Document, RawDocumentBuf, doc, rawdoc};
use clap::Parser;
use gapless_sse_core::follow::{HistoryQuery, Scope, SortOrder, Source, Topic};
use jiff::Timestamp;
use log_server::access::{RowFields, RowRule, RowRules};
use log_server::cli::Arguments;
use log_server::config::LogConfig;
use log_server::fields::FieldMap;
use log_server::row::{NewRow, Row};
use log_server::search::{Search, Terms};
use log_server::store::mongo::row;
use log_server::store::{AppendError, MongoStore, Store, mongo};
use testbed::Mongod;

/// A log with these options.
fn log(options: &[&str]) -> LogConfig {
    LogConfig::of(&Arguments::try_parse_from([&["log-server"], options].concat()).unwrap())
}

fn map(options: &[&str]) -> FieldMap {
    log(options).field_map().unwrap()
}

const NESTED: [&str; 6] = [
    "--field=workspace=meta.tenant",
    "--field=workflow=meta.job.id",
    "--field=date=meta.at",
    "--field=level=severity",
    "--field=message=text",
    "--field=type=meta.kind",
];

#[test]
fn fields_are_shown_as_usual_in_their_place_and_what_lies_within_is_lifted() {
    let record = rawdoc! {
        "_id": 1,
        "severity": "ERROR",
        "meta": { "tenant": "etl", "job": { "id": 7, "n": 1 }, "at": DateTime::from_millis(0) },
        "level": "mine",
        "text": "m",
        "type": 2,
    };
    assert_eq!(
        row(&record, &map(&NESTED)),
        concat!(
            r#"{"id":"1","level":"ERROR","workspace_id":"etl","workflow_id":7,"#,
            r#""date":"1970-01-01T00:00:00.000Z","date_text":"Jan 01 1970 at 12:00 AM","#,
            r#""meta":{"tenant":"etl","job":{"id":7,"n":1},"at":{"$date":"1970-01-01T00:00:00Z"}},"#,
            r#""level_":"mine","message":"m","type_":2}"#,
        )
    );
}

#[test]
fn constants_stand_at_the_end_and_what_is_missing_is_null() {
    let map = map(&["--constant=workspace=etl", "--constant=workflow=nightly"]);
    let record = rawdoc! { "_id": 1, "workspace_id": "other", "message": "m" };
    assert_eq!(
        row(&record, &map),
        concat!(
            r#"{"id":"1","workspace_id_":"other","message":"m","date":null,"date_text":null,"#,
            r#""workspace_id":"etl","workflow_id":"nightly"}"#,
        )
    );
}

#[test]
fn dates_are_shown_in_utc_however_they_are_stored_and_others_as_they_are() {
    let noon = DateTime::from_millis(1_751_371_200_000);
    for (options, stored, shown) in [
        (&["--time-zone=Europe/Berlin"][..], Bson::from(noon), "2025-07-01T10:00:00.000Z"),
        (&["--date-format=seconds"], 1_751_364_000.5.into(), "2025-07-01T10:00:00.500Z"),
        (&["--date-format=milliseconds"], 1_751_364_000_001_i64.into(), "2025-07-01T10:00:00.001Z"),
        (
            &["--date-format=rfc3339"],
            "2025-07-01T12:00:00+02:00".into(),
            "2025-07-01T10:00:00.000Z",
        ),
        (
            &["--date-format=%Y-%m-%d %H:%M:%S%.f", "--time-zone=Europe/Berlin"],
            "2025-07-01 12:00:00.25".into(),
            "2025-07-01T10:00:00.250Z",
        ),
        // The hour that there was twice is the first one; the one that never was, as if it had been.
        (
            &["--time-zone=Europe/Berlin"],
            DateTime::from_millis(1_761_445_800_000).into(),
            "2025-10-26T00:30:00.000Z",
        ),
        (
            &["--time-zone=Europe/Berlin"],
            DateTime::from_millis(1_743_301_800_000).into(),
            "2025-03-30T01:30:00.000Z",
        ),
    ] {
        let record = RawDocumentBuf::try_from(&doc! { "_id": 1, "date": stored }).unwrap();
        let row = row(&record, &map(options));
        assert!(row.contains(&format!(r#""date":"{shown}""#)), "{options:?} {row}");
    }
    for (options, stored, shown) in [
        (&["--date-format=%Y-%m-%d"][..], Bson::from("soon"), r#""date":"soon","date_text":null"#),
        (&["--date-format=%Y-%m-%d"], noon.into(), r#""date":{"$date":"#),
        (&["--date-format=seconds"], f64::NAN.into(), r#""date":{"$numberDouble":"NaN"}"#),
        (&["--date-format=seconds"], 1e17.into(), r#""date":1e+17,"date_text":null"#),
        (&["--time-zone=Asia/Tokyo"], DateTime::MAX.into(), r#""date":{"$date":{"$numberLong":"#),
    ] {
        let record = RawDocumentBuf::try_from(&doc! { "_id": 1, "date": stored }).unwrap();
        let row = row(&record, &map(options));
        assert!(row.contains(shown), "{options:?} {row}");
    }
}

/// What both stores show of the same row is the same text.
#[test]
fn a_row_is_the_same_text_whichever_store_has_it() {
    for json in [
        r#"{"message":"m"}"#,
        r#"{"message":"a \"b\" \u0001é\n","level":"ERROR","type":"stage","date":"2025-09-22T08:54:01.123Z"}"#,
        r#"{"message":"m","more":{"a":[1,0.5,null,true,"x",{"b":-1}]},"run":7,"z":1e300,"a.b":9007199254740993}"#,
        r#"{"message":"m","date":"0000-01-01T00:00:00Z","empty":{},"none":[]}"#,
    ] {
        let new = NewRow::from_json(json, Timestamp::UNIX_EPOCH).unwrap();
        let mut record = doc! {
            "_id": "an-id", "workspace_id": "etl", "workflow_id": "orders",
            "date": DateTime::from_millis(new.date.as_millisecond()),
            "level": &new.level, "type": &new.kind, "message": &new.message,
        };
        for (name, value) in &new.more {
            record.insert(name, bson::serialize_to_bson(value).unwrap());
        }
        let record = RawDocumentBuf::try_from(&record).unwrap();
        let shown = row(&record, &FieldMap::default());
        assert_eq!(new.stored("an-id", "etl", "orders").json(), shown);
    }
}

async fn connect(server: &Mongod, database: &str, options: &[&str]) -> MongoStore {
    let options = [options, &["--lateness=300ms", "--poll-interval=50ms"]].concat();
    let options: Vec<_> = [&["log-server"], &*options].concat();
    let arguments = Arguments::try_parse_from(options).unwrap();
    let log = LogConfig::of(&arguments);
    let ruled = RowFields::new(["owner".to_owned(), "user".to_owned()]).unwrap();
    let (uri, map) = (server.database_uri(database), log.field_map().unwrap());
    let store = mongo::connect(&uri, log.collection(), map, &arguments, ruled).await.unwrap();
    store.make_indexes().await.unwrap();
    store
}

/// Rows of a topic that a search finds, once there are so many.
async fn found(store: &MongoStore, topic: &Topic, search: Search, count: usize) -> Vec<Row> {
    let scope = Scope::new(topic.space(), [topic.name()]).filtered(search);
    let read = async {
        loop {
            let query = HistoryQuery {
                as_of: None,
                after: None,
                order: SortOrder::Ascending,
                limit: 100,
                max_bytes: 1 << 20,
            };
            let page = store.history(&scope, query).await.unwrap();
            if page.entries.len() >= count {
                break page.entries.into_iter().map(|entry| entry.record).collect();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), read).await.expect("no such rows")
}

fn new(json: &str) -> NewRow {
    NewRow::from_json(json, Timestamp::now()).unwrap()
}

/// Schemas of several services: what is appended is stored as they store it, and found again by
/// level, type, text, time and rules.
#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn rows_are_stored_and_found_by_the_fields_that_they_are_mapped_to() {
    let (set, alone) = (Mongod::replica_set_with(1, &[]).unwrap(), Mongod::standalone().unwrap());
    let text = ["--date-format=%Y-%m-%d %H:%M:%S%.3f", "--constant=workspace=etl"];
    let user = [&NESTED[..], &["--field=user=meta.by"]].concat();
    for (nth, options) in [
        &[][..],
        &user,
        &["--time-zone=Europe/Berlin", "--field=level=lvl"],
        &["--date-format=seconds"],
        &text,
    ]
    .into_iter()
    .enumerate()
    {
        for (server, database) in [(&set, "stream"), (&alone, "poll")] {
            let store = connect(server, &format!("{database}{nth}"), options).await;
            let topic = Topic::new("etl", "orders");
            let rows = vec![
                new(r#"{"id":"first","message":"one","level":"ERROR","type":"a","user":"ann"}"#),
                new(r#"{"message":"two","type":"b","user":"bob","meta":{"more":1}}"#),
            ];
            Store::append(&store, &topic, rows.clone()).await.unwrap();
            // Sent once more, it is the one that there is.
            Store::append(&store, &topic, rows[..1].to_vec()).await.unwrap();
            let all = found(&store, &topic, Search::default(), 2).await;
            assert_eq!(all.len(), 2, "{options:?}");
            for shown in &all {
                let row: serde_json::Value = serde_json::from_str(shown.json()).unwrap();
                for name in ["id", "workspace_id", "workflow_id", "date_text", "level", "user"] {
                    assert!(row[name].is_string() || row[name].is_number(), "{name} {row}");
                }
                assert_eq!(
                    (&row["workspace_id"], &row["workflow_id"]),
                    (&"etl".into(), &"orders".into())
                );
                let date: Timestamp = row["date"].as_str().unwrap().parse().unwrap();
                assert!(date.duration_until(Timestamp::now()).as_secs().abs() < 60, "{row}");
            }
            let minute = Duration::from_secs(60);
            let errors = Terms { levels: vec!["error".to_owned()], ..Terms::default() };
            let of_type = Terms { types: vec!["a".to_owned()], ..Terms::default() };
            let with_text = Terms { texts: vec!["one".to_owned()], ..Terms::default() };
            let recent = Terms {
                from: Some(Timestamp::now() - minute),
                to: Some(Timestamp::now() + minute),
                ..with_text.clone()
            };
            for terms in [errors, of_type, with_text, recent] {
                let rows = found(&store, &topic, Search::new(terms.clone()).unwrap(), 1).await;
                assert_eq!(rows.len(), 1, "{options:?} {terms:?}");
                assert!(rows[0].json().contains("\"one\""), "{options:?} {terms:?}");
            }
            let rule = RowRule { field: "user".into(), value: "bob".into() };
            let his = Search::default().under(&RowRules(vec![rule]));
            let rows = found(&store, &topic, his, 1).await;
            assert!(rows.len() == 1 && rows[0].json().contains("\"two\""), "{options:?}");
            assert_eq!(store.workspaces(None, 9).await.unwrap(), ["etl"]);
            assert_eq!(store.workflows("etl", None, 9).await.unwrap(), ["orders"]);
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_a_mapped_collection_cannot_hold_is_refused_in_words() {
    let server = Mongod::standalone().unwrap();
    let options = [&NESTED[2..], &["--constant=workspace=etl"]].concat();
    let store = connect(&server, "wfm", &options).await;
    for (space, json, words) in [
        ("other", r#"{"message":"m"}"#, "are all of \"etl\""),
        ("etl", r#"{"message":"m","severity":1}"#, "`severity`"),
        ("etl", r#"{"message":"m","meta":{"kind":1}}"#, "`kind`"),
        ("etl", r#"{"message":"m","meta":1}"#, "`meta`"),
    ] {
        let refused =
            Store::append(&store, &Topic::new(space, "x"), vec![new(json)]).await.unwrap_err();
        let AppendError::Refused { row: 0, reason, written: 0 } = refused else {
            panic!("{refused}")
        };
        assert!(reason.contains(words), "{reason}");
    }
    let record: Option<Document> = store.find_by_id(vec![1.into()]).await.unwrap().pop();
    assert_eq!(record, None);
}
