//! Records of MongoDB with values of any type, as other programs write them: what the server leaves
//! out of a search is what the search itself would leave out.

use std::time::Duration;

use bson::raw::CString;
use bson::spec::BinarySubtype;
use bson::{
    Binary, Bson, DateTime, Decimal128, Document, RawBson, RawDocumentBuf, Regex, Timestamp, doc,
};
use clap::Parser;
use fastrand::Rng;
use gapless_sse_core::follow::{Entry, Filter, Record, Scope, SortOrder};
use gapless_sse_mongo::{OddValue, Operation};
use log_server::cli::Arguments;
use log_server::fields::FieldMap;
use log_server::row::{LEVELS, Row};
use log_server::search::{Effort, Search, Terms};
use log_server::store::{MongoStore, Store, TallyQuery, mongo};
use mongodb::{Client, Collection};

use crate::suite::{orders, read_all, settle, topic};

const RECORDS: usize = 600;
const DATE: i64 = 1_700_000_000_000;

/// A value of any type, often one that looks like what is searched for.
fn value(rng: &mut Rng, deeper: bool) -> Bson {
    let texts = ["ERROR", "warn", "40", " 40", "4e1", "-1", "stage", "Timeout", "größe", "k", ""];
    let text = (*rng.choice(&texts).unwrap()).to_owned();
    match rng.u8(..if deeper { 22 } else { 18 }) {
        0..4 => text.into(),
        4 => Bson::Symbol(text),
        5 => rng.i32(-5..60).into(),
        6 => rng.i64(..).into(),
        7 => (f64::from(rng.i32(-50..600)) / 10.0).into(),
        8 => (*rng.choice(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]).unwrap()).into(),
        9 => Bson::Decimal128(Decimal128::from_bytes(rng.u128(..).to_le_bytes())),
        10 => Bson::DateTime(DateTime::from_millis(rng.i64(..))),
        11 => Bson::DateTime(DateTime::from_millis(DATE + rng.i64(0..100))),
        12 => Bson::Timestamp(Timestamp { time: rng.u32(..), increment: rng.u32(..) }),
        13 => Bson::Binary(Binary { subtype: BinarySubtype::UuidOld, bytes: vec![7; 16] }),
        14 => Bson::RegularExpression(Regex {
            pattern: CString::try_from(text).unwrap(),
            options: CString::try_from("i").unwrap(),
        }),
        15 => Bson::JavaScriptCode(text),
        16 => (*rng.choice(&[true, false]).unwrap()).into(),
        17 => {
            rng.choice(&[Bson::Null, Bson::Undefined, Bson::MinKey, Bson::MaxKey]).unwrap().clone()
        }
        18..20 => Bson::Array((0..rng.usize(..3)).map(|_| value(rng, false)).collect()),
        _ => doc! { "level": value(rng, false), "$id": value(rng, false) }.into(),
    }
}

/// A record in which fields are missing, of any type, or there twice.
fn record(rng: &mut Rng, id: usize) -> RawDocumentBuf {
    let mut record = RawDocumentBuf::new();
    let mut append = |name: &str, value: Bson| {
        record.append(CString::try_from(name).unwrap(), RawBson::try_from(value).unwrap());
    };
    append("_id", i32::try_from(id).unwrap().into());
    append("workspace_id", "etl".into());
    append("workflow_id", "orders".into());
    for name in ["level", "type", "message", "date"] {
        for _ in 0..*rng.choice(&[0, 1, 1, 1, 1, 1, 1, 2, 3]).unwrap() {
            append(name, value(rng, true));
        }
    }
    record
}

fn terms(rng: &mut Rng) -> Terms {
    let mut terms = Terms::default();
    let at = |at: i64| jiff::Timestamp::from_millisecond(DATE + at).unwrap();
    match rng.u8(..6) {
        0 | 1 => {
            let levels = (0..rng.usize(1..3)).map(|_| *rng.choice(&LEVELS).unwrap());
            terms.levels = levels.map(str::to_owned).collect();
        }
        2 => terms.types = vec![rng.choice(&["stage", "40", "", "null"]).unwrap().to_string()],
        3 => {
            let texts = ["timeout", "40", "K", "er", "größe"];
            terms.texts = vec![rng.choice(&texts).unwrap().to_string()];
        }
        4 => terms.from = Some(at(rng.i64(-5..105))),
        _ => terms.to = Some(at(rng.i64(-5..105))),
    }
    terms
}

