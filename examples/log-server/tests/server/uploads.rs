//! Bodies of requests that do not come to their ends.

#![cfg(target_os = "linux")]

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};

const BODY: usize = 4 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends all of a body but its last byte. `None` while there is no answer, else what it is.
async fn send_almost_all(server: &Server) -> (TcpStream, Option<String>) {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST {LOGS} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: {BODY}\r\n\r\n",
        server.address
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    // Who is refused does not read it.
    let _ = socket.write_all(&vec![b' '; BODY - 1]).await;
    let mut answer = vec![0; 4096];
    let read = timeout(Duration::from_millis(500), socket.read(&mut answer)).await;
    let answer = read.ok().map(|read| {
        answer.truncate(read.unwrap_or_default());
        String::from_utf8(answer).unwrap()
    });
    (socket, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_end_take_no_more_than_their_share_and_give_it_back() {
    let store = Store::sqlite();
    // Three quarters of it are for large ones, and two fit.
    let share = (3 * BODY).to_string();
    let server = Server::start(&["--store", &store.address(), "--upload-bytes", &share]);
    let before = server.peak_memory();
    let (mut waiting, mut refused) = (Vec::new(), 0);
    for _ in 0..30 {
        let (socket, answer) = send_almost_all(&server).await;
        match answer {
            None => waiting.push(socket),
            Some(answer) if answer.is_empty() => refused += 1,
            Some(answer) => {
                assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
                assert!(answer.contains("retry-after: "), "{answer}");
                assert!(answer.contains("--upload-bytes"), "{answer}");
                refused += 1;
            }
        }
    }
    assert_eq!((waiting.len(), refused), (2, 28));
    let taken = server.peak_memory().saturating_sub(before);
    assert!(taken < 10 * BODY, "{taken} bytes");
    let small = || http::post(server.address, LOGS, "application/json", r#"{"message":"small"}"#);
    assert_eq!(small().await.status, 201, "there is room for a small one");

    drop(waiting);
    let whole = || http::post(server.address, LOGS, "application/json", vec![b' '; BODY]);
    let room = async {
        // Without a row in it, it is refused once it was read.
        while whole().await.status != 400 {}
    };
    timeout(PATIENCE, room).await.expect("what was held is given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_makes_no_progress_is_answered_408_in_words() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "POST {LOGS} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n{{",
        server.address
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = timeout(3 * PATIENCE, socket.read_to_string(&mut answer));
    read.await.expect("an answer").expect("that comes to its end");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"status\":408"), "{answer}");
    assert!(answer.contains("did not come in time"), "{answer}");
}
