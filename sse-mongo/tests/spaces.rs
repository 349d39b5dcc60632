//! History of whole spaces, and of many topics at once.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::collections::BTreeSet;

use common::{Logs, Row, all, connect, logs, query, quick, set, ways, within};
use futures_util::TryStreamExt;
use gapless_sse_core::follow::{Entry, Fault, Scope, SortOrder, Source, SourceError};
use gapless_sse_mongo::bson::oid::ObjectId;
use gapless_sse_mongo::bson::{Bson, DateTime, Document, doc};
use gapless_sse_mongo::{Error, Indexes, Key, Mongo};
use mongodb::IndexModel;

const BOTH: [SortOrder; 2] = [SortOrder::Ascending, SortOrder::Descending];

/// Dates of all kinds, some of them several times, and in another order than that of the topics.
fn dates() -> Vec<Option<Bson>> {
    let past = |seconds: i64| Bson::DateTime(DateTime::from_millis(1_700_000_000_000 + seconds));
    vec![
        None,
        Some(Bson::Null),
        Some(Bson::Int32(5)),
        Some(Bson::Double(5.5)),
        Some(Bson::String("2025-01-01".into())),
        Some(Bson::Document(doc! { "at": 1 })),
        Some(Bson::Boolean(true)),
        Some(past(0)),
        Some(past(0)),
        Some(past(1)),
        Some(past(2)),
    ]
}

/// Records of the space `a` with these names, in turn, and some that are nobody's or of others.
fn records(names: &[Bson], count: usize) -> Vec<Document> {
    let mut records = Vec::new();
    for (id, date) in (0..).zip(dates().into_iter().cycle().take(count)) {
        let name = names[usize::try_from(id * 7 % 1009).unwrap() % names.len()].clone();
        let mut record = doc! { "_id": id, "workspace_id": "a", "workflow_id": name };
        record.extend(date.map(|date| ("date".to_owned(), date)));
        records.push(record);
    }
    let now = DateTime::from_millis(1_700_000_000_001);
    for (id, space) in [("other", "b"), ("prefix", "a ")] {
        let other = doc! { "_id": id, "workspace_id": space, "workflow_id": "n0", "date": now };
        records.push(other);
    }
    records.push(doc! { "_id": "nameless", "workspace_id": "a", "date": now });
    records.push(doc! { "_id": "list", "workspace_id": "a", "workflow_id": ["n0"], "date": now });
    records.push(doc! { "_id": "spaces", "workspace_id": ["a"], "workflow_id": "n0", "date": now });
    records
}

fn names(count: usize) -> Vec<Bson> {
    (0..count).map(|nth| Bson::String(format!("n{nth}"))).collect()
}

/// Each topic's own records, and all of them in the order of their keys.
async fn expected(mongo: &Mongo<Row>, names: &[&str], order: SortOrder) -> Vec<Entry<Key, Row>> {
    let mut expected = Vec::new();
    for name in names {
        expected.extend(all(mongo, &Scope::new("a", [*name]), order, 1000).await.1);
    }
    expected.sort_by(|left, right| left.key.cmp(&right.key));
    if order == SortOrder::Descending {
        expected.reverse();
    }
    expected
}

