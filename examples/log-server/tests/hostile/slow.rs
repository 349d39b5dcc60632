//! Clients that begin and never come to an end.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::interval;

use crate::deployment::{ANN, logs};

const CLIENTS: usize = 200;
const STEPS: usize = 20;

/// A hundred that send a head, and a hundred that send a body, a byte at a time.
pub(crate) async fn crowd(server: SocketAddr) {
    let path = logs("etl", "orders");
    let body = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ANN}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    );
    let begins = |nth| if nth % 2 == 0 { "GET / HTTP/1.1\r\nX-A: " } else { body.as_str() };
    let clients = (0..CLIENTS).map(|nth| async move {
        let mut socket = TcpStream::connect(server).await.unwrap();
        let _ = socket.write_all(begins(nth).as_bytes()).await;
        let mut pace = interval(Duration::from_millis(100));
        for _ in 0..STEPS {
            pace.tick().await;
            if socket.write_all(b" ").await.is_err() {
                return;
            }
        }
    });
    join_all(clients).await;
}
