//! HTTP/2, where a client can stand still on a healthy socket.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use gapless_sse_hyper::ServeOptions;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::{Server, within};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

mod support;

const STALL: Duration = Duration::from_millis(400);
const WINDOW: u32 = 1024;

struct Streaming {
    server: Server,
    streams: UnboundedReceiver<UnboundedSender<Bytes>>,
}

struct Client {
    requests: SendRequest<Empty<Bytes>>,
    connection: JoinHandle<Result<(), hyper::Error>>,
}

impl Streaming {
    async fn start() -> Self {
        let options = ServeOptions { stall_limit: STALL, ..ServeOptions::default() };
        let (server, streams) = Server::streaming(options).await;
        Self { server, streams }
    }

    /// A client that lets each stream, and all together, send `window` bytes until it has read
    /// half of them.
    async fn connect(&self, window: u32) -> Client {
        let socket = TokioIo::new(self.server.socket().await);
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(window).initial_connection_window_size(1 << 20);
        let (requests, connection) = builder.handshake(socket).await.unwrap();
        Client { requests, connection: tokio::spawn(connection) }
    }

    async fn open(&mut self, client: &mut Client) -> (Incoming, UnboundedSender<Bytes>) {
        let request = Request::get("http://test/").body(Empty::new()).unwrap();
        let body = within(client.requests.send_request(request)).await.unwrap().into_body();
        (body, within(self.streams.recv()).await.unwrap())
    }
}

async fn read(body: &mut Incoming) -> Bytes {
    within(body.frame()).await.expect("the stream goes on").unwrap().into_data().unwrap()
}

fn letters(count: u32) -> Bytes {
    vec![b'x'; usize::try_from(count).unwrap()].into()
}

/// Waits for the server to let go of the stream, and says for how long.
async fn cut_off(stream: &UnboundedSender<Bytes>) -> Duration {
    let start = Instant::now();
    within(stream.closed()).await;
    start.elapsed()
}

#[tokio::test]
async fn a_client_that_shuts_its_window_is_cut_off_after_the_limit() {
    let mut server = Streaming::start().await;
    let mut other = server.connect(WINDOW).await;
    let (mut others, to_other) = server.open(&mut other).await;
    // Once shut within a chunk, once between two, once from the beginning.
    for (window, chunks) in [(WINDOW, [WINDOW * 2, 1]), (WINDOW, [WINDOW, 1]), (0, [1, 1])] {
        let mut stuck = server.connect(window).await;
        let (mut body, stream) = server.open(&mut stuck).await;
        for length in chunks {
            stream.send(letters(length)).unwrap();
        }
        let waited = cut_off(&stream).await;
        assert!(waited >= STALL && waited < STALL * 4, "{waited:?}");
        let ended = async { while let Some(Ok(_)) = body.frame().await {} };
        within(ended).await;
        let _ = within(stuck.connection).await.unwrap();

        to_other.send("still there".into()).unwrap();
        assert_eq!(read(&mut others).await, "still there");
    }
}

