//! What is counted of the queries, and how old the tail is.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::time::Duration;

use common::{at, changes, connect, logs, page, record, standalone, ways, within};
use gapless_sse_core::follow::{Changes, Source};
use gapless_sse_mongo::bson::{DateTime, doc};
use gapless_sse_mongo::{Mode, Operation, QueryTimes, Stats};

fn of(stats: &Stats, operation: Operation) -> QueryTimes {
    stats.queries.iter().find(|(of, _)| *of == operation).unwrap().1.clone()
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn queries_are_counted_by_what_they_are_for_and_how_long_they_took() {
    for (server, options) in ways() {
        let (mongo, other) = logs(server, "stats", options).await;
        assert_eq!(of(&mongo.stats(), Operation::History), QueryTimes::default());
        let start = mongo.tail_start().await.unwrap();
        other.insert([record(1), doc! { "_id": 2, "date": DateTime::now() }]).await;
        changes(&mongo, &start, 1).await;
        page(&mongo, 10).await;
        page(&mongo, 10).await;
        let stats = mongo.stats();
        assert_eq!(of(&stats, Operation::History).count, 2);
        assert!(
            of(&stats, Operation::Changes).count >= 1 && of(&stats, Operation::Probe).count >= 1
        );
        for (operation, times) in &stats.queries {
            assert!(times.buckets.is_sorted() && times.buckets[9] <= times.count, "{operation}");
            let longest = QueryTimes::BOUNDS[9] * u32::try_from(times.count).unwrap();
            assert!(times.total <= longest, "{operation}");
        }
        assert!(stats.tail.is_none(), "nobody has read the tail");
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn the_tail_tells_how_old_it_is_and_when_it_was_heard_of() {
    for (server, options) in ways() {
        let (mongo, other) = logs(server, "tail", options.clone()).await;
        other.insert([record(1)]).await;
        let from = mongo.tail_start().await.unwrap();
        let mut tail = mongo.tail(&from).await.unwrap();
        within(tail.next()).await.unwrap();
        let heard = mongo.stats().tail.unwrap();
        assert!(heard.lag < Duration::from_secs(15), "{heard:?}");
        let polls = mongo.mode().await.unwrap() == Mode::Poll;
        assert!(!polls || heard.lag >= options.lateness, "{heard:?}");
        let silent = || mongo.stats().tail.unwrap().heard >= Duration::from_millis(50);
        within(async {
            while !silent() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        within(async {
            while silent() {
                tail.next().await.unwrap();
            }
        })
        .await;
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn records_of_no_log_are_counted_wherever_they_come_from() {
    let (mongo, other) = logs(standalone(), "of_none", common::quick()).await;
    let start = mongo.tail_start().await.unwrap();
    other.insert([doc! { "_id": 0, "date": DateTime::now() }, at(1, DateTime::now())]).await;
    changes(&mongo, &start, 1).await;
    assert_eq!(mongo.stats().skipped, 1);
    let again = connect(&standalone().database_uri("of_none"), common::quick()).await;
    assert_eq!(again.stats().skipped, 0);
}
