//! The end of serving: what may finish, what is dropped.

use std::time::{Duration, Instant};

use bytes::Bytes;
use gapless_sse_hyper::ServeOptions;
use support::{Client, PATHS, Server, text, within};
use tokio::sync::mpsc::UnboundedSender;

mod support;

const DRAIN: Duration = Duration::from_millis(300);

fn options() -> ServeOptions {
    ServeOptions { drain_limit: DRAIN, ..ServeOptions::default() }
}

/// A server with one open response, and its client, which has read the first chunk.
async fn streaming(options: ServeOptions, path: &str) -> (Server, Client, UnboundedSender<Bytes>) {
    let (server, mut streams) = Server::streaming(options).await;
    let mut client = server.connect().await;
    client.get(path).await;
    let sender = within(streams.recv()).await.expect("the request arrived");
    sender.send("begun".into()).expect("the response is open");
    client.read_until("begun\r\n").await;
    (server, client, sender)
}

#[tokio::test]
async fn idle_connections_do_not_delay_the_end() {
    let server = Server::start(ServeOptions::default(), |_| async { text("x") }).await;
    let mut kept_alive = server.connect().await;
    kept_alive.get("/").await;
    kept_alive.read_until("\r\n\r\nx").await;
    let mut silent = server.connect().await;
    let start = Instant::now();
    within(server.shut_down()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(kept_alive.read_to_end().await, (vec![], true));
    silent.read_to_end().await;
}

#[tokio::test]
async fn a_response_that_ends_itself_ends_in_order() {
    for path in PATHS {
        let (server, mut client, sender) = streaming(ServeOptions::default(), path).await;
        let served = server.shut_down();
        sender.send("last".into()).unwrap();
        drop(sender);
        let (rest, in_order) = client.read_to_end().await;
        assert_eq!(rest, b"4\r\nlast\r\n0\r\n\r\n");
        assert!(in_order);
        let start = Instant::now();
        within(served).await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_response_that_goes_on_is_dropped_after_the_drain_limit() {
    for path in PATHS {
        let (server, mut client, sender) = streaming(options(), path).await;
        let start = Instant::now();
        within(server.shut_down()).await.unwrap();
        assert!(start.elapsed() >= DRAIN, "{:?}", start.elapsed());
        client.read_to_end().await;
        within(sender.closed()).await;
    }
}

#[tokio::test]
async fn no_connection_is_accepted_after_the_shutdown() {
    for path in PATHS {
        let (server, _client, sender) = streaming(ServeOptions::default(), path).await;
        let Server { over, shutdown, served } = server;
        shutdown.send(()).unwrap();
        let refused = async {
            while over.connect().await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        within(refused).await;
        assert!(!served.is_finished(), "refused while a response still goes on");
        drop(sender);
        within(served).await.unwrap();
    }
}

#[tokio::test]
async fn dropping_the_server_drops_its_connections() {
    for path in PATHS {
        let (server, mut client, sender) = streaming(ServeOptions::default(), path).await;
        server.abort();
        client.read_to_end().await;
        within(sender.closed()).await;
    }
}
