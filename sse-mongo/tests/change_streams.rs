//! What a change stream may hold, and how long the server may look for it.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::time::Duration;

use common::{
    Logs, all, at, changed, changes, connect, ids, logs, page, quick, record, scope, set, ways,
    within,
};
use gapless_sse_core::follow::{Changes, SortOrder, Source};
use gapless_sse_mongo::Operation;
use gapless_sse_mongo::bson::{DateTime, doc};

const MEGABYTE: usize = 1 << 20;

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_record_that_no_event_can_hold_is_fetched_and_the_changes_go_on() {
    let (mongo, other) = logs(set(), "large_event", quick()).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    other.insert([record(0)]).await;
    let id = "i".repeat(20_000);
    let mut large = record(0);
    large.insert("_id", &id);
    large.insert("message", "m".repeat(16 * MEGABYTE - 2 * id.len() - 1000));
    other.insert([large]).await;
    other.insert([record(1)]).await;
    let read = changes(&mongo, &start, 3).await;
    assert_eq!(changed(&read), ["0", &id, "1"]);
    assert!(read[1].1.record.json.len() > 15 * MEGABYTE);
    assert_eq!(mongo.stats().lost, 0);
    assert_eq!(changed(&changes(&mongo, &read[1].0, 1).await), ["1"]);
    assert_eq!(changed(&changes(&mongo, &read[0].0, 2).await), [&id, "1"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_record_whose_id_fills_replies_is_handed_on_or_passed_over_and_counted() {
    for (kilobytes, name) in [(20, "id_20"), (3000, "id_3"), (5000, "id_5"), (7900, "id_8")] {
        let (mongo, other) = logs(set(), name, quick()).await;
        mongo.epoch().await.unwrap();
        let start = mongo.tail_start().await.unwrap();
        other.insert((0..30).map(record)).await;
        // A reply that is nearly full has no room for the token that comes with it.
        let mut filler = at(30, DateTime::now());
        filler.insert("message", "m".repeat(9 * MEGABYTE));
        other.insert([filler]).await;
        let mut long = record(0);
        long.insert("_id", "i".repeat(kilobytes * 1024));
        other.insert([long]).await;
        other.insert((31..40).map(record)).await;
        let mut open = mongo.changes(&start).await.unwrap();
        let (mut short, mut long) = (Vec::new(), 0);
        within(async {
            while short.len() < 40 {
                let batch = open.next().await.unwrap();
                let (of_long, of_short): (Vec<_>, _) =
                    changed(&batch.changes).into_iter().partition(|id| id.len() > 9);
                short.extend(of_short);
                long += of_long.len();
            }
        })
        .await;
        let expected: Vec<_> = (0..40).map(|id| id.to_string()).collect();
        assert_eq!(short, expected, "{kilobytes}");
        assert_eq!(long, usize::from(kilobytes < 4000), "{kilobytes}");
        assert_eq!(mongo.stats().lost, u64::from(kilobytes >= 4000), "{kilobytes}");
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn batches_of_changes_are_bounded_in_number_and_in_bytes() {
    for (server, options) in ways() {
        let (mongo, other) = logs(server, "bounded", options.batch_size(100)).await;
        mongo.epoch().await.unwrap();
        let start = mongo.tail_start().await.unwrap();
        let now = DateTime::now();
        other.insert((0..1000).map(|id| at(id, now))).await;
        let large = |id: i32| {
            let mut large = at(id, now);
            large.insert("message", "m".repeat(300_000));
            large
        };
        for chunk in 0..10 {
            other.insert((0..10).map(|id| large(1000 + chunk * 10 + id))).await;
        }
        let mut open = mongo.changes(&start).await.unwrap();
        let mut read = Vec::new();
        within(async {
            while read.len() < 1100 {
                let batch = open.next().await.unwrap();
                let bytes = batch.changes.iter().map(|(_, entry)| entry.record.json.len());
                let bytes = bytes.sum::<usize>();
                assert!(batch.changes.len() <= 100 && bytes < 2 * MEGABYTE, "{bytes}");
                read.extend(batch.changes);
            }
        })
        .await;
        let expected: Vec<_> = (0..1100).map(|id| id.to_string()).collect();
        assert_eq!(changed(&read), expected);
        // Wherever a batch was cut, the rest follows.
        for nth in [99, 100, 550, 1003, 1099] {
            let rest = changes(&mongo, &read[nth].0, 1099 - nth).await;
            assert_eq!(changed(&rest), expected[nth + 1..]);
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_record_whose_topic_is_set_after_its_insert_appears_where_it_was_set() {
    let (mongo, other) = logs(set(), "joins", quick()).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    let untold = |id: i32| {
        let mut record = record(id);
        record.remove("workflow_id");
        record
    };
    other.insert([untold(0), record(1), untold(2)]).await;
    let join = async |id: i32, name: &str| {
        let set = doc! { "$set": { "workflow_id": name, "message": "joined" } };
        other.coll.update_one(doc! { "_id": id }, set).await.unwrap();
    };
    join(2, "b").await;
    let (between, before) = all(&mongo, &scope(), SortOrder::Ascending, 9).await;
    assert_eq!(ids(&before), ["1", "2"]);
    other.insert([record(3)]).await;
    join(0, "b").await;
    join(0, "c").await;
    other.insert([record(4)]).await;
    let read = changes(&mongo, &start, 6).await;
    let topics: Vec<_> = read
        .iter()
        .map(|(_, entry)| format!("{} {}", entry.topic.name(), entry.record.id))
        .collect();
    assert_eq!(topics, ["b 1", "b 2", "b 3", "b 0", "c 0", "b 4"]);
    assert!(read[1].1.record.json.contains("joined"));
    let skipped = mongo.stats().skipped;
    assert!(skipped >= 2, "{skipped}");
    // History as of a moment and the changes after it have each once.
    assert_eq!(changed(&changes(&mongo, &between, 4).await), ["3", "0", "0", "4"]);
    for (nth, (position, _)) in read.iter().enumerate() {
        assert_eq!(changed(&changes(&mongo, position, 5 - nth).await), changed(&read)[nth + 1..]);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn the_tail_counts_what_is_changed_and_deleted_and_nobody_else_does() {
    let (mongo, other) = logs(set(), "changed", quick()).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    other.insert((0..20).map(record)).await;
    let update = doc! { "$set": { "message": "y" } };
    other.coll.update_many(doc! { "_id": { "$lt": 5 } }, update).await.unwrap();
    other.coll.replace_one(doc! { "_id": 6 }, record(6)).await.unwrap();
    let mut replaced = record(7);
    replaced.insert("message", "z");
    other.coll.replace_one(doc! { "_id": 7 }, replaced).await.unwrap();
    other.coll.delete_many(doc! { "_id": { "$gt": 7 } }).await.unwrap();
    other.insert([record(20)]).await;
    let counted = || {
        let stats = mongo.stats();
        (stats.updated, stats.replaced, stats.deleted)
    };
    assert_eq!(changes(&mongo, &start, 21).await.len(), 21);
    assert_eq!(counted(), (0, 0, 0));
    let mut tail = mongo.tail(&start).await.unwrap();
    let mut read = 0;
    within(async {
        while read < 21 {
            read += tail.next().await.unwrap().changes.len();
        }
    })
    .await;
    let (updated, replaced, deleted) = counted();
    assert_eq!((updated, deleted), (5, 12));
    assert!((1..=2).contains(&replaced), "{replaced}");
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_server_that_looks_for_changes_for_long_is_waited_for() {
    let uri = set().database_uri("long_look");
    let other = Logs::connect(&uri).await;
    let mongo = connect(&format!("{uri}&appName=long_look"), quick()).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    other.insert([record(0)]).await;
    let opened = || {
        let queries = mongo.stats().queries;
        queries.iter().find(|(of, _)| *of == Operation::Changes).unwrap().1.count
    };
    let before = opened();
    other.delay("long_look", "getMore", Duration::from_secs(15)).await;
    let mut open = mongo.changes(&start).await.unwrap();
    // The first batch comes at once all the same.
    let first = tokio::time::timeout(Duration::from_secs(5), open.next()).await.unwrap().unwrap();
    assert!(first.changes.is_empty() && first.through >= start);
    let read = within(async {
        loop {
            let batch = open.next().await.unwrap();
            if !batch.changes.is_empty() {
                break batch.changes;
            }
        }
    })
    .await;
    assert_eq!(changed(&read), ["0"]);
    // Opened once; and the server was asked whether it works, twice.
    assert_eq!(opened() - before, 3);
    assert_eq!(page(&mongo, 9).await.entries.len(), 1);
}
