//! Methods that paths do not take, and what is no HTTP.

use crate::attempt::Attempt;
use crate::deployment::{ANN, logs};

pub(crate) fn attempts() -> Vec<Attempt> {
    let sales = logs("sales", "orders");
    let ann = format!("Authorization: Bearer {ANN}");
    let methods = [
        "TRACE", "TRACK", "PUT", "DELETE", "PATCH", "PROPFIND", "get", "GETS", "HEAD", "POST",
        "MKCOL", "DEBUG", "SEARCH", "G\u{0}T",
    ];
    let mut attempts: Vec<_> = methods
        .iter()
        .map(|method| {
            let line = format!("{method} {sales} HTTP/1.1");
            let lines = [&line, "Host: localhost", "Connection: close", "Content-Length: 0", &ann];
            Attempt::head(*method, &lines)
        })
        .collect();
    let others: [(&str, &[u8]); 8] = [
        ("CONNECT", b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n"),
        ("an asterisk", b"GET * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("half a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n"),
        (
            "a frame that is none",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
        ("Redis", b"*1\r\n$8\r\nFLUSHALL\r\n"),
        ("zeros", &[0; 4096]),
    ];
    attempts.extend(others.iter().map(|(name, bytes)| Attempt::new(*name, *bytes)));
    attempts
}
