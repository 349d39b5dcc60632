//! Unix sockets as files: who may use them, and what is left of a server that has ended.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};

use gapless_sse_hyper::{PeerAddress, ServeOptions, THIS_MACHINE, bind_unix};
use support::over::Over;
use support::{App, Client, Server, text, within};

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
