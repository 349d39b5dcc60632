//! Every row reaches a client exactly once, whatever is disconnected and restarted meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

const ROWS: usize = 1000;
const WRITERS: usize = 4;
const DISCONNECTS: usize = 20;
/// Written before the client comes, so that it is cut off within history.
const BEFORE: usize = 400;

/// Rows that the writers may write; they are all busy at the same time for as long as there are.
#[derive(Clone)]
struct Budget {
    granted: Arc<Semaphore>,
    written: Arc<AtomicUsize>,
}

impl Budget {
    async fn start(store: &Store) -> (Self, JoinSet<()>) {
        let granted = Arc::new(Semaphore::new(0));
        let budget = Self { granted, written: Arc::default() };
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let (budget, writer) = (budget.clone(), store.writer().await);
            writers.spawn(async move {
                while let Ok(row) = budget.granted.acquire().await {
                    row.forget();
                    writer.write(&format!("row {}", fastrand::u64(..))).await;
                    budget.written.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        (budget, writers)
    }

    fn grant(&self, rows: usize) {
        self.granted.add_permits(rows);
    }

    fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }

    async fn wait_for(&self, rows: usize) {
        while self.written() < rows {
            tokio::task::yield_now().await;
        }
    }
}

async fn every_row_is_delivered_exactly_once(store: Store, more: &[&str]) {
    let mut rng = Rng::with_seed(2026);
    let address = store.address();
    // Memory for about 25 rows, so that a client that was away for long must catch up.
    let mut arguments = vec!["--store", &address, "--ring-bytes", "12000", "--heartbeat", "500ms"];
    arguments.extend(more);
    let mut server = Server::start(&arguments);
    let (budget, writers) = Budget::start(&store).await;
    let mut granted = BEFORE;
    budget.grant(granted);
    budget.wait_for(granted).await;
    // Polling waits until they have settled.
    while stored_rows(&server).await.len() < BEFORE {}

    let path = format!("{LOGS}/stream?history=all");
    let mut client = Client::default();
    let mut stream = client.connect(server.address, &path).await;
    for disconnect in 0..DISCONNECTS {
        let left = ROWS - granted;
        let some = if disconnect + 1 == DISCONNECTS { left } else { left.min(rng.usize(20..35)) };
        let (has, due) = (client.messages.len(), granted);
        match disconnect {
            // Within history.
            0..=2 => client.read_until(&mut stream, |client| client.messages.len() > has).await,
            // After having read all; little is written while the client is away.
            3..=8 => client.read_until(&mut stream, |client| client.messages.len() >= due).await,
            // In the midst of what is written.
            _ => {
                granted += some;
                budget.grant(some);
                let half = has + some / 2;
                client.read_until(&mut stream, |client| client.messages.len() >= half).await;
            }
        }
        drop(stream);
        match disconnect {
            3..=8 => {
                granted += 3;
                budget.grant(3);
                budget.wait_for(granted).await;
            }
            // Away for so long that the ring has moved on.
            9..=12 => {
                let some = (ROWS - granted).min(30);
                granted += some;
                budget.grant(some);
                budget.wait_for(granted).await;
            }
            14 => server.restart(true).await,
            16 => server.restart(false).await,
            _ => {}
        }
        stream = client.connect(server.address, &path).await;
    }
    assert_eq!(granted, ROWS);
    client.read_until(&mut stream, |client| client.messages.len() >= ROWS).await;
    client.read_all_that_is_due(&mut stream).await;
    assert_eq!(client.messages.len(), ROWS);
    assert_eq!(budget.written(), ROWS);
    drop(writers);

    let stored = stored_rows(&server).await;
    let mut delivered = client.messages.clone();
    delivered.sort_unstable();
    assert_eq!(delivered, stored, "{}", server.output());
    assert_eq!(client.notices("reset"), [""; 0]);
    let started = client.notices("start");
    assert_eq!(started[0], r#"{"resumed":false,"reset":null,"heartbeat_ms":500}"#);
    assert!(
        started[1..]
            .iter()
            .all(|data| *data == r#"{"resumed":true,"reset":null,"heartbeat_ms":500}"#)
    );
    assert_eq!(started.len(), DISCONNECTS + 1);
    let mut resumed = 0;
    for way in ["ring", "catch_up", "history"] {
        let times = server.counter(&format!("log_streams_resumed_total{{kind=\"{way}\"}}")).await;
        assert!(times > 0, "no client went on from {way}: {:?}", server.counters().await);
        resumed += times;
    }
    assert_eq!(resumed, DISCONNECTS as u64);
}

/// The messages of all rows as the store has them, sorted.
async fn stored_rows(server: &Server) -> Vec<String> {
    let page = crate::http::get(server.address, &format!("{LOGS}?limit=10000&order=asc")).await;
    let page = page.json();
    let rows = page["logs"].as_array().unwrap();
    let mut messages: Vec<_> =
        rows.iter().map(|row| row["message"].as_str().unwrap().to_owned()).collect();
    messages.sort_unstable();
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    every_row_is_delivered_exactly_once(Store::sqlite(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn mongodb_by_change_streams() {
    every_row_is_delivered_exactly_once(Store::replica_set(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn mongodb_by_polling() {
    let quick = ["--lateness", "500ms", "--poll-interval", "100ms"];
    every_row_is_delivered_exactly_once(Store::standalone(), &quick).await;
}
