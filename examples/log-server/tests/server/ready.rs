//! What a server says of itself when it cannot do all that it is for.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use mongodb::bson::doc;
use mongodb::options::{ReadPreference, SelectionCriteria};
use tokio::time::timeout;

use crate::answers::problem;
use crate::app::app;
use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

const PATIENCE: Duration = Duration::from_secs(20);

/// Asks whether the server is ready: the status, whether it says when to come back, and its words.
async fn readiness(server: &Server) -> (u16, bool, String) {
    let request = Request::get("/readyz").body(Full::default()).unwrap();
    let (response, _connection) = http::send(server.address, request).await.unwrap();
    let (status, retry) = (response.status(), response.headers().contains_key("retry-after"));
    let body = response.collect().await.unwrap().to_bytes();
    (status.as_u16(), retry, String::from_utf8(body.into()).unwrap())
}

async fn ready(server: &Server) {
    let ready = async { while readiness(server).await.0 != 200 {} };
    timeout(PATIENCE, ready).await.expect("it is ready");
}

#[tokio::test]
async fn a_file_that_is_gone_is_named_with_what_to_do_and_not_as_passing() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    ready(&server).await;
    let Store::Sqlite { path, .. } = &store else { unreachable!() };
    std::fs::rename(path, path.with_extension("moved")).unwrap();
    let (status, retry, words) = readiness(&server).await;
    assert_eq!((status, retry), (503, false), "{words}");
    assert!(words.contains("writes: ") && !words.contains("few seconds"), "{words}");
    let posted = http::post(server.address, LOGS, "application/json", r#"{"message":"x"}"#).await;
    assert_eq!(posted.status, 503, "{posted:?}");
    assert!(!posted.text.contains("few seconds"), "{posted:?}");
    assert_eq!(http::get(server.address, "/healthz").await.status, 200);
}

#[tokio::test]
async fn without_its_driver_no_stream_begins_and_the_server_is_not_ready() {
    let (_folder, router, driver) = app();
    let listener = gapless_sse_axum::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = gapless_sse_axum::serve(listener, router, std::future::pending());
    let serving = tokio::spawn(serving);
    problem(&http::get(address, &format!("{LOGS}/stream")).await, 503, "does not follow");
    problem(&http::get(address, "/readyz").await, 503, "streams: ");
    assert_eq!(http::get(address, LOGS).await.status, 200, "pages do not need it");

    let driving = tokio::spawn(driver.run(|_| {}));
    let ready = async { while http::get(address, "/readyz").await.status != 200 {} };
    timeout(PATIENCE, ready).await.expect("it is ready");
    driving.abort();
    let over = async { while http::get(address, "/readyz").await.status == 200 {} };
    timeout(PATIENCE, over).await.expect("it is not ready any more");
    serving.abort();
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_replica_set_without_a_primary_cannot_be_written_to_and_that_is_named() {
    let store = Store::replica_set();
    let server = Server::start(&["--store", &store.address()]);
    ready(&server).await;
    let admin = mongodb::Client::with_uri_str(store.address()).await.unwrap().database("admin");
    let step_down = doc! { "replSetStepDown": 120, "force": true };
    admin.run_command(step_down).await.expect("it steps down");
    let named = async { while !readiness(&server).await.2.contains("writes: ") {} };
    timeout(PATIENCE, named).await.expect("that it cannot be written to is named");
    let again = doc! { "replSetFreeze": 0 };
    let secondary = SelectionCriteria::ReadPreference(ReadPreference::Nearest { options: None });
    admin.run_command(again).selection_criteria(secondary).await.expect("it may be elected");
    timeout(2 * PATIENCE, ready(&server)).await.expect("it is elected");
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn an_index_that_is_missing_is_named_with_its_command_unless_pages_are_not_wanted() {
    let store = Store::replica_set();
    store.writer().await.write("before").await;
    for (indexes, status) in [("require", 503), ("none", 200)] {
        let server = Server::start(&["--store", &store.address(), "--indexes", indexes]);
        let settled = async { while readiness(&server).await.2.contains("streams: ") {} };
        timeout(PATIENCE, settled).await.expect("streams are told what is new");
        let (is, retry, words) = readiness(&server).await;
        assert_eq!((is, retry), (status, false), "{words}");
        assert_eq!(
            words.contains("pages: ") && words.contains("createIndex"),
            is == 503,
            "{words}"
        );
        let page = http::get(server.address, LOGS).await;
        problem(&page, 503, "createIndex");
        assert!(!page.text.contains("few seconds"), "{page:?}");

        // What is new needs no index.
        let mut client = Client::default();
        let path = format!("{LOGS}/stream?history=0");
        let mut stream = client.connect(server.address, &path).await;
        client.read_until(&mut stream, |client| !client.notices("start").is_empty()).await;
        store.writer().await.write(indexes).await;
        client.read_until(&mut stream, |client| client.messages == [indexes]).await;
    }
}
