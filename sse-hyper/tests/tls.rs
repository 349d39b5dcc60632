//! What is only so over TLS: what is agreed on, certificates, and clients that do not encrypt.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gapless_sse_hyper::{Certificates, OverTls, RequestBody, ServeOptions, Tls, bind};
use http::{Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::over::Over;
use support::tls::{Identity, Trust, VERSION_1_2, VERSION_1_3};
use support::{App, Body, Client, PATHS, Server, passes, text, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{HandshakeKind, ProtocolVersion};

mod support;

/// A server with an identity that a test may change, which says over what it was asked.
async fn server(options: ServeOptions) -> (Identity, Certificates, Server) {
    let identity = Identity::new();
    let certificates = identity.certificates();
    let listener = bind("127.0.0.1:0").await.unwrap();
    let over = Over::Tcp(listener.local_addr().unwrap());
    let listener = Tls::new(listener, certificates.clone());
    let app = App(|request: Request<RequestBody>| async move { answer(&request) });
    (identity, certificates, Server::on(over, listener, options, app))
}

fn answer(request: &Request<RequestBody>) -> http::Response<Body> {
    assert!(request.extensions().get::<OverTls>().is_some());
    let mut response = text(format!("{:?}", request.version()));
    if request.uri().path() == PATHS[0] {
        response = http::Response::new(Empty::new().boxed_unsync());
    }
    response
}

async fn connect(address: SocketAddr, trust: &Trust) -> TlsStream<TcpStream> {
    let socket = TcpStream::connect(address).await.unwrap();
    within(trust.connect(socket)).await.unwrap()
}

#[tokio::test]
async fn each_version_is_agreed_on_and_what_is_spoken_too() {
    let (identity, _, server) = server(ServeOptions::default()).await;
    for (version, spoken) in
        [(VERSION_1_2, ProtocolVersion::TLSv1_2), (VERSION_1_3, ProtocolVersion::TLSv1_3)]
    {
        for (offered, agreed) in [
            (&["h2", "http/1.1"][..], Some(&b"h2"[..])),
            (&["http/1.1", "h2"], Some(b"h2")),
            (&["http/1.1"], Some(b"http/1.1")),
            (&[], None),
        ] {
            let socket = connect(server.address(), &identity.trust(version, offered)).await;
            let session = socket.get_ref().1;
            assert_eq!(session.protocol_version(), Some(spoken));
            assert_eq!(session.alpn_protocol(), agreed);
            if agreed == Some(b"h2") {
                assert_eq!(over_http_2(socket).await, format!("{:?}", Version::HTTP_2));
            } else {
                let mut client = Client::over(socket);
                client.get("/").await;
                client.read_until("HTTP/1.1 200 OK\r\n").await;
                client.read_until("\r\n\r\nHTTP/1.1").await;
            }
        }
    }
}

async fn over_http_2(socket: TlsStream<TcpStream>) -> String {
    let (mut requests, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("https://logs.test/").body(Empty::<Bytes>::new()).unwrap();
    let body = within(requests.send_request(request)).await.unwrap().into_body();
    String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_client_that_has_no_protocol_in_common_is_refused_in_the_handshake() {
    let (identity, _, server) = server(ServeOptions::default()).await;
    let trust = identity.trust(VERSION_1_3, &["spdy/3", "imap"]);
    let socket = TcpStream::connect(server.address()).await.unwrap();
    let error = within(trust.connect(socket)).await.unwrap_err();
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
}

#[tokio::test]
async fn what_was_agreed_on_must_be_spoken() {
    let (identity, _, server) = server(ServeOptions::default()).await;
    let socket = connect(server.address(), &identity.trust(VERSION_1_3, &["h2"])).await;
    let mut client = Client::over(socket);
    client.get("/").await;
    let (read, _) = client.read_to_end().await;
    assert!(!String::from_utf8_lossy(&read).contains("200 OK"));
    let socket = connect(server.address(), &identity.trust(VERSION_1_3, &["http/1.1"])).await;
    let mut client = Client::over(socket);
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let (read, _) = client.read_to_end().await;
    // One of HTTP/2 would be sent settings.
    assert!(read.is_empty(), "{read:?}");
}

#[tokio::test]
async fn a_client_that_does_not_encrypt_is_told_to() {
    let (_identity, _, server) = server(ServeOptions::default()).await;
    // More than the sockets hold unread.
    for rest in [0, 100, 4_000_000] {
        for begin in ["GET / HTTP/1.1\r\nhost: test\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let mut client = server.connect().await;
            client.send(begin.to_owned() + &"x".repeat(rest)).await;
            let (read, in_order) = client.read_to_end().await;
            let read = String::from_utf8(read).unwrap();
            assert!(in_order && read.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{read:?}");
            let (head, body) = read.split_once("\r\n\r\n").unwrap();
            assert!(body.contains("https://"), "{body:?}");
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{read:?}");
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_handshake_end_their_connection_and_no_other() {
    let (identity, _, server) = server(ServeOptions::default()).await;
    let trust = identity.trust(VERSION_1_3, &[]);
    let mut before = Client::over(connect(server.address(), &trust).await);
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\x16\x03\x01\xff\xff",
        b"\x15\x03\x03\x00\x02\x02\x00",
        b"\x17\x03\x03\x00\x05hello",
        b"\x80\x2e\x01\x00\x02\x00\x15",
        b"\0",
        b"lower case",
        &[0xff; 20_000],
    ] {
        let mut client = server.connect().await;
        client.send(bytes).await;
        client.0.shutdown().await.unwrap();
        let (read, _) = client.read_to_end().await;
        assert!(read.len() < 100 && !read.starts_with(b"HTTP"), "{bytes:?}: {read:?}");
    }
    before.get("/").await;
    before.read_until("\r\n\r\nHTTP/1.1").await;
}

#[tokio::test]
async fn a_slow_handshake_is_cut_off_and_keeps_nobody_waiting() {
    const LIMIT: Duration = Duration::from_millis(500);
    let options = ServeOptions { header_read_limit: LIMIT, ..ServeOptions::default() };
    let (identity, _, server) = server(options).await;
    let mut slow = Vec::new();
    for begin in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        for _ in 0..20 {
            let mut client = server.connect().await;
            client.send(begin).await;
            slow.push(client);
        }
    }
    // One whose handshake is done, and who asks for nothing.
    for protocols in [&["h2"][..], &["http/1.1"], &[]] {
        let trust = identity.trust(VERSION_1_3, protocols);
        slow.push(Client::over(connect(server.address(), &trust).await));
    }
    let trust = identity.trust(VERSION_1_3, &[]);
    let mut client = Client::over(connect(server.address(), &trust).await);
    client.get("/").await;
    client.read_until("\r\n\r\nHTTP/1.1").await;
    let start = Instant::now();
    for mut client in slow {
        client.read_to_end().await;
    }
    assert!(start.elapsed() < LIMIT * 10, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_handshake_does_not_delay_the_end_of_the_server() {
    let (_identity, _, server) = server(ServeOptions::default()).await;
    let mut client = server.connect().await;
    client.send(b"\x16\x03\x01").await;
    passes(Duration::from_millis(50)).await;
    let start = Instant::now();
    within(server.shut_down()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    client.read_to_end().await;
}

#[tokio::test]
async fn a_session_is_taken_up_again_until_the_certificate_changes() {
    for version in [VERSION_1_2, VERSION_1_3] {
        let (identity, certificates, server) = server(ServeOptions::default()).await;
        let trust = identity.trust(version, &[]);
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut socket = connect(server.address(), &trust).await;
            kinds.push(socket.get_ref().1.handshake_kind().unwrap());
            // Tickets come with the answer.
            socket.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
            within(socket.read_to_end(&mut Vec::new())).await.unwrap();
        }
        assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed]);
        identity.renew();
        assert!(certificates.reload().unwrap());
        let socket = TcpStream::connect(server.address()).await.unwrap();
        let error = within(trust.connect(socket)).await.unwrap_err();
        assert!(error.to_string().contains("invalid peer certificate"), "{error}");
    }
}
