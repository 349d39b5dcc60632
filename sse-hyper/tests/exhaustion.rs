//! A server that runs out of file descriptors.

#![cfg(unix)]

use std::net::TcpStream;
use std::process::Command;

use gapless_sse_hyper::ServeOptions;
use support::{Client, Server, text};

mod support;

const ROLE: &str = "SSE_HYPER_TEST_FEW_FILES";

/// The limit is the process's, so the test runs itself again in one of its own.
#[test]
fn accepting_goes_on_after_running_out_of_files() {
    if std::env::var_os(ROLE).is_some() {
        return run_out_of_files();
    }
    let ended = Command::new("sh")
        .args(["-c", "ulimit -n 40 && exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg("accepting_goes_on_after_running_out_of_files")
        .env(ROLE, "1")
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

#[tokio::main(flavor = "current_thread")]
async fn run_out_of_files() {
    let server = Server::start(ServeOptions::default(), |_| async { text("x") }).await;
    // This thread also runs the server, so all connects wait until it is let go on.
    let mut clients = Vec::new();
    let error = loop {
        match TcpStream::connect(server.address) {
            Ok(client) => clients.push(client),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("open files"), "{error}");
    let first = clients.swap_remove(0);
    first.set_nonblocking(true).expect("a socket can be");
    let mut first = Client(tokio::net::TcpStream::from_std(first).expect("it can be watched"));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    drop(clients);
    first.get("/").await;
    first.read_until("\r\n\r\nx").await;
}