async fn a_search_finds_what_a_look_at_every_record_finds(store: &MongoStore, uri: &str) {
    let client = Client::with_uri_str(uri).await.unwrap();
    let records: Collection<RawDocumentBuf> = client.default_database().unwrap().collection("logs");
    let mut rng = Rng::with_seed(2026);
    records.insert_many((0..RECORDS).map(|id| record(&mut rng, id))).await.unwrap();
    let dates = doc! { "date": { "$type": "array" } };
    let arrays = usize::try_from(records.count_documents(dates).await.unwrap()).unwrap();
    assert!(arrays > 0);
    settle(store, &orders(), RECORDS - arrays).await;
    let (all, _) = read_all(store, &orders(), SortOrder::Ascending, 1000).await;
    for entry in &all {
        let json = entry.record.json();
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(json).unwrap();
        assert!(fields.len() > 3, "{json}");
    }
    for limit in [7, 50] {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let (read, _) = read_all(store, &orders(), order, limit).await;
            let read: Vec<_> = read.iter().map(|entry| entry.record.json()).collect();
            let twice: Vec<_> =
                (1..read.len()).filter(|at| read[..*at].contains(&read[*at])).collect();
            assert_eq!(twice.iter().map(|at| read[*at]).collect::<Vec<_>>(), [""; 0], "{order:?}");
            assert_eq!(read.len(), all.len(), "{order:?} by {limit}");
        }
    }
    let mut found = 0;
    for _ in 0..80 {
        let terms = terms(&mut rng);
        let search = Search::new(terms.clone()).unwrap();
        let expected = all.iter().filter(|entry| search.admits(&entry.record.mark()));
        let expected: Vec<_> = expected.map(|entry| entry.record.json()).collect();
        let scope = orders().filtered(search.clone());
        let (read, _) = read_all(store, &scope, SortOrder::Ascending, 50).await;
        let read: Vec<_> = read.iter().map(|entry| entry.record.json()).collect();
        let missing: Vec<_> = expected.iter().filter(|row| !read.contains(row)).collect();
        assert_eq!(missing, [&""; 0], "{terms:?}");
        let twice: Vec<_> = (1..read.len()).filter(|at| read[..*at].contains(&read[*at])).collect();
        assert_eq!(twice.iter().map(|at| read[*at]).collect::<Vec<_>>(), [""; 0], "{terms:?}");
        let more: Vec<_> = read.iter().filter(|row| !expected.contains(row)).collect();
        assert_eq!(more, [&""; 0], "{terms:?}");
        assert_eq!(read, expected, "{terms:?}");
        found += read.len();
    }
    assert!(found > 300, "{found} found");
    // No index has two arrays of one record.
    let unfit = doc! { "date": { "$type": "array" }, "level": { "$type": "array" } };
    records.delete_many(unfit).await.unwrap();
    let by_level = with_indexes_by_level(uri).await;
    for _ in 0..15 {
        let terms = terms(&mut rng);
        let scope = orders().filtered(Search::new(terms.clone()).unwrap());
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let (expected, _) = read_all(store, &scope, order, 50).await;
            let (read, _) = read_all(&by_level, &scope, order, 50).await;
            let json = |of: &[Entry<_, Row>]| {
                of.iter().map(|entry| entry.record.json().to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(json(&read), json(&expected), "{terms:?}, {order:?}");
        }
    }
    for entry in &all {
        let id = entry.record.id().unwrap();
        let found = store.find(&topic("orders"), &id).await.unwrap().unwrap();
        assert_eq!(found.record.id().unwrap(), id);
        assert_eq!(found.key, entry.key, "{id}");
        assert!(store.find(&topic("other"), &id).await.unwrap().is_none());
    }
    counts_are_those_of_a_look_at_every_record(store).await;
    let stats = store.stats();
    for (value, times) in stats.no_date {
        // Arrays are not even read; and all objects here look like references.
        let none = [OddValue::Array, OddValue::Object].contains(&value);
        assert_eq!(times == 0, none, "{times} were {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn of_any_type_by_change_streams() {
    let (store, server) = super::change_streams().await;
    a_search_finds_what_a_look_at_every_record_finds(&store, &server.database_uri("wfm")).await;
}

/// Whatever the server counts is what a look at every record counts.
async fn counts_are_those_of_a_look_at_every_record(store: &MongoStore) {
    let mut rng = Rng::with_seed(14);
    let effort = Effort { rows: 1_000_000, time: Duration::from_secs(60) };
    let mut counted = 0;
    for every in [None, Some(7), Some(1000)] {
        for _ in 0..3 {
            let mut terms = terms(&mut rng);
            terms.without.levels = rng.bool().then(|| "INFO".to_owned()).into_iter().collect();
            let query = TallyQuery { every, effort };
            let named = |names: &[&str]| Scope::new("etl", names.to_vec());
            let scopes = [named(&["orders"]), Scope::whole("etl"), named(&["orders", "other"])];
            for scope in scopes {
                let scope =
                    |terms: &Terms| scope.clone().filtered(Search::new(terms.clone()).unwrap());
                let tally = store.tally(&scope(&terms), &query).await.unwrap();
                // Of a pattern, only Rust decides.
                let mut looked = terms.clone();
                looked.regexes.push("(?s)^".to_owned());
                let expected = store.tally(&scope(&looked), &query).await.unwrap();
                assert_eq!(tally.rows, expected.rows, "{terms:?} by {every:?}");
                assert!(!tally.incomplete);
                counted += tally.total();
            }
        }
    }
    assert!(counted > 500, "{counted} counted");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn plain_ones_are_counted_by_the_server_as_far_as_the_effort_goes() {
    let (store, server) = super::change_streams().await;
    let client = Client::with_uri_str(server.database_uri("wfm")).await.unwrap();
    let records: Collection<Document> = client.default_database().unwrap().collection("logs");
    let level = |id: i64| ["INFO", "warn", "40"][usize::try_from(id % 3).unwrap()];
    records
        .insert_many((0..60_000_i64).map(|id| {
            doc! {
                "_id": id, "workspace_id": "etl", "workflow_id": "orders",
                "date": DateTime::from_millis(id / 7 - 4000), "level": level(id), "type": "a",
            }
        }))
        .await
        .unwrap();
    let scope = orders().filtered(Search::default());
    let query = |rows| TallyQuery {
        every: Some(1000),
        effort: Effort { rows, time: Duration::from_secs(60) },
    };
    let all = store.tally(&scope, &query(1_000_000)).await.unwrap();
    assert_eq!((all.total(), all.scanned, all.incomplete), (60_000, 60_000, false));
    assert_eq!(all.rows.len(), 3 * 9, "seconds before 1970 begin at whole ones too");
    assert!(all.rows.keys().all(|cell| cell.begins.is_some_and(|at| at % 1000 == 0)));
    // Without a word to the server's own counting, the counts would be those of all.
    let asked = store.stats();
    let some = store.tally(&scope, &query(10_000)).await.unwrap();
    assert!(some.incomplete && (9_000..=10_100).contains(&some.total()), "{}", some.total());
    let reached = some.reached.unwrap().as_millisecond();
    assert_eq!(some.total(), u64::try_from((reached + 4000 + 1) * 7).unwrap());
    let questions = |stats: &gapless_sse_mongo::Stats| {
        let times = stats.queries.iter().find(|(of, _)| *of == Operation::History);
        times.map_or(0, |(_, times)| times.count)
    };
    let few = questions(&store.stats()) - questions(&asked);
    assert!(few <= 8, "{few} questions");
}

/// With indexes by level, the same is found.
async fn with_indexes_by_level(uri: &str) -> MongoStore {
    let mut arguments = Arguments::parse_from(["log-server", "--index-by", "level"]);
    arguments.search_rows = super::SEARCHED_ROWS.try_into().unwrap();
    let store = mongo::connect(uri, "logs", FieldMap::default(), &arguments, super::fields())
        .await
        .unwrap();
    store.make_indexes().await.unwrap();
    store
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn text_that_is_not_utf8_is_searched_as_it_is_shown() {
    let (store, server) = super::change_streams().await;
    let client = Client::with_uri_str(server.database_uri("wfm")).await.unwrap();
    let records: Collection<RawDocumentBuf> = client.default_database().unwrap().collection("logs");
    for (id, field) in ["message", "level", "type"].into_iter().enumerate() {
        let record = doc! {
            "_id": i32::try_from(id).unwrap(), "workspace_id": "etl", "workflow_id": "orders",
            "date": DateTime::from_millis(DATE), "message": "plain timeout", "level": "ERROR",
            "type": "stage",
        };
        let mut record = record;
        record.insert(field, "ERROR damaged timeout");
        let mut bytes = RawDocumentBuf::try_from(&record).unwrap().into_bytes();
        let at = bytes.windows(7).position(|part| part == b"damaged").unwrap();
        bytes[at] = 0xFF;
        records.insert_one(RawDocumentBuf::from_bytes(bytes).unwrap()).await.unwrap();
    }
    let (all, _) = read_all(&store, &orders(), SortOrder::Ascending, 1000).await;
    assert_eq!(all.len(), 3);
    let text = |text: &str| Terms { texts: vec![text.to_owned()], ..Terms::default() };
    let levels = Terms { levels: vec!["ERROR".to_owned()], ..Terms::default() };
    let types =
        Terms { types: vec!["ERROR \u{FFFD}amaged timeout".to_owned()], ..Terms::default() };
    for terms in [text("timeout"), text("amaged"), text("\u{FFFD}amaged"), levels, types] {
        let search = Search::new(terms.clone()).unwrap();
        let expected = all.iter().filter(|entry| search.admits(&entry.record.mark()));
        let expected: Vec<_> = expected.map(|entry| entry.record.json()).collect();
        let scope = orders().filtered(search.clone());
        let (read, _) = read_all(&store, &scope, SortOrder::Ascending, 50).await;
        let read: Vec<_> = read.iter().map(|entry| entry.record.json()).collect();
        assert!(!expected.is_empty(), "{terms:?}");
        assert_eq!(read, expected, "{terms:?}");
    }
}
