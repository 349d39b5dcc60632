//! Records so large that a reply, of 16 MB at most, does not hold what was asked for.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use common::{Logs, all, at, changed, changes, ids, logs, query, quick, scope, set, standalone};
use gapless_sse_core::follow::{HistoryQuery, Scope, SortOrder, Source};
use gapless_sse_mongo::bson::{DateTime, Document};

const BOTH: [SortOrder; 2] = [SortOrder::Ascending, SortOrder::Descending];

fn past(seconds: i32) -> DateTime {
    DateTime::from_millis(1_700_000_000_000 + i64::from(seconds) * 1000)
}

fn large(id: i32, date: DateTime, size: usize) -> Document {
    let mut record = at(id, date);
    record.insert("message", "x".repeat(size));
    record
}

/// Two of 9 MB, which no reply holds together, and three small ones.
async fn insert_two_of_nine_megabytes(other: &Logs, date: impl Fn(i32) -> DateTime) {
    for id in 0..5 {
        let size = if id < 2 { 9_000_000 } else { 1 };
        other.insert([large(id, date(id), size)]).await;
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_page_that_a_reply_cannot_hold_says_that_there_is_more() {
    let (mongo, other) = logs(set(), "large", quick()).await;
    mongo.epoch().await.unwrap();
    for id in 0..8 {
        other.insert([large(id, past(id), 5_000_000)]).await;
    }
    let within =
        HistoryQuery { max_bytes: 16_000_000, ..query(None, None, SortOrder::Ascending, 100) };
    let first = mongo.history(&scope(), within).await.unwrap();
    assert!(first.more_after.is_some() && (1..8).contains(&first.entries.len()));
    // Those of the other workflow all come at once, and belong behind and between.
    let small = |id: i32| {
        let mut record = at(100 + id, past(id));
        record.insert("workflow_id", "c");
        record
    };
    other.insert((0..12).map(small)).await;
    let both = Scope::new("a", ["b", "c"]);
    let mut expected: Vec<i32> = (0..8).chain(100..112).collect();
    expected.sort_by_key(|id| (id % 100, *id));
    let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    for order in BOTH {
        let (_, read) = all(&mongo, &both, order, 100).await;
        assert_eq!(ids(&read), expected);
        expected.reverse();
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn history_goes_on_where_a_reply_holds_the_repeated_record_alone() {
    for (server, name) in [(set(), "nine_set"), (standalone(), "nine_alone")] {
        let (mongo, other) = logs(server, name, quick()).await;
        mongo.epoch().await.unwrap();
        insert_two_of_nine_megabytes(&other, past).await;
        let mut expected = ["0", "1", "2", "3", "4"];
        for order in BOTH {
            let (_, read) = all(&mongo, &scope(), order, 100).await;
            assert_eq!(ids(&read), expected, "{order:?}");
            expected.reverse();
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn polling_goes_on_where_a_reply_holds_the_repeated_record_alone() {
    let (mongo, other) = logs(standalone(), "nine_polled", quick()).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    let now = DateTime::now();
    insert_two_of_nine_megabytes(&other, |_| now).await;
    let all = changes(&mongo, &start, 5).await;
    assert_eq!(changed(&all), ["0", "1", "2", "3", "4"]);
}
