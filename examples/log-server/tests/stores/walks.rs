//! Pages one after another, and a stream from where they began, while others write.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use gapless_sse_core::follow::{Seal, SortOrder};
use gapless_sse_core::{EventId, FollowOptions, Log, LogOptions, LogPage};
use jiff::{SignedDuration, Timestamp};
use log_server::row::NewRow;
use log_server::store::Store;
use testbed::Mongod;
use tokio::time::{interval, timeout};

use crate::suite::{PATIENCE, message, numbered, orders, past, rows, settle, topic};

const KEPT: usize = 40;
/// Rows that are written between two pages, some into the part that was read, some into the rest.
const BETWEEN: usize = 3;

/// How often each row came: on pages, and on a stream after the position of one of them.
struct Walk {
    came: HashMap<String, usize>,
    written: usize,
    pages: Vec<(EventId, bool)>,
}

/// When a row happened that is written during a walk.
type Date = fn(&mut Rng) -> Timestamp;

async fn write<S: Store>(store: &S, rows: Vec<NewRow>) {
    store.append(&topic("orders"), rows).await.unwrap();
}

async fn walk<S: Store>(
    store: &S,
    log: &Log<S>,
    order: SortOrder,
    (name, date): (&str, Date),
) -> Walk {
    let mut rng = Rng::with_seed(7);
    let mut walk = Walk { came: HashMap::new(), written: 0, pages: Vec::new() };
    let mut cursor: Option<EventId> = None;
    loop {
        let page =
            log.page(&orders(), cursor.as_ref().map(EventId::as_str), order, 5).await.unwrap();
        for row in &page.records {
            *walk.came.entry(message(row)).or_default() += 1;
        }
        walk.pages.push((page.stream_position, page.renewed));
        cursor = page.next;
        if cursor.is_none() {
            return walk;
        }
        for _ in 0..BETWEEN {
            let row = rows(date(&mut rng), [format!("{name} {}", walk.written)]);
            write(store, row).await;
            walk.written += 1;
        }
    }
}

/// Reads a stream after `position` until it is where the log is now.
async fn stream<S: Store>(log: &Log<S>, position: &EventId, walk: &mut Walk, expected: usize) {
    let options = FollowOptions::default().after(Some(position.clone()));
    let mut stream = log.follow(orders(), options);
    let read = timeout(PATIENCE, async {
        let mut streamed = 0;
        while streamed < expected {
            let event = stream.next().await.unwrap();
            let text = String::from_utf8(event.as_ref().to_vec()).unwrap();
            assert!(!text.contains("event: reset"), "{text}");
            for data in text.lines().filter_map(|line| line.strip_prefix("data: {\"")) {
                let Ok(row) = serde_json::from_str::<serde_json::Value>(&format!("{{\"{data}"))
                else {
                    continue;
                };
                if let Some(message) = row["message"].as_str() {
                    *walk.came.entry(message.to_owned()).or_default() += 1;
                    streamed += 1;
                }
            }
        }
    });
    read.await.expect("what was written comes");
}

async fn a_walk_and_a_stream_bring_each_row_once<S>(store: &S, date: Date)
where
    S: Store + Clone,
{
    // Over two minutes, so that what is written later comes before, between and behind them.
    for n in 0..KEPT {
        let date = past(160 - 3 * i64::try_from(n).unwrap());
        write(store, numbered(date, &format!("kept {n} "), 1)).await;
    }
    let mut there = KEPT;
    settle(store, &orders(), there).await;
    let log = Log::spawn(store.clone(), Seal::new(b"secret"), LogOptions::default());
    for (order, name) in [(SortOrder::Ascending, "up"), (SortOrder::Descending, "down")] {
        let mut walk = walk(store, &log, order, (name, date)).await;
        assert!(walk.pages.len() >= there / 5, "{:?}", walk.pages);
        assert!(walk.pages.iter().all(|page| *page == (walk.pages[0].0.clone(), false)));
        assert_eq!(walk.came.len(), there, "{order:?}: pages show what was there");
        let (position, written) = (walk.pages.last().unwrap().0.clone(), walk.written);
        stream(&log, &position, &mut walk, written).await;
        there += written;
        assert_eq!(walk.came.len(), there, "{order:?}: none is lost");
        assert!(walk.came.values().all(|times| *times == 1), "{order:?}: {:?}", walk.came);
    }
}

/// Before, between and behind the rows that were there.
fn any_time(rng: &mut Rng) -> Timestamp {
    past(100) + SignedDuration::from_secs(rng.i64(-80..80))
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_a_stream_on_sqlite() {
    let (store, _folder) = super::sqlite().await;
    a_walk_and_a_stream_bring_each_row_once(&store, any_time).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn pages_and_a_stream_on_mongodb_by_change_streams() {
    let (store, _server) = super::change_streams().await;
    a_walk_and_a_stream_bring_each_row_once(&store, any_time).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn pages_and_a_stream_on_mongodb_by_polling() {
    let (store, _server) = super::polling().await;
    a_walk_and_a_stream_bring_each_row_once(&store, |_| Timestamp::now()).await;
}

/// Nothing is missed then, what may come twice is said, and a new walk is exact again.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_walk_whose_snapshot_is_gone_says_so() {
    let old = ["--setParameter", "minSnapshotHistoryWindowInSeconds=1"];
    let (store, _server) = super::connect(Mongod::replica_set_with(1, &old).unwrap()).await;
    for n in 0..KEPT {
        write(&store, numbered(past(100), &format!("kept {n} "), 1)).await;
    }
    let log = Log::spawn(store.clone(), Seal::new(b"secret"), LogOptions::default());
    let first = log.page(&orders(), None, SortOrder::Descending, 5).await.unwrap();
    let mut walk = Walk { came: HashMap::new(), written: 0, pages: Vec::new() };
    let count = |walk: &mut Walk, page: &LogPage<_>| {
        for row in &page.records {
            *walk.came.entry(message(row)).or_default() += 1;
        }
    };
    count(&mut walk, &first);
    let mut pace = interval(Duration::from_millis(200));
    let mut page = timeout(PATIENCE, async {
        loop {
            // The server forgets old snapshots when there are newer ones.
            let row = rows(any_time(&mut Rng::new()), [format!("new {}", walk.written)]);
            write(&store, row).await;
            walk.written += 1;
            pace.tick().await;
            let cursor = first.next.as_ref().map(EventId::as_str);
            let page = log.page(&orders(), cursor, SortOrder::Descending, 5).await.unwrap();
            if page.renewed {
                break page;
            }
        }
    })
    .await
    .expect("the snapshot goes");
    loop {
        count(&mut walk, &page);
        assert!(page.renewed && page.stream_position == first.stream_position);
        let Some(cursor) = &page.next else { break };
        page = log.page(&orders(), Some(cursor.as_str()), SortOrder::Descending, 5).await.unwrap();
    }
    let written = walk.written;
    stream(&log, &first.stream_position, &mut walk, written).await;
    assert_eq!(walk.came.len(), KEPT + written, "none is lost");
    let twice = walk.came.iter().filter(|(_, times)| **times > 1);
    assert!(twice.clone().count() > 0 && twice.clone().all(|(name, _)| name.starts_with("new")));
}
