//! Serving over real sockets: protocols, requests, clients that say nothing, a full house.

use std::time::{Duration, Instant};

use bytes::Bytes;
use gapless_sse_hyper::{PeerAddress, ServeOptions, bind};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::{Client, PATHS, Server, passes, text, within};
use tokio::net::TcpStream;
use tokio::time::timeout;

mod support;

#[tokio::test]
async fn a_request_knows_its_peer() {
    let server = Server::start(ServeOptions::default(), |request| async move {
        let peer = request.extensions().get::<PeerAddress>().expect("each request has it");
        text(peer.0.to_string())
    })
    .await;
    let socket = TcpStream::connect(server.address()).await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let mut client = Client::over(socket);
    client.get("/").await;
    client.read_until("\r\n\r\n").await;
    assert_eq!(client.read_until(&address).await, address);
}

#[tokio::test]
async fn http_2_with_prior_knowledge_streams() {
    let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
    let socket = TokioIo::new(server.socket().await);
    let (mut requests, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), socket).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://test/").body(Empty::<Bytes>::new()).unwrap();
    let mut body = within(requests.send_request(request)).await.unwrap().into_body();
    let sender = within(streams.recv()).await.unwrap();
    for text in ["one", "two"] {
        sender.send(text.into()).unwrap();
        let frame = within(body.frame()).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), text);
    }
    drop(sender);
    assert_eq!(within(body.collect()).await.unwrap().to_bytes(), "");
}

#[tokio::test]
async fn a_client_that_sends_no_whole_head_is_cut_off() {
    let options =
        ServeOptions { header_read_limit: Duration::from_millis(100), ..ServeOptions::default() };
    let server = Server::start(options, |_| async { text("never") }).await;
    for start in ["", "GET / HTTP/1.1\r\nhost: te", "PRI * HT"] {
        let mut client = server.connect().await;
        client.send(start).await;
        client.read_to_end().await;
    }
}

/// A client that was answered once, within these limits.
async fn answered(header_read_limit: u64, idle_limit: u64) -> (Server, Client) {
    let options = ServeOptions {
        header_read_limit: Duration::from_millis(header_read_limit),
        idle_limit: Duration::from_millis(idle_limit),
        ..ServeOptions::default()
    };
    let server = Server::start(options, |_| async { text("x") }).await;
    let mut client = server.connect().await;
    client.get("/").await;
    client.read_until("\r\n\r\nx").await;
    (server, client)
}

#[tokio::test]
async fn a_client_that_sends_no_whole_second_head_is_cut_off() {
    let (_server, mut client) = answered(100, 1_000_000).await;
    client.send("GET / HTTP/1.1\r\nhost: te").await;
    client.read_to_end().await;
}

#[tokio::test]
async fn an_idle_connection_is_ended_in_order_after_a_limit_of_its_own() {
    let (_server, mut client) = answered(1_000_000, 200).await;
    let start = Instant::now();
    assert_eq!(client.read_to_end().await, (vec![], true));
    assert!(start.elapsed() >= Duration::from_millis(150), "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_idle_connection_outlives_the_limit_of_a_head() {
    assert!(ServeOptions::default().idle_limit > Duration::from_secs(60), "as load balancers have");
    let (_server, mut client) = answered(100, 1_000_000).await;
    for _ in 0..2 {
        passes(Duration::from_millis(300)).await;
        client.get("/").await;
        client.read_until("\r\n\r\nx").await;
    }
}

#[tokio::test]
async fn each_request_puts_off_the_limit_of_an_idle_connection() {
    let (_server, mut client) = answered(1_000_000, 600).await;
    for _ in 0..6 {
        passes(Duration::from_millis(200)).await;
        client.get("/").await;
        client.read_until("\r\n\r\nx").await;
    }
}

#[tokio::test]
async fn limits_may_be_put_off_forever() {
    let options = ServeOptions {
        stall_limit: Duration::MAX,
        header_read_limit: Duration::MAX,
        body_read_limit: Duration::MAX,
        idle_limit: Duration::MAX,
        drain_limit: Duration::MAX,
    };
    let server = Server::start(options, |_| async { text("x") }).await;
    let mut client = server.connect().await;
    client.get("/").await;
    client.read_until("\r\n\r\nx").await;
    within(server.shut_down()).await.unwrap();
}

#[tokio::test]
async fn a_response_may_take_longer_than_a_head() {
    let options =
        ServeOptions { header_read_limit: Duration::from_millis(50), ..ServeOptions::default() };
    for path in PATHS {
        let (server, mut streams) = Server::streaming(options.clone()).await;
        let mut client = server.connect().await;
        client.get(path).await;
        let sender = within(streams.recv()).await.unwrap();
        client.read_until("\r\n\r\n").await;
        let early = timeout(Duration::from_millis(200), client.read_until("done")).await;
        assert!(early.is_err(), "neither an answer nor an end");
        sender.send("done".into()).unwrap();
        client.read_until("done").await;
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut_off_after_the_stall_limit() {
    let options =
        ServeOptions { stall_limit: Duration::from_millis(200), ..ServeOptions::default() };
    for path in PATHS {
        let (server, mut streams) = Server::streaming(options.clone()).await;
        let mut client = server.connect().await;
        client.get(path).await;
        let sender = within(streams.recv()).await.unwrap();
        // More than the socket's buffers on both sides hold.
        let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
        for _ in 0..1024 {
            sender.send(chunk.clone()).unwrap();
        }
        within(sender.closed()).await;
        drop(client);
    }
}

#[tokio::test]
async fn a_thousand_connects_at_once_need_no_second_try() {
    let listener = bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let system = std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok();
    let system = system.and_then(|text| text.trim().parse().ok()).unwrap_or(128);
    // Nothing accepts: all wait in the backlog. What does not fit is tried again after a second.
    let connects = (0..system.min(1000)).map(|_| TcpStream::connect(address));
    let start = Instant::now();
    let connected = within(futures_util::future::try_join_all(connects)).await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
    drop(connected);
}

#[tokio::test]
async fn a_port_can_be_bound_again_at_once_after_a_restart() {
    let server = Server::start(ServeOptions::default(), |_| async { text("x") }).await;
    let address = server.address();
    let mut client = server.connect().await;
    client.get("/").await;
    client.read_until("\r\n\r\nx").await;
    // The server closes first, so its side of the connection lingers (TIME_WAIT).
    within(server.shut_down()).await.unwrap();
    client.read_to_end().await;
    drop(client);
    bind(address).await.unwrap();
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_an_error() {
    let taken = bind("127.0.0.1:0").await.unwrap();
    let error = bind(taken.local_addr().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}
