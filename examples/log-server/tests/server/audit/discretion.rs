//! No token, cookie, position or text of a message is in any log, however much is logged.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use testbed::Program;

use super::{ANN, Audited, OPS, as_user, entries};
use crate::http;
use crate::store::{LOGS, Store};

/// What every secret of these tests begins with.
const MARK: &str = "m4rk3d";

/// A text that must not be found again.
fn secret(of: &str) -> String {
    format!("{MARK}-{of}")
}

/// Everything by which a secret may come, over HTTP/1.1 and HTTP/2, right or wrong.
fn requests() -> Vec<(hyper::http::request::Builder, String)> {
    let stream = format!("{LOGS}/stream");
    let json = |token: &str| {
        as_user(token, Request::post(LOGS)).header("content-type", "application/json")
    };
    let row = |message: &str| format!(r#"{{"id":"one","message":"{message}"}}"#);
    let get = |path: &str| as_user(ANN, Request::get(path));
    let mut all = vec![
        (json(ANN), row(&secret("message"))),
        // The same id with another text, no JSON, no row, and a type of its own.
        (json(ANN), row(&secret("conflict"))),
        (json(ANN), format!("{{\"message\": \"{}\"", secret("half"))),
        (json(ANN), format!("[\"{}\"]", secret("list"))),
        (json(ANN), format!(r#"{{"message":"x","date":"{}"}}"#, secret("date"))),
        (json(ANN), format!(r#"{{"message":"x","level":{{"{}":1}}}}"#, secret("level"))),
        (json(ANN).header("content-encoding", "gzip"), secret("gzip")),
        (json(&secret("token")), row(&secret("refused"))),
        (json(ANN).header("idempotency-key", secret("key")), row("x")),
        (
            Request::get(LOGS).header("authorization", format!("Basic {}", secret("basic"))),
            String::new(),
        ),
        (
            Request::get(LOGS).header("cookie", format!("log_session={}", secret("cookie"))),
            String::new(),
        ),
        (get(LOGS).header("cookie", format!("other={}", secret("other-cookie"))), String::new()),
        (get(&stream).header("last-event-id", secret("position")), String::new()),
        (get(LOGS).header("x-request-id", format!("\"{}\"", secret("id"))), String::new()),
        (get(LOGS).header("traceparent", secret("trace")), String::new()),
        (get(LOGS).header("proxy-authorization", secret("proxy")), String::new()),
        (get(LOGS).header("x-api-key", secret("api-key")), String::new()),
    ];
    for query in [
        "ticket",
        "q",
        "regex",
        "level",
        "from",
        "to",
        "cursor",
        "limit",
        "order",
        "after",
        "history",
        "nonsense",
        "access_token",
    ] {
        for path in [LOGS, &stream] {
            all.push((get(&format!("{path}?{query}={}", secret(query))), String::new()));
        }
    }
    let regex = format!("{LOGS}?regex=%28{}", secret("open-group"));
    let twice = format!("{LOGS}?ticket={0}&ticket={0}", secret("ticket-twice"));
    all.extend([regex, twice].map(|path| (get(&path), String::new())));
    for path in ["/session", "/ticket", "/revocations"] {
        let token = format!(r#"{{"token":"{0}","credential":["{0}"]}}"#, secret("json-token"));
        let post = |token: &str| as_user(token, Request::post(path));
        all.push((Request::post(path).header("content-type", "application/json"), token.clone()));
        all.push((post(OPS).header("content-type", "application/json"), token));
        all.push((post(&secret("sign-in")), String::new()));
        all.push((as_user(&secret("sign-out"), Request::delete(path)), String::new()));
    }
    let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.";
    all.push((as_user(&format!("{jwt}{MARK}"), Request::get(LOGS)), String::new()));
    all
}

/// What is not HTTP, or not all of it.
fn malformed() -> Vec<Vec<u8>> {
    let head = |lines: &str| format!("{lines}\r\n\r\n").into_bytes();
    vec![
        head(&format!("GET /?ticket={} HTTP/9", secret("version"))),
        head(&format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}", secret("no-colon"))),
        head(&format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \x01{}",
            secret("control")
        )),
        head(&format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\ncookie: {}",
            secret("long").repeat(40_000)
        )),
        head(&format!(
            "POST {LOGS} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}",
            secret("length")
        )),
        format!(
            "POST {LOGS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {ANN}\r\n\
             content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{}\r\n",
            secret("chunk")
        )
        .into_bytes(),
        format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{}", secret("frames")).into_bytes(),
        secret("noise").into_bytes(),
    ]
}

async fn ask_all(server: &Audited) {
    for (request, body) in requests() {
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let (response, _connection) = http::send(server.address, request).await.unwrap();
        let mut body = response.into_body();
        // A stream has no end; its first part is enough.
        let _ = body.frame().await;
    }
    let socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    for (request, body) in requests() {
        let mut request = request.body(Full::new(Bytes::from(body))).unwrap();
        let uri = format!("http://{}{}", server.address, request.uri());
        *request.uri_mut() = uri.parse().unwrap();
        let _ = sender.send_request(request).await.unwrap().into_body().frame().await;
    }
    connection.abort();
    for bytes in malformed() {
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        // It may have been refused before it was sent.
        let _ = socket.write_all(&bytes);
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let _ = socket.read(&mut [0; 1024]);
    }
}

/// Every way of writing a text that a log may have.
fn assert_discreet(what: &str, text: &str) {
    for secret in [MARK, ANN, OPS, "eyJhbGci"] {
        let bytes = secret.bytes();
        let debug = bytes.clone().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
        let hex = bytes.map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        for form in [secret, &debug, &hex] {
            let found = text.lines().find(|line| line.contains(form));
            assert!(found.is_none(), "{what} has {form:?}: {}", found.unwrap_or_default());
        }
    }
}

async fn nothing_secret_is_logged(store: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Audited::start_in(folder, "audit.jsonl", store, |server| {
        let mut command = Command::new(server);
        command.env("LOG_SERVER_LOG", "trace");
        command.env("LOG_SERVER_SECRET", secret("seal").repeat(4));
        command
    });
    ask_all(&server).await;
    server.end();
    let printed = server.printed.lock().unwrap().clone();
    let path = server.file("audit.jsonl");
    let written = std::fs::read_to_string(&path).unwrap();
    // They do say much else.
    assert!(printed.contains("a stream is over"), "{printed}");
    assert!(written.contains("\"user\":\"ann\"") && entries(&path).len() > 40, "{written}");
    for library in ["h2::", "hyper::", "rustls::", "mongodb::", "axum::"] {
        assert!(!printed.contains(&format!(" {library}")), "{library} says what it sends");
    }
    assert_discreet("what is printed", &printed);
    assert_discreet("the audit", &written);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged_with_sqlite() {
    nothing_secret_is_logged(None).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn nothing_secret_is_logged_with_mongodb() {
    let store = Store::replica_set();
    nothing_secret_is_logged(Some(&store.address())).await;
}

#[test]
fn what_the_server_does_not_start_with_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("server.toml");
    let password = secret("password");
    let stores = [
        format!("mongodb://ann:{password}@127.0.0.1:1/wfm?serverSelectionTimeoutMS=1"),
        format!("mongodb://ann:{password}@127.0.0.1:1:1/"),
        format!("postgres://ann:{password}@127.0.0.1/wfm"),
    ];
    let configs = [
        format!("[options]\nstore = \"mongodb://ann:{password}@db/wfm\""),
        format!("[audit]\nkeep-days = \"{password}\""),
        format!("[[token]]\nname = \"a\"\nsha256 = \"{password}\""),
        format!("[[token]]\nname = \"a\"\ntoken = \"{password}\""),
        format!("password = \"{password}"),
    ];
    let by_store = stores.iter().map(|store| ("", store.as_str()));
    let by_config = configs.iter().map(|config| (config.as_str(), "sqlite:x.db"));
    for (text, store) in by_store.chain(by_config) {
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
        command.args(["--listen", "127.0.0.1:0", "--make-indexes", "--config"]).arg(&config);
        command.env("LOG_SERVER_LOG", "trace").env("LOG_SERVER_STORE", store).current_dir(&folder);
        let mut program = Program::spawn(command, |_| {}).unwrap();
        let ended = testbed::eventually(super::PATIENCE, || program.status());
        assert!(!ended.expect("it ends").success(), "{text} {store}");
        assert_discreet(&format!("{text} {store}"), &program.output());
    }
}
