//! A server that runs out of file descriptors.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use gapless_sse_hyper::ServeOptions;
use support::{Client, DEADLINE, PATHS, Server, text};
use tokio::task::yield_now;

mod support;

const ROLE: &str = "SSE_HYPER_TEST_FEW_FILES";

/// The limit is the process's, so a test runs itself again in one of its own.
fn with_few_files(test: &str, run: fn()) {
    if std::env::var_os(ROLE).is_some() {
        return run();
    }
    let ended = Command::new("sh")
        .args(["-c", "ulimit -n 40 && exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env(ROLE, "1")
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

/// Connects until there are no more files. This thread also runs the server, so all of these wait
/// until it is let go on.
fn use_up_files(address: SocketAddr) -> Vec<TcpStream> {
    let mut clients = Vec::new();
    let error = loop {
        match TcpStream::connect(address) {
            Ok(client) => clients.push(client),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("open files"), "{error}");
    clients
}

async fn yield_often() {
    for _ in 0..100 {
        yield_now().await;
    }
}

#[test]
fn accepting_goes_on_after_running_out_of_files() {
    with_few_files("accepting_goes_on_after_running_out_of_files", accepting_goes_on);
}

#[tokio::main(flavor = "current_thread")]
async fn accepting_goes_on() {
    let server = Server::start(ServeOptions::default(), |_| async { text("x") }).await;
    let mut clients = use_up_files(server.address());
    let first = clients.swap_remove(0);
    first.set_nonblocking(true).expect("a socket can be");
    let mut first =
        Client::over(tokio::net::TcpStream::from_std(first).expect("it can be watched"));
    yield_often().await;
    drop(clients);
    first.get("/").await;
    first.read_until("\r\n\r\nx").await;
}

#[test]
fn streams_begin_while_accepting_pauses() {
    with_few_files("streams_begin_while_accepting_pauses", streams_begin);
}

/// The clock stands still, and so a pause would never end.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn streams_begin() {
    let begin = async {
        let (server, mut streams) = Server::streaming(ServeOptions::default()).await;
        let mut clients = [server.connect().await, server.connect().await];
        for client in &mut clients {
            client.get("/other").await;
            drop(streams.recv().await);
            client.read_until("0\r\n\r\n").await;
        }
        let mut waiting = Vec::new();
        for (first, client) in clients.iter_mut().enumerate() {
            client.get(PATHS[0]).await;
            let stream = streams.recv().await.expect("it is asked for");
            client.read_until("\r\n\r\n").await;
            stream.send("event".into()).expect("it is open");
            client.read_until("event\r\n").await;
            // The first one makes what all of them share, which needs files.
            if first == 0 {
                waiting = use_up_files(server.address());
                yield_often().await;
            }
        }
        drop(waiting);
    };
    // As long as something runs, the clock is not put forward.
    let deadline = async {
        let start = std::time::Instant::now();
        while start.elapsed() < DEADLINE {
            yield_now().await;
        }
    };
    tokio::select! {
        () = begin => {}
        () = deadline => panic!("a stream waits for the accept loop"),
    }
}
