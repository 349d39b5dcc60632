//! Many who search the SQLite file at the same time.

use std::time::{Duration, Instant};

use gapless_sse_core::follow::{Changes, SortOrder, Source};
use log_server::search::{Effort, Search, Terms};
use log_server::store::{SqliteStore, Store};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::suite::{numbered, orders, past, query, topic};

const PATIENCE: Duration = Duration::from_secs(60);

/// How many search at the same time.
const SEARCHES: usize = 64;

async fn filled() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("logs.db")).unwrap();
    let long = "x".repeat(500);
    store.append(&topic("orders"), numbered(past(100), &long, 5_000)).await.unwrap();
    // None ends before it has looked at all of them, so each step is as long as steps are.
    let effort = Effort { rows: usize::MAX, time: 10 * PATIENCE };
    (store.searching(effort), folder)
}

/// Looks at all rows for what is nowhere, or finds the newest row at once.
async fn search(store: SqliteStore, regex: &str) {
    let terms = Terms { regexes: vec![regex.to_owned()], ..Terms::default() };
    let scope = orders().filtered(Search::new(terms).unwrap());
    store.history(&scope, query::<SqliteStore>(SortOrder::Descending, 1)).await.unwrap();
}

fn open_files(folder: &std::path::Path) -> usize {
    let files = std::fs::read_dir("/proc/self/fd").unwrap();
    let is_so = |file: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_link(file.ok()?.path()).ok()?.starts_with(folder).then_some(())
    };
    files.filter_map(is_so).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_take_turns_of_steps_and_nobody_else_waits_for_them() {
    let (store, _folder) = filled().await;
    let mut tail = store.tail(&store.tail_start().await.unwrap()).await.unwrap();
    tail.next().await.unwrap();
    let mut searches = JoinSet::new();
    for _ in 0..SEARCHES {
        let store = store.clone();
        searches.spawn(async move {
            loop {
                search(store.clone(), "nowhere (a|b)+").await;
            }
        });
    }
    // When the others have had a step, they are all in line.
    search(store.clone(), "x").await;
    // What a search of one step waits for, and what others do.
    let (mut step, mut others) = (Duration::ZERO, [Duration::ZERO; 3]);
    for _ in 0..3 {
        let began = Instant::now();
        search(store.clone(), "x").await;
        step += began.elapsed();
        let began = Instant::now();
        store.append(&topic("orders"), numbered(past(1), "new", 1)).await.unwrap();
        while timeout(PATIENCE, tail.next()).await.unwrap().unwrap().changes.is_empty() {}
        others[0] += began.elapsed();
        let began = Instant::now();
        store.history(&orders(), query::<SqliteStore>(SortOrder::Descending, 10)).await.unwrap();
        others[1] += began.elapsed();
        let began = Instant::now();
        assert_eq!(store.workflows("etl", None, 10).await.unwrap(), ["orders"]);
        others[2] += began.elapsed();
    }
    for (what, other) in ["a live row", "a page", "a list"].iter().zip(others) {
        assert!(other < step / 2, "{what} took {other:?}, a step {step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_search_there_are_few_connections() {
    let (store, folder) = filled().await;
    let mut searches = JoinSet::new();
    for _ in 0..SEARCHES {
        searches.spawn(search(store.clone(), "nowhere (a|b)+"));
    }
    search(store.clone(), "x").await;
    let processors = std::thread::available_parallelism().unwrap().get();
    // The writer's, and one or more for each kind of reading: each has up to three files open.
    let most = 3 * (2 + processors);
    let open = open_files(folder.path());
    assert!(open <= most, "{open} files for {SEARCHES} searches");
    searches.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_abandoned_ends_within_a_step() {
    let (store, _folder) = filled().await;
    let began = Instant::now();
    search(store.clone(), "nowhere (a|b)+").await;
    let whole = began.elapsed();
    let mut waited = Duration::ZERO;
    for _ in 0..10 {
        let abandoned = search(store.clone(), "nowhere (a|b)+");
        let _ = timeout(whole / 10, abandoned).await;
        // It is the only one that another may wait for.
        let began = Instant::now();
        search(store.clone(), "x").await;
        waited += began.elapsed();
    }
    assert!(waited < whole * 5, "{waited:?} behind ten, of which each would take {whole:?}");
}
