//! Unix sockets as files: who may use them, and what is left of a server that has ended.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};

use gapless_sse_hyper::{PeerAddress, ServeOptions, THIS_MACHINE, bind_unix};
use support::over::Over;
use support::{App, Client, DEADLINE, Server, text, within};
use tokio::net::UnixSocket;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

mod support;

#[tokio::test]
async fn the_socket_is_for_whom_its_mode_says() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o600, 0o660, 0o666] {
        let path = folder.path().join(format!("{mode:o}"));
        let _listener = bind_unix(&path, mode).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[tokio::test]
async fn what_a_server_left_is_replaced_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    drop(UnixListener::bind(&path).unwrap());
    let listener = bind_unix(&path, 0o600).unwrap();
    UnixStream::connect(&path).expect("it listens");
    let error = bind_unix(&path, 0o600).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains("another server"), "{error}");
    UnixStream::connect(&path).expect("the first one still listens");
    drop(listener);
    drop(bind_unix(&path, 0o600).unwrap());

    let file = folder.path().join("notes");
    fs::write(&file, "kept").unwrap();
    let error = bind_unix(&file, 0o600).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    // What a link leads to is not removed either.
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert!(bind_unix(&link, 0o600).is_err());
    assert_eq!(fs::read_to_string(&link).unwrap(), "kept");
    assert!(bind_unix(folder.path().join("no/folder"), 0o600).is_err());
}

#[tokio::test]
async fn a_server_that_stands_still_is_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let socket = UnixSocket::new_stream().unwrap();
    socket.bind(&path).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut waiting = Vec::new();
    let full = loop {
        match UnixSocket::new_stream().unwrap().connect(&path).await {
            Ok(client) => waiting.push(client),
            Err(error) => break error,
        }
    };
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    let runtime = Handle::current();
    let bound = spawn_blocking(move || {
        let _entered = runtime.enter();
        bind_unix(&path, 0o600).map(drop)
    });
    let refused = timeout(DEADLINE, bound).await;
    // Whoever waits all the same is refused now.
    drop(listener);
    let error = refused.expect("nobody is waited for").unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_peer_is_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let listener = bind_unix(folder.path().join("socket"), 0o600).unwrap();
    let app = App(|request: http::Request<gapless_sse_hyper::RequestBody>| async move {
        text(request.extensions().get::<PeerAddress>().unwrap().0.to_string())
    });
    let server = Server::on(Over::Unix(folder), listener, ServeOptions::default(), app);
    let mut client: Client = server.connect().await;
    client.get("/").await;
    within(client.read_until(&format!("\r\n\r\n{THIS_MACHINE}"))).await;
}
