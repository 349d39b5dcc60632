//! Many who search at the same time: the others notice little of it, and nothing stays of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

/// What is found nowhere, however long it is looked for.
const NOWHERE: &str = "?regex=(a|b)c.*z&limit=1";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

async fn filled(rows: usize) -> (Store, Server) {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address(), "--search-rows", "1000000"]);
    let line = format!("{{\"message\":\"{}\"}}\n", "ab ".repeat(300));
    for _ in 0..rows / 1000 {
        let posted =
            http::post(server.address, LOGS, "application/x-ndjson", line.repeat(1000)).await;
        assert_eq!(posted.status, 201, "{posted:?}");
    }
    (store, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn live_lines_pages_and_lists_do_not_wait_for_searches() {
    let (_store, server) = filled(20_000).await;
    let mut client = Client::default();
    let mut stream = client.connect(server.address, &format!("{LOGS}/stream?history=0")).await;
    client.read_until(&mut stream, |client| !client.last_id.is_empty()).await;
    let (ended, searched) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut searches = JoinSet::new();
    for _ in 0..64 {
        let (ended, searched, address) =
            (Arc::clone(&ended), Arc::clone(&searched), server.address);
        searches.spawn(async move {
            while !ended.load(Ordering::SeqCst) {
                let page = http::get(address, &format!("{LOGS}{NOWHERE}")).await;
                assert_eq!(page.status, 200, "{page:?}");
                assert!(page.text.contains("\"logs\":[]"), "{page:?}");
                searched.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    // As long as the first of them search, others are answered several times.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let row = r#"{"message":"live"}"#;
    for nth in 1..=5 {
        let posted = http::post(server.address, LOGS, "application/json", row).await;
        assert_eq!(posted.status, 201);
        client.read_until(&mut stream, |client| client.messages.len() == nth).await;
        for path in [&format!("{LOGS}?limit=10"), "/wfm/workflow/workspace", "/healthz"] {
            assert_eq!(http::get(server.address, path).await.status, 200);
        }
    }
    let meanwhile = searched.load(Ordering::SeqCst);
    ended.store(true, Ordering::SeqCst);
    timeout(PATIENCE, searches.join_all()).await.expect("each search ends");
    let in_all = searched.load(Ordering::SeqCst);
    assert!(meanwhile < in_all, "{meanwhile} of {in_all} searches were over");
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_searches_leave_no_open_file_and_no_work() {
    let (_store, server) = filled(5_000).await;
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
    let began = Instant::now();
    loop {
        let before = server.worked();
        tokio::time::sleep(Duration::from_millis(500)).await;
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
