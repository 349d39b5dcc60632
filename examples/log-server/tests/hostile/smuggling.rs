//! Requests of which two servers make different ones: what one takes for a body is another request
//! to the next, and its answer would go to somebody else.

use std::net::SocketAddr;

use crate::attempt::{Attempt, exchange};
use crate::deployment::{ANN, BOB, Deployment, logs};
use crate::nginx::Nginx;

/// Each pair: what is hostile, then what a good client sends, who is to get his own answer.
pub(crate) async fn through_nginx(deployment: &Deployment) {
    let nginx = Nginx::start(deployment.address);
    for (name, bytes) in pairs() {
        let attempt = Attempt::new(name, bytes).may_see_etl();
        for server in [nginx.address, deployment.address] {
            if let Err(wrong) = attempt.make(server).await {
                // nginx answers for a server that closes on it.
                assert!(server == nginx.address && wrong.contains("was answered 502"), "{wrong}");
            }
        }
        for _ in 0..3 {
            victim(nginx.address, name).await;
        }
    }
}

/// Bob asks for his own, and gets that.
async fn victim(server: SocketAddr, name: &str) {
    let path = logs("sales", "orders");
    let request = format!(
        "GET {path}?limit=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {BOB}\r\n\r\n"
    );
    let answer = String::from_utf8(exchange(server, request.as_bytes()).await).unwrap();
    let is_his = answer.starts_with("HTTP/1.1 200") && answer.contains("SECRET-sales-19");
    assert!(is_his && !answer.contains("etl"), "after {name}: {answer}");
}

fn pairs() -> Vec<(&'static str, String)> {
    let etl = logs("etl", "orders");
    let hidden =
        format!("GET {etl} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ANN}\r\nX-A: ");
    let post = |headers: &str, body: &str| {
        format!(
            "POST {etl} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ANN}\r\n\
             Content-Type: application/json\r\n{headers}\r\n\r\n{body}"
        )
    };
    let chunked = format!("0\r\n\r\n{hidden}");
    let length = chunked.len();
    let both = |encoding: &str| post(&format!("Content-Length: {length}\r\n{encoding}"), &chunked);
    vec![
        ("CL.TE", both("Transfer-Encoding: chunked")),
        ("TE.CL", post("Content-Length: 4\r\nTransfer-Encoding: chunked", &chunked)),
        ("TE with a space", both("Transfer-Encoding : chunked")),
        ("TE with a tab", both("Transfer-Encoding:\tchunked")),
        ("xchunked", both("Transfer-Encoding: xchunked")),
        ("two TEs", both("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")),
        ("TE of two", both("Transfer-Encoding: identity, chunked")),
        ("TE in capitals", both("TRANSFER-ENCODING: CHUNKED")),
        ("TE with a vertical tab", both("Transfer-Encoding: \u{b}chunked")),
        ("TE that is folded", both("Transfer-Encoding:\r\n chunked")),
        ("TE after a bare LF", both("X: y\nTransfer-Encoding: chunked")),
        ("two lengths", post(&format!("Content-Length: 0\r\nContent-Length: {length}"), &chunked)),
        ("a list of lengths", post(&format!("Content-Length: 0, {length}"), &chunked)),
        ("a length with a sign", post("Content-Length: +0", &hidden)),
        ("a length of zero", post("Content-Length: 0", &hidden)),
        (
            "a chunk that ends with LF",
            post("Transfer-Encoding: chunked", &format!("0\n\n{hidden}")),
        ),
        ("a size with 0x", post("Transfer-Encoding: chunked", &format!("0x0\r\n\r\n{hidden}"))),
        (
            "an extension with LF",
            post("Transfer-Encoding: chunked", &format!("0;\n\r\n\r\n{hidden}")),
        ),
        (
            "a trailer",
            post("Transfer-Encoding: chunked", &format!("0\r\nContent-Length: 9\r\n\r\n{hidden}")),
        ),
        (
            "an upgrade",
            post(
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 0",
                &hidden,
            ),
        ),
        (
            "a GET with a body",
            format!(
                "GET {etl} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{hidden}",
                hidden.len()
            ),
        ),
    ]
}
