//! Many clients at once: through a restart, and at the limit.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Response;
use hyper::body::Incoming;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::http::Connection;
use crate::limits::{open, open_when_free, refusal};
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

const CROWD: usize = 2000;

/// When a server that ends sends its clients back: after a 20th of this, and this at most more.
const JITTER: Duration = Duration::from_secs(2);

/// How much later than that a client may be back, on a machine that does other things as well.
const SLACK: Duration = Duration::from_secs(15);

/// How soon a refusal comes, and how soon a place is free.
const MOMENT: Duration = Duration::from_secs(1);

/// Both sides of some thousand connections; the server inherits it.
fn allow_many_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

/// One of the crowd, with what happened when it was sent away.
struct Returned {
    client: Client,
    told: Duration,
    /// After the server had said so.
    back_after: Duration,
}

/// Stays through the restart, and until `written` is the number of rows.
async fn stay(
    server: std::net::SocketAddr,
    here: Arc<Semaphore>,
    mut written: watch::Receiver<Option<usize>>,
) -> Returned {
    let path = format!("{LOGS}/stream?history=all");
    let mut client = Client::default();
    let mut stream = client.connect(server, &path).await;
    client.read_until(&mut stream, |client| !client.notices("sync").is_empty()).await;
    here.add_permits(1);
    client.read_until(&mut stream, |client| !client.notices("drain").is_empty()).await;
    let (told, sent_away) = (client.retry, Instant::now());
    assert!(!client.read(&mut stream).await, "the stream ends: {client:?}");
    drop(stream);
    let mut stream = loop {
        // As a browser does, also when the server is not back yet.
        let _ = timeout(told, pending::<()>()).await;
        if let Some(stream) = client.try_connect(server, &path).await {
            break stream;
        }
    };
    client.read_until(&mut stream, |client| client.notices("start").len() == 2).await;
    let back_after = sent_away.elapsed();
    here.add_permits(1);
    // Reads on meanwhile, as there is no end to wait for yet.
    let rows = loop {
        if let Some(rows) = *written.borrow_and_update() {
            break rows;
        }
        tokio::select! {
            read = client.read(&mut stream) => assert!(read, "the stream ended: {client:?}"),
            _ = written.changed() => {}
        }
    };
    client.read_until(&mut stream, |client| client.messages.len() >= rows).await;
    client.read_all_that_is_due(&mut stream).await;
    Returned { client, told, back_after }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_thousand_clients_come_back_after_a_restart_each_in_its_time_and_miss_nothing() {
    allow_many_files();
    let store = Store::sqlite();
    let mut server = Server::start(&["--store", &store.address(), "--heartbeat", "3s"]);
    let writer = store.writer().await;
    let (ended, written) = watch::channel(None);
    let (stop, stopped) = watch::channel(false);
    let writing = tokio::spawn(async move {
        let (mut rows, mut pace) = (Vec::new(), interval(Duration::from_millis(100)));
        while !*stopped.borrow() {
            pace.tick().await;
            let row = format!("row {}", rows.len());
            writer.write(&row).await;
            rows.push(row);
        }
        rows
    });
    let here = Arc::new(Semaphore::new(0));
    let mut crowd = JoinSet::new();
    for _ in 0..CROWD {
        crowd.spawn(stay(server.address, Arc::clone(&here), written.clone()));
    }
    let all = u32::try_from(CROWD).unwrap();
    here.acquire_many(all).await.unwrap().forget();
    let restarting = Instant::now();
    server.restart(true).await;
    let restarted = restarting.elapsed();
    here.acquire_many(all).await.unwrap().forget();
    stop.send_replace(true);
    let rows = writing.await.unwrap();
    ended.send_replace(Some(rows.len()));

    let mut told = Vec::new();
    while let Some(returned) = crowd.join_next().await {
        let Returned { client, told: after, back_after } = returned.unwrap();
        assert!(client.messages == rows, "{client:?}");
        assert_eq!(client.notices("reset"), [""; 0]);
        assert!(client.notices("start")[1].contains(r#""resumed":true"#), "{client:?}");
        assert!(back_after < after + restarted + SLACK, "{back_after:?} instead of {after:?}");
        told.push(after);
    }
    // None at once: their times are spread evenly.
    let (shortest, width) = (JITTER / 20, JITTER / 20);
    let mut tenths = [0_usize; 20];
    for time in &told {
        let since = time.checked_sub(shortest).expect("nobody is sent back at once").as_millis();
        tenths[usize::try_from(since / width.as_millis()).unwrap().min(19)] += 1;
    }
    let even = CROWD / tenths.len();
    assert!(tenths.iter().all(|some| (even / 3..even * 2).contains(some)), "{tenths:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_1001st_of_1000_is_refused_at_once_until_another_one_ends() {
    allow_many_files();
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address(), "--max-streams", "1000"]);
    let mut streams = Vec::new();
    for _ in 0..998 {
        streams.push(open(&server).await);
        assert_eq!(streams.last().unwrap().0.status(), 200);
    }
    let raw = async || {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {LOGS}/stream HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
        socket.write_all(request.as_bytes()).await.unwrap();
        // It is counted when it is answered.
        socket.readable().await.unwrap();
        socket
    };
    let (reset, mut half_closed) = (raw().await, raw().await);
    for _ in 0..3 {
        let asked = Instant::now();
        let words = refusal(&server).await;
        assert!(words.starts_with("1000 streams are open"), "{words}");
        assert!(asked.elapsed() < MOMENT, "{:?}", asked.elapsed());
    }

    reset.set_zero_linger().unwrap();
    drop(reset);
    a_place_is_free(&server, &mut streams).await;
    // Who only sends no more still reads, until the connection is closed.
    half_closed.shutdown().await.unwrap();
    probed(&half_closed).await;
    refusal(&server).await;
    drop(half_closed);
    a_place_is_free(&server, &mut streams).await;
    drop(streams.swap_remove(0));
    a_place_is_free(&server, &mut streams).await;
}

/// Waits until the server has looked whether a client that sends no more is still there.
async fn probed(client: &TcpStream) {
    let mut unread = [0; 8 * 1024];
    let mut pace = interval(Duration::from_millis(10));
    let probed = async {
        loop {
            let count = client.peek(&mut unread).await.unwrap();
            // The first digit of the next chunk's size comes early.
            if unread[..count].ends_with(b"\r\n0") {
                break;
            }
            pace.tick().await;
        }
    };
    timeout(SLACK, probed).await.expect("it is looked at");
}

/// Takes the one place that is free at once, so that there is none again.
async fn a_place_is_free(server: &Server, streams: &mut Vec<(Response<Incoming>, Connection)>) {
    let ended = Instant::now();
    streams.push(open_when_free(server).await);
    assert!(ended.elapsed() < MOMENT, "{:?}", ended.elapsed());
    refusal(server).await;
}
