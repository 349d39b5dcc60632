//! The stall limit, on a socket in memory and in paused time.

use std::io::ErrorKind;
use std::time::Duration;

use gapless_sse_hyper::StallLimit;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::yield_now;
use tokio::time::{Instant, advance, timeout};

const LIMIT: Duration = Duration::from_secs(30);
const BUFFER: usize = 1024;

fn pair() -> (StallLimit<DuplexStream>, DuplexStream) {
    let (server, client) = duplex(BUFFER);
    (StallLimit::new(server, LIMIT), client)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_cut_off_after_the_limit() {
    let (mut server, _client) = pair();
    server.write_all(&[0; BUFFER]).await.unwrap();
    let start = Instant::now();
    let error = timeout(LIMIT * 2, server.write_all(b"x")).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let waited = start.elapsed();
    assert!(waited >= LIMIT && waited < LIMIT + Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn vectored_writes_are_limited_too() {
    let (mut server, _client) = pair();
    server.write_all(&[0; BUFFER]).await.unwrap();
    let slices = [std::io::IoSlice::new(b"x"), std::io::IoSlice::new(b"y")];
    let error = timeout(LIMIT * 2, server.write_vectored(&slices)).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_a_byte_within_the_limit_is_never_cut_off() {
    let (mut server, mut client) = pair();
    let writing = tokio::spawn(async move { server.write_all(&[0; BUFFER + 20]).await });
    for _ in 0..20 {
        yield_now().await;
        advance(LIMIT.checked_sub(Duration::from_secs(1)).unwrap()).await;
        client.read_u8().await.unwrap();
    }
    writing.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn time_without_a_write_does_not_count() {
    let (mut server, mut client) = pair();
    let mut read = [0; BUFFER];
    for _ in 0..3 {
        server.write_all(&[0; BUFFER]).await.unwrap();
        // Full: this write waits, then moves, and must leave no clock running.
        let writing = tokio::spawn(async move {
            server.write_all(b"x").await.unwrap();
            server
        });
        yield_now().await;
        advance(LIMIT / 2).await;
        client.read_exact(&mut read).await.unwrap();
        client.read_u8().await.unwrap();
        server = writing.await.unwrap();
        advance(LIMIT * 10).await;
    }
}