fn shown(entries: &[Entry<Key, Row>]) -> Vec<(String, String)> {
    let shown = |entry: &Entry<Key, Row>| (entry.topic.name().to_owned(), entry.record.id.clone());
    entries.iter().map(shown).collect()
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_whole_space_and_all_of_its_topics_give_what_each_of_them_has_in_order() {
    let object_id = ObjectId::from_bytes([7; 12]);
    let mut stored = names(4);
    stored.extend([Bson::Int32(7), Bson::String("7".into()), Bson::ObjectId(object_id)]);
    let id = object_id.to_hex();
    let topics = ["n0", "n1", "n2", "n3", "7", &id];
    for (server, options) in ways() {
        let (mongo, other) = logs(server, "spaces_whole", options).await;
        mongo.epoch().await.unwrap();
        other.insert(records(&stored, 130)).await;
        for order in BOTH {
            let expected = shown(&expected(&mongo, &topics, order).await);
            assert!(!expected.is_empty());
            for limit in [1, 2, 7, 40, 500] {
                let (_, whole) = all(&mongo, &Scope::whole("a"), order, limit).await;
                assert_eq!(shown(&whole), expected, "a whole space, {order:?}, {limit}");
                let (_, named) = all(&mongo, &Scope::new("a", topics), order, limit).await;
                assert_eq!(shown(&named), expected, "its topics, {order:?}, {limit}");
            }
        }
        let (_, nothing) = all(&mongo, &Scope::whole("c"), SortOrder::Ascending, 9).await;
        assert!(nothing.is_empty());
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn more_topics_than_are_merged_at_once_are_merged_too() {
    let (mongo, other) = logs(set(), "spaces_many", quick()).await;
    mongo.epoch().await.unwrap();
    other.insert(records(&names(450), 1000)).await;
    let some: Vec<String> = (0..450).filter(|n| n % 5 > 0).map(|n| format!("n{n}")).collect();
    let some: Vec<&str> = some.iter().map(String::as_str).collect();
    for order in BOTH {
        let whole = all(&mongo, &Scope::whole("a"), order, 1000).await.1;
        let of = some.iter().copied().collect::<BTreeSet<_>>();
        let mut expected = shown(&whole);
        expected.retain(|(name, _)| of.contains(&**name));
        for limit in [100, 1000] {
            let (_, named) = all(&mongo, &Scope::new("a", some.clone()), order, limit).await;
            assert_eq!(shown(&named), expected, "{order:?}, {limit}");
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_page_of_many_topics_is_one_question_that_sorts_nothing() {
    let (mongo, other) = logs(set(), "spaces_plan", quick()).await;
    mongo.epoch().await.unwrap();
    let at = |id: i64| DateTime::from_millis(1_700_000_000_000 + id);
    let record = |id: i64| {
        let name = format!("n{}", id % 200);
        doc! { "_id": id, "workspace_id": "a", "workflow_id": name, "date": at(id) }
    };
    other.insert((0..20_000).map(record)).await;
    let some: Vec<String> = (0..100).map(|n| format!("n{n}")).collect();
    for (scope, most) in [(Scope::new("a", some), 100), (Scope::whole("a"), 0)] {
        for order in BOTH {
            let page = |as_of, after, limit| {
                let asked = query(Option::as_ref(&as_of), Option::as_ref(&after), order, limit);
                within(mongo.history(&scope, asked))
            };
            let first = page(None, None, 50).await.unwrap();
            other.db.run_command(doc! { "profile": 2 }).await.unwrap();
            let next = page(Some(first.as_of), first.more_after, 50).await.unwrap();
            other.db.run_command(doc! { "profile": 0 }).await.unwrap();
            assert_eq!(next.entries.len(), 50);
            let reads = profiled(&other).await;
            let [read] = &*reads else { panic!("one question: {reads:#?}") };
            assert!(!read.get_bool("hasSortStage").unwrap_or(false), "{read:#?}");
            let number = |name: &str| read.get_i32(name).unwrap();
            // Each part of the index is looked at once before the first of them is known.
            assert!(number("keysExamined") <= 60 + 2 * most, "{read:#?}");
            assert!(number("docsExamined") <= 60 + most, "{read:#?}");
        }
    }
}

async fn profiled(logs: &Logs) -> Vec<Document> {
    let profile = logs.db.collection::<Document>("system.profile");
    let reads = profile.find(doc! { "command.find": "logs" }).await.unwrap();
    let reads = reads.try_collect().await.unwrap();
    profile.drop().await.unwrap();
    reads
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn without_its_index_a_whole_space_is_an_error_and_topics_are_read() {
    for (server, options) in ways() {
        let uri = server.database_uri("spaces_unindexed");
        let other = Logs::connect(&uri).await;
        for keys in [
            doc! { "workspace_id": 1, "workflow_id": 1, "date": 1, "_id": 1 },
            doc! { "date": 1, "_id": 1 },
        ] {
            other.coll.create_index(IndexModel::builder().keys(keys).build()).await.unwrap();
        }
        other.insert(records(&names(1), 11)).await;
        let mongo = connect(&uri, options.indexes(Indexes::Require)).await;
        mongo.check_indexes().await.unwrap();
        let (_, topic) = all(&mongo, &Scope::new("a", ["n0"]), SortOrder::Ascending, 99).await;
        assert!(!topic.is_empty());
        let space = Scope::whole("a");
        let whole = || mongo.history(&space, query(None, None, BOTH[0], 9));
        let error = whole().await.unwrap_err();
        assert_eq!(error.fault(), Fault::NeedsAction);
        let Error::MissingIndex { name: "space", command, .. } = error else { panic!("{error}") };
        assert_eq!(
            command,
            "db.getCollection(\"logs\").createIndex({\"workspace_id\":1,\"date\":1,\"_id\":1},\
             {\"name\":\"workspace_id_date__id_simple\",\"collation\":{\"locale\":\"simple\"}})"
        );
        // One that is made meanwhile is found, whoever makes it.
        mongo.make_indexes().await.unwrap();
        assert_eq!(whole().await.unwrap().entries.len(), 9);
        other.coll.drop_index("space").await.unwrap();
        whole().await.unwrap_err();
        let error = whole().await.unwrap_err();
        assert!(matches!(error, Error::MissingIndex { name: "space", .. }), "{error}");
    }
}
