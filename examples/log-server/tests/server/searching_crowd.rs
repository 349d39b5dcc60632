//! Many who search at the same time and do not wait for an answer.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};

/// What is found nowhere, however long it is looked for.
const NOWHERE: &str = "?regex=(a|b)c.*z&limit=1";

async fn filled(store: &Store, rows: usize, more: &[&str]) -> Server {
    let address = store.address();
    let given = ["--store", &address, "--search-rows", "1000000"];
    let server = Server::start(&[&given, more].concat());
    let line = format!("{{\"message\":\"{}\"}}\n", "ab ".repeat(300));
    for _ in 0..rows / 1000 {
        let posted =
            http::post(server.address, LOGS, "application/x-ndjson", line.repeat(1000)).await;
        assert_eq!(posted.status, 201, "{posted:?}");
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_searches_leave_no_open_file_and_no_work() {
    let store = Store::sqlite();
    let server = filled(&store, 5_000, &[]).await;
    for _ in 0..8 {
        let mut searches = JoinSet::new();
        for _ in 0..100 {
            let address = server.address;
            searches.spawn(async move {
                let path = format!("{LOGS}{NOWHERE}");
                let search = http::get(address, &path);
                let _ = timeout(Duration::from_millis(100), search).await;
            });
        }
        searches.join_all().await;
    }
    // When the last of them has ended its step, nothing is done any more.
    let (began, mut pace) = (Instant::now(), interval(Duration::from_millis(500)));
    pace.tick().await;
    loop {
        let before = server.worked();
        pace.tick().await;
        if server.worked() - before <= 5 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "searches go on");
    }
    // Of each kind of reading there are few, each with the file and its log.
    let open = server.open_files("logs.db");
    assert!(open <= 40, "{open} files are open");
    assert!(server.threads() < 40, "{} threads", server.threads());
}

async fn a_page_of_all_rows_does_not_wait_for_those_who_search(store: Store) {
    // Four pages may be on their way at the same time.
    let few = ["--unsent-bytes", "12582912", "--search-time", "1m"];
    let server = filled(&store, 5_000, &few).await;
    let mut searches = JoinSet::new();
    for _ in 0..32 {
        let address = server.address;
        searches.spawn(async move { http::get(address, &format!("{LOGS}{NOWHERE}")).await.status });
    }
    // The first ones are over, and all others wait.
    assert_eq!(searches.join_next().await.unwrap().unwrap(), 200);
    for path in ["/readyz", &format!("{LOGS}?limit=10")] {
        assert_eq!(http::get(server.address, path).await.status, 200, "{path}");
    }
    let mut over = 1;
    while let Some(status) = searches.try_join_next() {
        assert_eq!(status.unwrap(), 200);
        over += 1;
    }
    assert!(over < 16, "{over} searches came first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_all_rows_does_not_wait_for_those_who_search_sqlite() {
    a_page_of_all_rows_does_not_wait_for_those_who_search(Store::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_page_of_all_rows_does_not_wait_for_those_who_search_mongodb() {
    a_page_of_all_rows_does_not_wait_for_those_who_search(Store::replica_set()).await;
}