#[tokio::test]
async fn new_streams_put_off_nothing() {
    let mut server = Streaming::start().await;
    let mut stuck = server.connect(0).await;
    let mut streams = Vec::new();
    let (start, mut pace) = (Instant::now(), interval(STALL / 4));
    while !stuck.connection.is_finished() && start.elapsed() < STALL * 8 {
        pace.tick().await;
        let request = Request::get("http://test/").body(Empty::new()).unwrap();
        streams.push(stuck.requests.send_request(request));
        if let Ok(Some(stream)) = timeout(STALL / 4, server.streams.recv()).await {
            // The connection may have been cut off since it was asked for.
            let _ = stream.send(letters(1));
        }
    }
    assert!(start.elapsed() < STALL * 4, "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_a_body_that_has_ended_left_unsent_counts_too() {
    let mut server = Streaming::start().await;
    let mut stuck = server.connect(WINDOW).await;
    let (_body, stream) = server.open(&mut stuck).await;
    stream.send(letters(WINDOW * 2)).unwrap();
    drop(stream);
    let start = Instant::now();
    let _ = within(stuck.connection).await.unwrap();
    assert!(start.elapsed() >= STALL, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_not_cut_off() {
    let mut server = Streaming::start().await;
    let mut client = server.connect(WINDOW).await;
    let (mut body, stream) = server.open(&mut client).await;
    // One chunk, which lasts for many limits: what counts is that it moves at all.
    stream.send(letters(WINDOW * 12)).unwrap();
    let (start, mut pace, mut length) = (Instant::now(), interval(STALL / 3), 0);
    while length < WINDOW * 12 {
        pace.tick().await;
        length += u32::try_from(read(&mut body).await.len()).unwrap();
    }
    assert!(start.elapsed() > STALL * 3, "{:?}", start.elapsed());
    stream.send("and on".into()).unwrap();
    assert_eq!(read(&mut body).await, "and on");
}

#[tokio::test]
async fn a_stream_without_anything_to_send_is_not_cut_off() {
    let mut server = Streaming::start().await;
    let mut client = server.connect(WINDOW).await;
    let (mut body, stream) = server.open(&mut client).await;
    let mut pace = interval(STALL * 2);
    for _ in 0..3 {
        pace.tick().await;
        stream.send("heartbeat".into()).unwrap();
        assert_eq!(read(&mut body).await, "heartbeat");
    }
    // It has room for these, so they do not wait, although it does not read them.
    stream.send("and one more".into()).unwrap();
    assert!(timeout(STALL * 3, stream.closed()).await.is_err());
    assert_eq!(read(&mut body).await, "and one more");
}

#[tokio::test]
async fn a_stream_that_rests_is_left_alone_while_another_one_moves() {
    let mut server = Streaming::start().await;
    let mut client = server.connect(WINDOW).await;
    let (mut resting, rests) = server.open(&mut client).await;
    let (mut moving, moves) = server.open(&mut client).await;
    rests.send(letters(WINDOW * 2)).unwrap();
    let mut pace = interval(STALL / 4);
    for _ in 0..12 {
        pace.tick().await;
        moves.send("heartbeat".into()).unwrap();
        assert_eq!(read(&mut moving).await, "heartbeat");
    }
    let mut length = 0;
    while length < WINDOW * 2 {
        length += u32::try_from(read(&mut resting).await.len()).unwrap();
    }
    rests.send(letters(WINDOW * 2)).unwrap();
    cut_off(&rests).await;
}

#[tokio::test]
async fn a_stream_that_its_client_gave_up_no_longer_counts() {
    let mut server = Streaming::start().await;
    let mut client = server.connect(WINDOW).await;
    let (body, stream) = server.open(&mut client).await;
    let (mut kept, quiet) = server.open(&mut client).await;
    stream.send(letters(WINDOW * 2)).unwrap();
    stream.send(letters(1)).unwrap();
    drop(body);
    within(stream.closed()).await;
    assert!(timeout(STALL * 3, quiet.closed()).await.is_err());
    quiet.send("still there".into()).unwrap();
    assert_eq!(read(&mut kept).await, "still there");
}

/// What every HTTP/2 connection begins with, and settings without any.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn a_client_that_answers_no_ping_is_cut_off() {
    let server = Streaming::start().await;
    let mut vanished = server.server.connect().await;
    let start = Instant::now();
    vanished.send(HELLO).await;
    vanished.read_to_end().await;
    assert!(start.elapsed() >= STALL, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_connection_without_requests_is_ended_in_order_and_one_with_a_quiet_stream_is_not() {
    let options = ServeOptions { idle_limit: STALL, ..ServeOptions::default() };
    let (server, streams) = Server::streaming(options).await;
    let mut server = Streaming { server, streams };
    let mut client = server.connect(WINDOW).await;
    let (body, stream) = server.open(&mut client).await;
    assert!(timeout(STALL * 3, stream.closed()).await.is_err(), "it is not idle");
    drop(stream);
    within(body.collect()).await.unwrap();
    let (body, stream) = server.open(&mut client).await;
    drop(stream);
    within(body.collect()).await.unwrap();
    let start = Instant::now();
    within(client.connection).await.unwrap().unwrap();
    assert!(start.elapsed() >= STALL / 2, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_connection_has_room_for_the_pages_of_a_browser() {
    let mut server = Streaming::start().await;
    let mut client = server.connect(WINDOW).await;
    let mut streams = Vec::new();
    for _ in 0..256 {
        streams.push(server.open(&mut client).await);
    }
    let one_more =
        client.requests.send_request(Request::get("http://test/").body(Empty::new()).unwrap());
    assert!(timeout(STALL, one_more).await.is_err(), "it waits for another one to end");
}

#[tokio::test]
async fn a_shutdown_lets_each_stream_end_itself() {
    let mut server = Streaming::start().await;
    let mut client = server.connect(WINDOW).await;
    let mut streams = [server.open(&mut client).await, server.open(&mut client).await];
    for (body, stream) in &mut streams {
        stream.send("begun".into()).unwrap();
        assert_eq!(read(body).await, "begun");
    }
    let served = server.server.shut_down();
    for (body, stream) in streams {
        stream.send("last".into()).unwrap();
        drop(stream);
        let rest = within(body.collect()).await.expect("the stream ends in order");
        assert_eq!(rest.to_bytes(), "last");
    }
    let start = Instant::now();
    within(served).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    within(client.connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_drops_what_goes_on_after_its_limit() {
    let drain_limit = Duration::from_millis(300);
    let options = ServeOptions { drain_limit, ..ServeOptions::default() };
    let (server, streams) = Server::streaming(options).await;
    let mut server = Streaming { server, streams };
    let mut client = server.connect(WINDOW).await;
    let (mut body, stream) = server.open(&mut client).await;
    stream.send("begun".into()).unwrap();
    assert_eq!(read(&mut body).await, "begun");
    let start = Instant::now();
    within(server.server.shut_down()).await.unwrap();
    assert!(start.elapsed() >= drain_limit, "{:?}", start.elapsed());
    within(stream.closed()).await;
    assert!(within(body.frame()).await.is_none_or(|frame| frame.is_err()));
}
