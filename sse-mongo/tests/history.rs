//! Pages of history.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::collections::BTreeSet;

use common::{all, at, ids, logs, page, query, quick, record, scope, set, standalone, within};
use futures_util::TryStreamExt;
use gapless_sse_core::follow::{Fault, Scope, SortOrder, Source, SourceError};
use gapless_sse_mongo::bson::oid::ObjectId;
use gapless_sse_mongo::bson::spec::BinarySubtype;
use gapless_sse_mongo::bson::{
    Binary, Bson, DateTime, Document, RawBson, RawDocument, Timestamp, Uuid, doc,
};
use gapless_sse_mongo::{OddValue, json};

const BOTH: [SortOrder; 2] = [SortOrder::Ascending, SortOrder::Descending];

fn past(seconds: i64) -> DateTime {
    DateTime::from_millis(1_700_000_000_000 + seconds * 1000)
}

/// Records whose dates are of all kinds, each several times over.
fn mixed_dates() -> Vec<Document> {
    let dates = [
        None,
        Some(Bson::Null),
        Some(Bson::MinKey),
        Some(Bson::Undefined),
        Some(Bson::Int32(5)),
        Some(Bson::Double(5.5)),
        Some(Bson::Int64(5)),
        Some(Bson::String("2025-01-01".into())),
        Some(Bson::String("2025-01-01 ".into())),
        Some(Bson::Document(doc! { "at": 1 })),
        Some(Bson::ObjectId(ObjectId::from_bytes([7; 12]))),
        Some(Bson::Boolean(true)),
        Some(Bson::DateTime(past(0))),
        Some(Bson::DateTime(past(0))),
        Some(Bson::DateTime(past(1))),
        Some(Bson::Timestamp(Timestamp { time: 1, increment: 1 })),
    ];
    (0..4)
        .flat_map(|_| dates.clone())
        .zip(0..)
        .map(|(date, id)| {
            let mut record = doc! { "_id": id, "workspace_id": "a", "workflow_id": "b" };
            if let Some(date) = date {
                record.insert("date", date);
            }
            record
        })
        .collect()
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn pages_of_any_size_give_every_record_once_over_equal_mixed_and_missing_dates() {
    let (mongo, other) = logs(set(), "mixed_dates", quick()).await;
    mongo.epoch().await.unwrap();
    other.insert(mixed_dates()).await;
    let mut least = record(0);
    least.extend(doc! { "_id": Bson::MinKey, "date": Bson::MinKey });
    let other_log = doc! { "_id": 900, "workspace_id": "a", "workflow_id": "c" };
    other.insert([least, other_log]).await;
    for order in BOTH {
        let by = if order == SortOrder::Ascending { 1 } else { -1 };
        let sorted = other
            .coll
            .find(doc! { "workflow_id": "b" })
            .sort(doc! { "workspace_id": by, "workflow_id": by, "date": by, "_id": by });
        let sorted: Vec<Document> = sorted.await.unwrap().try_collect().await.unwrap();
        let id = |record: &Document| match record.get_i32("_id") {
            Ok(id) => id.to_string(),
            Err(_) => r#"{"$minKey":1}"#.to_owned(),
        };
        let sorted: Vec<String> = sorted.iter().map(id).collect();
        for limit in [1, 2, 3, 7, 63, 64, 65, 1000] {
            let (_, read) = all(&mongo, &scope(), order, limit).await;
            assert_eq!(ids(&read), sorted, "{order:?}, pages of {limit}");
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn polling_reads_the_settled_records_of_a_standalone_once() {
    let (mongo, other) = logs(standalone(), "settled_pages", quick()).await;
    other.insert((0..50).map(|id| at(id, past(i64::from(id) / 10)))).await;
    other
        .insert([at(50, DateTime::from_millis(DateTime::now().timestamp_millis() + 3_600_000))])
        .await;
    for order in BOTH {
        let mut expected: Vec<String> = (0..50).map(|id| id.to_string()).collect();
        if order == SortOrder::Descending {
            expected.reverse();
        }
        for limit in [1, 3, 50] {
            let (_, read) = all(&mongo, &scope(), order, limit).await;
            assert_eq!(ids(&read), expected, "{order:?}, pages of {limit}");
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn later_pages_show_the_snapshot_of_the_first() {
    let (mongo, other) = logs(set(), "snapshot", quick()).await;
    mongo.epoch().await.unwrap();
    other.insert((0..4).map(|id| at(id, past(id.into())))).await;
    let first = page(&mongo, 2).await;
    assert!(first.more_after.is_some());
    other.insert([at(10, past(2)), at(11, past(9))]).await;
    let after = &first.entries[1].key;
    let asked = query(Some(&first.as_of), Some(after), SortOrder::Ascending, 10);
    let second = mongo.history(&scope(), asked).await.unwrap();
    assert_eq!(ids(&second.entries), ["2", "3"]);
    assert!(second.more_after.is_none());
    assert_eq!(second.as_of, first.as_of);
    assert_eq!(ids(&page(&mongo, 10).await.entries), ["0", "1", "2", "10", "3", "11"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_limit_of_zero_asks_for_the_position_alone() {
    for (server, name) in [(set(), "zero_set"), (standalone(), "zero_alone")] {
        let (mongo, other) = logs(server, name, quick()).await;
        other.insert([at(0, past(0))]).await;
        let page = page(&mongo, 0).await;
        assert!(page.entries.is_empty());
        let asked = query(Some(&page.as_of), None, SortOrder::Ascending, 9);
        assert_eq!(ids(&mongo.history(&scope(), asked).await.unwrap().entries), ["0"]);
        let asked = query(Some(&page.as_of), None, SortOrder::Ascending, 0);
        assert_eq!(mongo.history(&scope(), asked).await.unwrap().as_of, page.as_of);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn several_workflows_are_merged_by_date() {
    let (mongo, other) = logs(set(), "merged", quick()).await;
    mongo.epoch().await.unwrap();
    let of = |id: i32, workflow: &str| {
        let mut record = at(id, past(i64::from(id) / 4));
        record.insert("workflow_id", workflow);
        record
    };
    let workflows = ["b", "c", "d"].into_iter().cycle();
    other.insert((0..60).zip(workflows).map(|(id, workflow)| of(id, workflow))).await;
    let scope = Scope::new("a", ["b", "d", "none"]);
    let mut expected: Vec<String> =
        (0..60).filter(|id| id % 3 != 1).map(|id| id.to_string()).collect();
    for order in BOTH {
        for limit in [1, 7, 40, 41] {
            let (_, read) = all(&mongo, &scope, order, limit).await;
            assert_eq!(ids(&read), expected, "{order:?}, pages of {limit}");
        }
        expected.reverse();
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn workspaces_and_workflows_may_be_ids_and_numbers() {
    let (mongo, other) = logs(set(), "named_by_ids", quick()).await;
    mongo.epoch().await.unwrap();
    let object = ObjectId::new();
    let uuid = Uuid::new();
    let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
    let from = mongo.tail_start().await.unwrap();
    other
        .insert([
            doc! { "_id": 0, "workspace_id": object, "workflow_id": 7 },
            doc! { "_id": 1, "workspace_id": object.to_hex(), "workflow_id": 7_i64 },
            doc! { "_id": 2, "workspace_id": object, "workflow_id": "7" },
            doc! { "_id": 3, "workspace_id": object, "workflow_id": uuid },
            doc! { "_id": 4, "workspace_id": object, "workflow_id": "07" },
            doc! { "_id": 5, "workspace_id": object, "workflow_id": 7.0 },
            doc! { "_id": 6, "workspace_id": object, "workflow_id": decimal("70E-1") },
            doc! { "_id": 7, "workspace_id": object, "workflow_id": -0.0 },
            doc! { "_id": 8, "workspace_id": object, "workflow_id": 7.5 },
            doc! { "_id": 9, "workspace_id": object, "workflow_id": decimal("1E+30") },
            doc! { "_id": 10, "workspace_id": object },
        ])
        .await;
    for (workflow, expected) in [
        ("7", vec!["0", "1", "2", "5", "6"]),
        (&*uuid.to_string(), vec!["3"]),
        ("07", vec!["4"]),
        ("0", vec!["7"]),
    ] {
        let scope = Scope::new(object.to_hex(), [workflow]);
        let (_, read) = all(&mongo, &scope, SortOrder::Ascending, 2).await;
        assert_eq!(ids(&read), expected);
    }
    let live = common::changes(&mongo, &from, 8).await;
    assert_eq!(common::changed(&live), ["0", "1", "2", "3", "4", "5", "6", "7"]);
    let names: Vec<_> = live.iter().map(|(_, entry)| entry.topic.name().to_owned()).collect();
    assert_eq!(names, ["7", "7", "7", &uuid.to_string(), "07", "7", "7", "0"]);
    assert_eq!(mongo.stats().skipped, 3);
    assert_eq!(mongo.spaces(None, 10).await.unwrap(), [object.to_hex()]);
    let mut workflows = vec!["0".to_owned(), "07".to_owned(), "7".to_owned(), uuid.to_string()];
    workflows.sort();
    assert_eq!(mongo.names(&object.to_hex(), None, 10).await.unwrap(), workflows);
    assert_eq!(mongo.names(&object.to_hex(), None, 1).await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn lists_have_pages_in_which_every_name_is_once_whatever_its_type() {
    let (mongo, other) = logs(set(), "lists", quick()).await;
    mongo.epoch().await.unwrap();
    let object = ObjectId::new();
    let mut names: Vec<Bson> = (0..300).map(|id| format!("{:03}", id * 7 % 300).into()).collect();
    names.extend((0..300_i64).map(|number| Bson::Int64(number * 13)));
    names.extend([Bson::Double(13.0), object.into(), object.to_hex().into(), Uuid::new().into()]);
    // Those that are no names take no place of others.
    names.extend((0..50).map(|id| Bson::Double(f64::from(id) + 0.5)));
    let record = |(id, name)| doc! { "_id": id, "workspace_id": "a", "workflow_id": name };
    other.insert((0..).zip(names.clone()).map(record)).await;
    let text = |name: &Bson| match name {
        Bson::String(text) => Some(text.clone()),
        Bson::Int64(number) => Some(number.to_string()),
        Bson::ObjectId(id) => Some(id.to_hex()),
        Bson::Binary(_) => {
            Some(json::id_text(RawBson::try_from(name.clone()).ok()?.as_raw_bson_ref()))
        }
        _ => None,
    };
    let expected: BTreeSet<String> = names.iter().filter_map(text).collect();
    let count = expected.len();
    for limit in [1, 7, 100, 10_000] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = mongo.names("a", after.as_deref(), limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last().cloned() else { break };
            after = Some(last);
            listed.extend(page);
            if limit == 1 && listed.len() == 20 {
                break;
            }
        }
        let expected: Vec<_> = expected.iter().take(listed.len()).collect();
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "by {limit}");
        assert!(limit == 1 || listed.len() == count, "{} of {count} by {limit}", listed.len());
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn uuids_of_older_drivers_name_topics_and_what_names_none_is_counted_by_what_it_is() {
    for (server, name) in [(set(), "odd_set"), (standalone(), "odd_alone")] {
        let (mongo, other) = logs(server, name, quick()).await;
        mongo.epoch().await.unwrap();
        let uuid = Uuid::new();
        let old =
            Bson::Binary(Binary { subtype: BinarySubtype::UuidOld, bytes: uuid.bytes().to_vec() });
        let from = mongo.tail_start().await.unwrap();
        let (reference, now) = (doc! { "$ref": "flows", "$id": 7 }, DateTime::now());
        let of = |id: i32, workflow: Bson| {
            doc! { "_id": id, "workspace_id": old.clone(), "workflow_id": workflow, "date": now }
        };
        let mut values = vec![old.clone(), uuid.into(), uuid.to_string().into()];
        values.extend([reference.into(), doc! { "a": 1 }.into(), 7.5.into(), Bson::Null]);
        values.extend([vec![1].into(), true.into(), reference_of_old_servers()]);
        other.insert((0..).zip(values).map(|(id, value)| of(id, value))).await;
        // The last of all that are read.
        other.insert([of(100, "b".into())]).await;
        let live = common::changes(&mongo, &from, 4).await;
        assert_eq!(common::changed(&live), ["0", "1", "2", "100"]);
        assert!(live[..3].iter().all(|(_, entry)| entry.topic.name() == uuid.to_string()));
        let scope = Scope::new(uuid.to_string(), [uuid.to_string()]);
        for order in BOTH {
            let (_, read) = all(&mongo, &scope, order, 2).await;
            let mut expected = vec!["0", "1", "2"];
            if order == SortOrder::Descending {
                expected.reverse();
            }
            assert_eq!(ids(&read), expected, "{order:?}");
        }
        let stats = mongo.stats();
        let counts: Vec<_> =
            stats.no_topic.iter().map(|(value, count)| (value.as_str(), *count)).collect();
        let expected = [
            ("missing", 1),
            ("text", 0),
            ("number", 1),
            ("reference", 2),
            ("object", 1),
            ("array", 1),
            ("other", 1),
        ];
        assert_eq!((counts, stats.skipped), (expected.to_vec(), 7));
        assert_eq!(mongo.names(&uuid.to_string(), None, 10).await.unwrap().len(), 2);
    }
}

fn reference_of_old_servers() -> Bson {
    // Type 0x0C, which the driver makes none of.
    let mut bytes = vec![0, 0, 0, 0, 0x0C, b'p', 0, 4, 0, 0, 0, b'a', b'.', b'b', 0];
    bytes.extend([7; 12]);
    bytes.push(0);
    bytes[0] = u8::try_from(bytes.len()).unwrap();
    let record = RawDocument::from_bytes(&bytes).unwrap();
    Document::try_from(record).unwrap().remove("p").unwrap()
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn an_array_as_a_date_turns_no_walk_back_and_is_shown_nowhere() {
    for (server, name) in [(set(), "array_dates_set"), (standalone(), "array_dates_alone")] {
        let (mongo, other) = logs(server, name, quick()).await;
        mongo.epoch().await.unwrap();
        let from = mongo.tail_start().await.unwrap();
        for id in (0..9).map(|nth| nth * 10) {
            let mut between = at(id + 1, past(0));
            between.insert("date", vec![past(-5), past(id.into()), DateTime::now()]);
            other.insert([at(id, past(id.into())), between]).await;
        }
        let mut expected: Vec<_> = (0..9).map(|nth| (nth * 10).to_string()).collect();
        for order in BOTH {
            for limit in [1, 2, 100] {
                let (_, read) = within(all(&mongo, &scope(), order, limit)).await;
                assert_eq!(ids(&read), expected, "{order:?}, pages of {limit}");
            }
            expected.reverse();
        }
        if server.uri().contains("replicaSet") {
            let live = common::changes(&mongo, &from, 9).await;
            assert_eq!(common::changed(&live), expected);
            let array = mongo.stats().no_date.into_iter().find(|(v, _)| *v == OddValue::Array);
            assert!(array.unwrap().1 > 0);
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn dates_that_are_none_are_counted_by_what_they_are() {
    let (mongo, other) = logs(set(), "no_dates", quick()).await;
    mongo.epoch().await.unwrap();
    other.insert(mixed_dates()).await;
    page(&mongo, 1000).await;
    let stats = mongo.stats();
    let counts: Vec<_> =
        stats.no_date.iter().map(|(value, count)| (value.as_str(), *count)).collect();
    let expected = [
        ("missing", 12),
        ("text", 8),
        ("number", 12),
        ("reference", 0),
        ("object", 4),
        ("array", 0),
        ("other", 16),
    ];
    assert_eq!(counts, expected);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn arrays_are_of_no_log_and_hide_none_of_its_records() {
    for (server, name) in [(set(), "arrays_set"), (standalone(), "arrays_alone")] {
        let (mongo, other) = logs(server, name, quick()).await;
        mongo.epoch().await.unwrap();
        other.insert((0..20).map(|id| at(id, past(id.into())))).await;
        // The index has these under each of their workflows.
        let several = ["a", "b", "c"].map(Bson::from).to_vec();
        for id in (100..140).chain(200..240) {
            let mut record = at(id, past(i64::from(id) / 10 - 4));
            record.insert("workflow_id", several.clone());
            other.insert([record]).await;
        }
        let mut expected: Vec<String> = (0..20).map(|id| id.to_string()).collect();
        for order in BOTH {
            for scope in [scope(), Scope::new("a", ["b", "c"])] {
                for limit in [1, 3, 7, 100] {
                    let (_, read) = all(&mongo, &scope, order, limit).await;
                    assert_eq!(ids(&read), expected, "{order:?}, pages of {limit}");
                }
            }
            expected.reverse();
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn snapshots_within_a_transaction_and_of_the_other_way_are_gone() {
    let (streams, other) = logs(set(), "gone", quick()).await;
    let (polls, _) = logs(standalone(), "gone", quick()).await;
    let from = streams.tail_start().await.unwrap();
    streams.epoch().await.unwrap();
    other.insert([record(0)]).await;
    let within = common::changes(&streams, &from, 1).await[0].0.clone();
    let settled = page(&polls, 0).await.as_of;
    for (mongo, as_of) in [(&streams, &within), (&streams, &settled), (&polls, &within)] {
        let asked = query(Some(as_of), None, SortOrder::Ascending, 1);
        let error = mongo.history(&scope(), asked).await.unwrap_err();
        assert_eq!(error.fault(), Fault::SnapshotGone);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn fifty_new_records_of_sixty_thousand_examine_sixty_keys_at_most_and_sort_nothing() {
    for (server, name) in [(set(), "plan_set"), (standalone(), "plan_alone")] {
        let (mongo, other) = logs(server, name, quick()).await;
        mongo.epoch().await.unwrap();
        for tens in 0..6 {
            other
                .insert(
                    (0..10_000).map(|id| at(tens * 10_000 + id, past((tens * 10_000 + id).into()))),
                )
                .await;
        }
        let asked = query(None, None, SortOrder::Descending, 51);
        let newest = mongo.history(&scope(), asked).await.unwrap();
        let (last, as_of) = (&newest.entries[50].key, &newest.as_of);
        other.db.run_command(doc! { "profile": 2 }).await.unwrap();
        let asked = query(Some(as_of), Some(last), SortOrder::Ascending, 1000);
        let new = mongo.history(&scope(), asked).await.unwrap();
        let asked = query(Some(as_of), None, SortOrder::Descending, 50);
        let back = mongo.history(&scope(), asked).await.unwrap();
        assert_eq!((new.entries.len(), back.entries.len()), (50, 50));
        mongo.spaces(None, 10).await.unwrap();
        mongo.names("a", None, 10).await.unwrap();
        other.db.run_command(doc! { "profile": 0 }).await.unwrap();
        let profile = other.db.collection::<Document>("system.profile");
        let reads = doc! { "ns": format!("{name}.logs") };
        let reads: Vec<Document> = profile.find(reads).await.unwrap().try_collect().await.unwrap();
        assert_eq!(reads.len(), 4, "{reads:?}");
        for read in reads {
            assert!(!read.contains_key("hasSortStage"), "{read}");
            let keys = read.get_i32("keysExamined").unwrap();
            assert!(keys <= 60, "{keys} keys: {read}");
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_is_appended_is_read_as_it_was_written() {
    for (server, name) in [(set(), "append_set"), (standalone(), "append_alone")] {
        let (mongo, _) = logs(server, name, quick()).await;
        let mut given = at(0, past(0));
        given.insert("_id", Uuid::new());
        let mut made = at(0, past(1));
        made.remove("_id");
        let ids = mongo.append(vec![given, made]).await.unwrap();
        assert_eq!((ids[0].len(), ids[1].len()), (36, 24));
        assert_eq!(common::ids(&page(&mongo, 9).await.entries), ids);
        assert!(mongo.append(vec![]).await.unwrap().is_empty());
        assert_eq!(mongo.spaces(None, 9).await.unwrap(), ["a"]);
        assert_eq!(mongo.names("a", None, 9).await.unwrap(), ["b"]);
        assert!(mongo.names("b", None, 9).await.unwrap().is_empty());
    }
}
