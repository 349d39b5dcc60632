//! One tenant asks for all it can, and others do not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::interval;

use crate::caller::{From, config};
use crate::server::Server;
use crate::store::Store;

const NOISY: From = From { user: "bob", workspace: "sales", address: "192.0.2.2" };
const QUIET: From = From { user: "ann", workspace: "etl", address: "192.0.2.1" };

const RATE: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn one_that_floods_gets_its_share_and_all_others_theirs() {
    let store = Store::sqlite();
    let limits = format!(
        "[limits.pages]\nper-workspace = {RATE}\nin-all = 1000\n[limits.streams]\nper-workspace = 5\n"
    );
    let server = Arc::new(Server::configured(&store, &config(&limits)));
    assert_eq!(QUIET.post(&server).await.status, 201);
    let (served, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (done, mut flood) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    let began = Instant::now();
    for nth in 0..16 {
        let (server, done) = (Arc::clone(&server), Arc::clone(&done));
        let (served, refused) = (Arc::clone(&served), Arc::clone(&refused));
        flood.spawn(async move {
            let mut held = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let reply = NOISY.get(&server, "").await;
                let counter = if reply.status == 200 { &served } else { &refused };
                counter.fetch_add(1, Ordering::Relaxed);
                let path = NOISY.logs("/stream");
                let stream = NOISY.request(&hyper::Method::GET, &path);
                if nth < 8 {
                    held.push(crate::http::send(server.address, stream).await.unwrap());
                    held.retain(|(response, _)| response.status() == 200);
                }
            }
            held
        });
    }
    let mut slowest = Duration::ZERO;
    let mut pace = interval(Duration::from_millis(1100 / RATE));
    for nth in 0..50 {
        // Within its own share, too.
        pace.tick().await;
        let asked = Instant::now();
        let page = QUIET.get(&server, "").await;
        assert_eq!(page.status, 200, "page {nth}: {page:?}");
        let stream = QUIET.get(&server, "/stream").await;
        assert_eq!(stream.status, 200, "stream {nth}: {stream:?}");
        slowest = slowest.max(asked.elapsed());
    }
    done.store(true, Ordering::Relaxed);
    let held = flood.join_all().await.into_iter().flatten().count();
    let (served, refused) = (served.load(Ordering::Relaxed), refused.load(Ordering::Relaxed));
    let share = usize::try_from(RATE * (2 + began.elapsed().as_secs())).unwrap();
    assert!(served <= share, "{served} pages of {share}");
    assert!(refused > 2 * served, "{served} pages, {refused} refusals");
    assert!(held <= 5, "{held} streams");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let name = "log_refused_total{kind=\"pages_per_workspace\"}";
    let metrics = From { user: "ops", ..QUIET }.request(&hyper::Method::GET, "/metrics");
    let metrics = crate::caller::reply(&server, metrics).await;
    let metrics = String::from_utf8(metrics.body.into()).unwrap();
    assert!(metrics.contains(&format!("{name} {refused}\n")), "{refused}: {metrics}");
}
