//! What a page of history may cost others: time on the runtime's threads, work that nobody waits
//! for, and bytes.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use common::{Logs, all, at, ids, logs, query, quick, scope, set, standalone, within};
use futures_util::future::join_all;
use gapless_sse_core::Event;
use gapless_sse_core::follow::{Filter, HistoryQuery, Record, Scope, SortOrder, Source};
use gapless_sse_mongo::bson::{DateTime, Document, RawDocument, doc};
use gapless_sse_mongo::{Effort, Key, Mongo, Narrow, Operation, Position};
use tokio::time::{Interval, MissedTickBehavior, interval};

const BOTH: [SortOrder; 2] = [SortOrder::Ascending, SortOrder::Descending];

/// Takes a millisecond for each record, and admits one in so many; counted for each name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slow {
    name: &'static str,
    one_in: i32,
}

static LOOKED_AT: LazyLock<Mutex<HashMap<&'static str, usize>>> = LazyLock::new(Mutex::default);
static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
static MOST_AT_ONCE: AtomicUsize = AtomicUsize::new(0);

fn looked_at(name: &str) -> usize {
    LOOKED_AT.lock().unwrap().get(name).copied().unwrap_or(0)
}

impl Filter for Slow {
    type Mark = i32;

    fn admits(&self, id: &i32) -> bool {
        let at_once = AT_ONCE.fetch_add(1, Ordering::SeqCst) + 1;
        MOST_AT_ONCE.fetch_max(at_once, Ordering::SeqCst);
        *LOOKED_AT.lock().unwrap().entry(self.name).or_default() += 1;
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(1) {
            std::hint::spin_loop();
        }
        AT_ONCE.fetch_sub(1, Ordering::SeqCst);
        assert!(self.one_in > 0 || *id != 7, "a filter that panics");
        id % self.one_in.max(1) == 0
    }
}

impl Narrow for Slow {}

#[derive(Debug)]
struct Row(i32);

impl Record for Row {
    type Filter = Slow;

    fn event(&self) -> Event<'_> {
        Event::new(self.0.to_string())
    }

    fn mark(&self) -> i32 {
        self.0
    }
}

async fn rows(uri: &str) -> Mongo<Row> {
    let decode = |record: &RawDocument| Ok(Row(record.get_i32("_id")?));
    // So long that no search of these tests ends for it.
    let options = quick().effort(Effort::default().time(Duration::from_secs(60)));
    Mongo::<Document>::connect(uri, "logs", options).await.unwrap().decode_with(decode)
}

fn past(id: i32) -> DateTime {
    DateTime::from_millis(1_700_000_000_000 + i64::from(id))
}

fn slow(name: &'static str, one_in: i32) -> Scope<Slow> {
    Scope::new("a", ["b"]).filtered(Slow { name, one_in })
}

/// A collection of so many small records.
async fn collection(database: &str, count: i32) -> (Mongo<Row>, Logs) {
    let uri = tokio::task::block_in_place(set).database_uri(database);
    let (mongo, other) = (rows(&uri).await, Logs::connect(&uri).await);
    mongo.epoch().await.unwrap();
    other.insert((0..count).map(|id| at(id, past(id)))).await;
    (mongo, other)
}

