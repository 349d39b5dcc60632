//! A MongoDB that is down at first, or goes down: clear words, and the server goes on.

use std::time::Duration;

use testbed::eventually;

use crate::answers::problem;
use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_mongodb_that_goes_down_and_comes_back() {
    let mut store = Store::replica_set();
    let server = Server::start(&["--store", &store.address(), "--heartbeat", "500ms"]);
    store.writer().await.write("before").await;
    let mut client = Client::default();
    let mut stream = client.connect(server.address, &format!("{LOGS}/stream")).await;
    client.read_until(&mut stream, |client| client.messages == ["before"]).await;

    store.mongod().member(0).kill();
    client.read_until(&mut stream, |client| !client.notices("status").is_empty()).await;
    assert!(client.notices("status")[0].contains(r#""source":"unavailable""#));
    let page = http::get(server.address, LOGS).await;
    assert_eq!((page.status, &*page.content_type), (503, "application/problem+json"));
    assert!(page.json()["detail"].as_str().unwrap().contains("try again"));
    assert_eq!(http::get(server.address, "/healthz").await.status, 200);
    let ready = http::get(server.address, "/readyz").await;
    problem(&ready, 503, "pages: ");
    problem(&ready, 503, "streams: ");

    store.mongod().member(0).restart().unwrap();
    store.writer().await.write("after").await;
    client.read_until(&mut stream, |client| client.messages == ["before", "after"]).await;
    assert_eq!(http::get(server.address, "/readyz").await.json()["status"], "ready");
    assert!(client.notices("status").last().unwrap().contains(r#""source":"ok""#));
    assert_eq!(client.notices("reset"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_mongodb_that_is_down_at_first() {
    let mut store = Store::replica_set();
    store.writer().await.write("before").await;
    store.mongod().member(0).kill();
    let server = Server::start(&["--store", &store.address(), "--heartbeat", "500ms"]);
    assert_eq!(http::get(server.address, LOGS).await.status, 503);
    let mut client = Client::default();
    let mut stream = client.connect(server.address, &format!("{LOGS}/stream")).await;
    client.read_until(&mut stream, |client| !client.notices("status").is_empty()).await;
    assert_eq!(client.notices[0].0, "start");

    store.mongod().member(0).restart().unwrap();
    client.read_until(&mut stream, |client| client.messages == ["before"]).await;
    assert_eq!(client.notices("reset"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_told_to_come_back_when_the_server_ends() {
    let store = Store::sqlite();
    let mut server = Server::start(&["--store", &store.address()]);
    store.writer().await.write("before").await;
    let mut client = Client::default();
    let path = format!("{LOGS}/stream");
    let mut stream = client.connect(server.address, &path).await;
    client.read_until(&mut stream, |client| client.messages == ["before"]).await;
    server.restart(true).await;
    while client.read(&mut stream).await {}
    assert_eq!(client.notices.last().unwrap().0, "drain");
    store.writer().await.write("after").await;
    let mut stream = client.connect(server.address, &path).await;
    client.read_until(&mut stream, |client| client.messages == ["before", "after"]).await;
}

#[test]
fn a_wrong_store_is_refused_without_repeating_its_password() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_log-server"));
    command.args(["--store", "mongodb:/me:s3cret@host/db"]);
    let mut program = testbed::Program::spawn(command, |_| {}).unwrap();
    let ended = eventually(Duration::from_secs(10), || program.status());
    assert!(!ended.expect("it ends").success());
    assert!(program.output().contains("--store is"), "{}", program.output());
    assert!(!program.output().contains("s3cret"), "{}", program.output());
}

#[test]
fn an_open_address_is_refused_unless_it_is_meant() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_log-server"));
    command.args(["--listen", "0.0.0.0:0", "--store", "sqlite:unused.db"]);
    let mut program = testbed::Program::spawn(command, |_| {}).unwrap();
    let ended = eventually(Duration::from_secs(10), || program.status());
    assert!(!ended.expect("it ends").success());
    assert!(program.output().contains("--anonymous"), "{}", program.output());
}
