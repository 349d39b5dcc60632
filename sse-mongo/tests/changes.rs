//! Changes, from any position, in both ways of following.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::time::{Duration, Instant};

use common::{
    at, changed, changes, ids, live, logs, page, query, quick, record, scope, set, standalone,
    ways, within,
};
use futures_util::future::join_all;
use gapless_sse_core::follow::{
    Changes, Coordinate, Fault, Frontier, Reset, SortOrder, Source, SourceError,
};
use gapless_sse_mongo::bson::{Bson, DateTime, Timestamp, doc};
use gapless_sse_mongo::{Key, Mode, Mongo, Position};

/// The token's text form is to stay within 86 characters, of which 13 bytes are not the position.
const TOKEN: usize = 64 - 13;

/// How many bytes both take in an event's id.
fn encoded(position: &Position, key: &Key) -> usize {
    let mut bytes = Vec::new();
    position.encode(&mut bytes);
    key.encode(&mut bytes);
    bytes.len()
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn from_every_position_within_a_transaction_the_rest_of_it_comes() {
    let (mongo, other) = logs(set(), "transaction", quick()).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    other.insert([record(0)]).await;
    let mut session = other.client.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    for id in [5, 3, 1, 4, 2] {
        other.coll.insert_one(record(id)).session(&mut session).await.unwrap();
    }
    session.commit_transaction().await.unwrap();
    other.insert([record(6), record(7)]).await;

    let order = ["0", "5", "3", "1", "4", "2", "6", "7"];
    let all = changes(&mongo, &start, 8).await;
    assert_eq!(changed(&all), order);
    for (read, (position, entry)) in all.iter().enumerate() {
        let rest = changes(&mongo, position, 7 - read).await;
        assert_eq!(changed(&rest), order[read + 1..]);
        let mut bytes = Vec::new();
        position.encode(&mut bytes);
        assert!(encoded(position, &entry.key) <= TOKEN);
        assert_eq!(Position::decode(&mut &*bytes).as_ref(), Some(position));
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_was_handed_out_is_a_place_to_go_on_from() {
    for (server, options) in ways() {
        let (mongo, other) = logs(server, "through", options).await;
        mongo.epoch().await.unwrap();
        let mut open = mongo.changes(&mongo.tail_start().await.unwrap()).await.unwrap();
        let mut seen = Vec::new();
        for (id, count) in (0..6).zip(1..) {
            other.insert([record(id)]).await;
            let through = within(async {
                loop {
                    let batch = open.next().await.unwrap();
                    seen.extend(changed(&batch.changes));
                    if seen.len() == count {
                        break batch.through;
                    }
                }
            })
            .await;
            // Another reader goes on where this one was.
            open = mongo.changes(&through).await.unwrap();
        }
        assert_eq!(seen, ["0", "1", "2", "3", "4", "5"]);
    }
}

/// History at a snapshot, then the changes after it, while four writers write.
async fn splice(mongo: &Mongo<common::Row>, other: &common::Logs, order: SortOrder) {
    const EACH: i32 = 150;
    mongo.epoch().await.unwrap();
    let writers = join_all((0..4).map(|writer| async move {
        for nth in 0..EACH {
            // A writer's clock is right, but not more than that.
            let early = DateTime::now().timestamp_millis() - i64::from(nth % 40);
            other.insert([at(writer * EACH + nth, DateTime::from_millis(early))]).await;
        }
    }));
    let reader = async {
        // Somewhere in the middle.
        let count = async || other.coll.count_documents(doc! {}).await.unwrap();
        while count().await < 200 {}
        let (as_of, history) = common::all(mongo, &scope(), order, 17).await;
        let mut ids = ids(&history);
        let rest = 4 * EACH as usize - ids.len();
        assert!(rest > 0, "the writers were done before the snapshot");
        ids.extend(changed(&changes(mongo, &as_of, rest).await));
        ids
    };
    let ((), mut ids) = tokio::join!(
        async {
            writers.await;
        },
        within(reader)
    );
    ids.sort_unstable_by_key(|id| id.parse::<i32>().unwrap());
    let expected: Vec<_> = (0..4 * EACH).map(|id| id.to_string()).collect();
    assert_eq!(ids, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn history_and_the_changes_after_it_hold_every_record_once_with_four_writers() {
    for (server, options) in ways() {
        for (order, name) in
            [(SortOrder::Ascending, "splice_up"), (SortOrder::Descending, "splice_down")]
        {
            let (mongo, other) = logs(server, name, options.clone()).await;
            Box::pin(splice(&mongo, &other, order)).await;
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn polling_a_replica_set_reads_pages_of_settled_records() {
    let options = quick().mode(Mode::Poll).batch_size(7);
    let (mongo, other) = logs(set(), "polled_set", options).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    let now = DateTime::now();
    other.insert((0..50).map(|id| at(id, now))).await;
    let all = changes(&mongo, &start, 50).await;
    let expected: Vec<_> = (0..50).map(|id| id.to_string()).collect();
    assert_eq!(changed(&all), expected);
    for (read, (position, entry)) in all.iter().enumerate() {
        let rest = changes(&mongo, position, 49 - read).await;
        assert_eq!(changed(&rest), expected[read + 1..]);
        assert!(encoded(position, &entry.key) <= TOKEN);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn polling_finds_records_whose_date_is_none_in_history_at_most() {
    let (mongo, other) = logs(standalone(), "no_dates", quick()).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    let of = |id: i32, date: Bson| {
        let mut record = record(id);
        record.insert("date", date);
        record
    };
    let stamp = Bson::Timestamp(Timestamp { time: 1, increment: 1 });
    other.insert([of(0, Bson::Null), of(1, "2025-01-01".into()), of(2, stamp), record(3)]).await;
    assert_eq!(changed(&changes(&mongo, &start, 1).await), ["3"]);
    assert_eq!(ids(&page(&mongo, 9).await.entries), ["0", "1", "3"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn polling_without_an_interval_pauses_all_the_same() {
    let restless = quick().interval(Duration::ZERO);
    let (mongo, _) = logs(standalone(), "restless", restless).await;
    let mut open = mongo.changes(&mongo.tail_start().await.unwrap()).await.unwrap();
    let began = Instant::now();
    for _ in 0..=50 {
        within(open.next()).await.unwrap();
    }
    assert!(began.elapsed() >= 50 * Duration::from_millis(10));
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn the_end_of_a_collection_ends_its_changes_and_its_epoch() {
    for (server, options) in ways() {
        let (mongo, other) = logs(server, "ended", options).await;
        let mut epochs = vec![mongo.epoch().await.unwrap()];
        for end in ["drop", "rename", "dropDatabase"] {
            let start = mongo.tail_start().await.unwrap();
            let mut open = mongo.changes(&start).await.unwrap();
            assert_eq!(mongo.epoch().await.unwrap(), epochs[epochs.len() - 1]);
            other.insert([record(1)]).await;
            within(async { while open.next().await.unwrap().changes.is_empty() {} }).await;
            match end {
                "drop" => other.coll.drop().await.unwrap(),
                "rename" => {
                    let command = doc! {
                        "renameCollection": "ended.logs", "to": "ended.old", "dropTarget": true,
                    };
                    other.client.database("admin").run_command(command).await.unwrap();
                }
                _ => other.db.drop().await.unwrap(),
            }
            let error = common::failure(&mut open).await;
            assert_eq!(error.fault(), Fault::Ended, "{end}: {error}");
            epochs.push(mongo.epoch().await.unwrap());
            // The new life begins after the old one's end: it does not end at once.
            other.insert([record(2)]).await;
            let start = mongo.tail_start().await.unwrap();
            assert_eq!(changed(&changes(&mongo, &start, 1).await), ["2"]);
            assert!(page(&mongo, 9).await.entries.len() < 2);
        }
        let count = epochs.len();
        epochs.sort_unstable();
        epochs.dedup();
        assert_eq!(epochs.len(), count);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_was_inserted_before_the_end_comes_before_it() {
    let (mongo, other) = logs(set(), "last_words", quick()).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    other.insert((0..3).map(record)).await;
    other.coll.drop().await.unwrap();
    assert_eq!(changed(&changes(&mongo, &start, 3).await), ["0", "1", "2"]);
    let mut open = mongo.changes(&start).await.unwrap();
    assert_eq!(common::failure(&mut open).await.fault(), Fault::Ended);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn the_operators_number_is_part_of_the_epoch() {
    let (mongo, _) = logs(set(), "numbered", quick()).await;
    let (raised, _) = logs(set(), "numbered", quick().epoch(1)).await;
    let epoch = mongo.epoch().await.unwrap();
    assert_eq!(mongo.epoch().await.unwrap(), epoch);
    assert_ne!(raised.epoch().await.unwrap(), epoch);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_position_ahead_of_the_server_is_of_the_future() {
    let ahead = quick().warm_up(Duration::ZERO);
    let (mongo, other) = logs(set(), "future", ahead).await;
    let (polls, _) = logs(standalone(), "future", quick()).await;
    mongo.epoch().await.unwrap();
    polls.epoch().await.unwrap();
    // A fresh snapshot's position names the time after the newest one.
    let now = page(&mongo, 0).await.as_of;
    assert_eq!(live(&mongo, &now).await, Ok(Frontier::Live(now.clone())));
    let settled = page(&polls, 0).await.as_of;
    assert_eq!(live(&polls, &settled).await, Ok(Frontier::Live(settled)));

    let mut bytes = Vec::new();
    now.encode(&mut bytes);
    // Seconds are its first half, the highest byte first.
    bytes[2] += 1;
    let future = Position::decode(&mut &*bytes).unwrap();
    assert_eq!(live(&mongo, &future).await, Err(Reset::Future));
    let hour = DateTime::from_millis(DateTime::now().timestamp_millis() + 3_600_000);
    other.insert([at(0, hour)]).await;
    let key = page(&mongo, 1).await.entries[0].key.clone();
    let mut bytes = vec![3];
    key.encode(&mut bytes);
    let future = Position::decode(&mut &*bytes).unwrap();
    assert_eq!(live(&polls, &future).await, Err(Reset::Future));
    assert_eq!(live(&polls, &now).await, Err(Reset::Epoch));
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_polling_had_settled_goes_on_by_change_streams() {
    let polling = quick().mode(Mode::Poll);
    let (polls, other) = logs(set(), "translated", polling).await;
    let (streams, _) = logs(set(), "translated", quick()).await;
    polls.epoch().await.unwrap();
    let start = polls.tail_start().await.unwrap();
    other.insert((0..10).map(record)).await;
    let (settled, _) = changes(&polls, &start, 10).await.swap_remove(3);
    let whole = page(&polls, 0).await.as_of;
    other.insert((10..20).map(record)).await;
    for (position, rest) in [(&settled, 4..20), (&whole, 10..20)] {
        let Ok(Frontier::History { as_of, after }) = live(&streams, position).await else {
            panic!("history is to be read on");
        };
        let asked = query(Some(&as_of), Some(&after), SortOrder::Ascending, 100);
        let history = streams.history(&scope(), asked).await.unwrap();
        let expected: Vec<_> = rest.map(|id: i32| id.to_string()).collect();
        assert_eq!(ids(&history.entries), expected);
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn updates_and_deletes_are_no_changes_of_a_log() {
    let (mongo, other) = logs(set(), "updates", quick()).await;
    mongo.epoch().await.unwrap();
    let start = mongo.tail_start().await.unwrap();
    other.insert([record(0)]).await;
    other.coll.update_one(doc! { "_id": 0 }, doc! { "$set": { "message": "y" } }).await.unwrap();
    other.coll.delete_one(doc! { "_id": 0 }).await.unwrap();
    other.insert([record(1)]).await;
    let all = changes(&mongo, &start, 2).await;
    assert_eq!(changed(&all), ["0", "1"]);
    assert!(all[0].1.record.json.contains(r#""message":"x""#));
}