fn newest(limit: usize) -> HistoryQuery<Position, Key> {
    query(None, None, SortOrder::Descending, limit)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn slow_searches_leave_the_runtime_alone_and_take_turns() {
    let (mongo, _) = collection("turns", 400).await;
    let mut searches = Vec::new();
    for name in ["turns 1", "turns 2", "turns 3", "turns 4"] {
        let mongo = mongo.clone();
        searches.push(tokio::spawn(async move {
            mongo.history(&slow(name, 1000), newest(10)).await.unwrap()
        }));
    }
    let mut pace = pace();
    while looked_at("turns 4") == 0 {
        pace.tick().await;
    }
    // The only thread of the runtime is free, and nobody waits for a whole search of another.
    let mut ticks = 0;
    while looked_at("turns 4") < 40 && ticks < 10_000 {
        pace.tick().await;
        ticks += 1;
    }
    let others = ["turns 1", "turns 2", "turns 3"].map(looked_at);
    assert!(ticks >= 20, "{ticks} ticks");
    assert!(others.iter().all(|looked_at| (8..=250).contains(looked_at)), "{others:?}");
    // One that has just begun does not wait for those that take long.
    let begun = slow("turns of another", 1);
    let page = within(mongo.history(&begun, newest(1))).await.unwrap();
    assert_eq!(page.entries.len(), 1);
    let others = ["turns 1", "turns 2", "turns 3"].map(looked_at);
    assert!(others.iter().any(|looked_at| *looked_at < 400), "{others:?}");
    for page in join_all(searches).await {
        let page = page.unwrap();
        assert!(page.scanned == 400 || page.more_after.is_some(), "{page:?}");
    }
    let most = MOST_AT_ONCE.load(Ordering::SeqCst);
    let cores = available_parallelism().unwrap().get();
    assert!(most <= 2 * (cores / 2).max(1), "{most} at once on {cores} cores");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn abandoned_searches_end_within_a_step() {
    let (mongo, other) = collection("abandoned", 1000).await;
    let mut pace = pace();
    for _ in 0..30 {
        let mongo = mongo.clone();
        let before = looked_at("abandoned");
        let search = tokio::spawn(async move {
            let _ = mongo.history(&slow("abandoned", 10_000), newest(10)).await;
        });
        // The first steps are short.
        while looked_at("abandoned") < before + 40 {
            pace.tick().await;
        }
        search.abort();
    }
    // Another one takes turns with all that goes on: the last turns of those, if any.
    let before = looked_at("abandoned");
    let another = slow("beside them", 10_000);
    within(mongo.history(&another, newest(10))).await.unwrap();
    let after = looked_at("abandoned");
    assert!(after - before <= 30 * 5, "{} more were looked at", after - before);
    within(async {
        while open_cursors(&other).await > 0 {
            pace.tick().await;
        }
    })
    .await;
}

/// Something that happens on the runtime's threads, a thousand times a second at most.
fn pace() -> Interval {
    let mut pace = interval(Duration::from_millis(1));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

async fn open_cursors(other: &Logs) -> i64 {
    let status = other.db.run_command(doc! { "serverStatus": 1 }).await.unwrap();
    let metrics = status.get_document("metrics").unwrap();
    let open = metrics.get_document("cursor").unwrap().get_document("open").unwrap();
    // Not the session of a test beside this one, which reads no page.
    open.get_i64("total").unwrap() - open.get_i64("pinned").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_filter_that_panics_ends_its_own_page_only() {
    let (mongo, _) = collection("panics", 20).await;
    let panics = {
        let mongo = mongo.clone();
        tokio::spawn(async move { mongo.history(&slow("panics", 0), newest(20)).await.is_ok() })
    };
    assert!(within(panics).await.unwrap_err().is_panic());
    for _ in 0..10 {
        let page = within(mongo.history(&slow("does not", 1), newest(10))).await.unwrap();
        assert_eq!(page.entries.len(), 10);
    }
}

/// What the server has sent.
async fn sent(other: &Logs) -> i64 {
    let status = other.db.run_command(doc! { "serverStatus": 1 }).await.unwrap();
    let network = status.get_document("network").unwrap();
    network.get_i64("bytesOut").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_page_takes_the_bytes_that_it_may_and_little_more_is_read_for_it() {
    const LINES: i32 = 24;
    for (server, name) in
        tokio::task::block_in_place(|| [(set(), "bytes_set"), (standalone(), "bytes_alone")])
    {
        let uri = server.database_uri(name);
        let (plain, other) = logs(server, name, quick()).await;
        plain.epoch().await.unwrap();
        for id in 0..LINES {
            let mut line = at(id, past(id));
            line.insert("message", "x".repeat(1_000_000));
            other.insert([line]).await;
        }
        let mut expected: Vec<_> = (0..LINES).map(|id| id.to_string()).collect();
        for order in BOTH {
            let (_, read) = all(&plain, &scope(), order, 100).await;
            assert_eq!(ids(&read), expected, "{order:?}");
            let before = sent(&other).await;
            let asked = HistoryQuery { max_bytes: 4 << 20, ..query(None, None, order, 100) };
            let page = plain.history(&scope(), asked).await.unwrap();
            assert!(page.more_after.is_some());
            assert_eq!(page.entries.len(), 5, "the last of them reaches 4 MiB");
            let sent = sent(&other).await - before;
            assert!(sent < 12_000_000, "{sent} bytes for a page of five megabytes");
            expected.reverse();
        }
        // Of those that are left out, no more are held at a time.
        let rows = rows(&uri).await;
        let found = within(rows.history(&slow("bytes", 12), newest(100))).await.unwrap();
        let found: Vec<_> = found.entries.iter().map(|entry| entry.record.0).collect();
        assert_eq!(found, [12, 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn short_records_are_read_in_few_steps() {
    let (plain, other) = logs(tokio::task::block_in_place(set), "few_steps", quick()).await;
    plain.epoch().await.unwrap();
    other.insert((0..10_000).map(|id| at(id, past(id)))).await;
    let steps = || {
        let queries = plain.stats().queries;
        queries.iter().find(|(of, _)| *of == Operation::History).unwrap().1.count
    };
    for most in [2, 1] {
        let before = steps();
        let asked = query(None, None, SortOrder::Ascending, 10_000);
        let page = plain.history(&scope(), asked).await.unwrap();
        assert_eq!((page.entries.len(), page.more_after), (10_000, None));
        assert!(steps() - before <= most, "{} steps", steps() - before);
    }
}
