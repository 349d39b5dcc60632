//! Rows that are kept for as long as is said, and what clients are told of those that are gone.

use serde_json::Value;

use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

async fn post(server: &Server, message: &str) {
    let row = serde_json::json!({ "message": message }).to_string();
    let answer = http::post(server.address, LOGS, "application/json", row).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

async fn page(server: &Server) -> (Vec<Value>, String) {
    let mut page = http::get(server.address, LOGS).await.json();
    let position = page["stream_position"].as_str().unwrap().to_owned();
    let Value::Array(rows) = page["logs"].take() else { panic!("{page}") };
    (rows, position)
}

/// What a client that was at this position has heard when this is so, and all that is due then.
async fn comes_back(server: &Server, position: &str, until: impl Fn(&Client) -> bool) -> Client {
    let mut client = Client { last_id: position.to_owned(), ..Client::default() };
    let mut stream = client.connect(server.address, &format!("{LOGS}/stream")).await;
    client.read_until(&mut stream, until).await;
    client.read_all_that_is_due(&mut stream).await;
    client
}

/// It goes on with these messages, and nothing is lost.
async fn goes_on(server: &Server, position: &str, messages: &[&str]) {
    let all = |client: &Client| client.comments > 0 && client.messages.len() >= messages.len();
    let client = comes_back(server, position, all).await;
    assert_eq!(client.messages, messages);
    assert_eq!(client.notices("reset"), [""; 0]);
}

#[tokio::test]
async fn who_was_away_for_longer_than_rows_are_kept_is_told() {
    let store = Store::sqlite();
    let options = ["--store", &store.address(), "--heartbeat", "200ms", "--keep", "1s"];
    let mut server = Server::start(&options);
    let (_, before) = page(&server).await;
    post(&server, "1").await;
    let (_, after_one) = page(&server).await;
    post(&server, "2").await;
    let (_, after_two) = page(&server).await;
    while !page(&server).await.0.is_empty() {}
    // What is in memory is not lost yet.
    goes_on(&server, &after_one, &["2"]).await;
    server.restart(true).await;
    for position in [&before, &after_one] {
        let client =
            comes_back(&server, position, |client| !client.notices("reset").is_empty()).await;
        assert_eq!(client.notices("reset"), [r#"{"reason":"history_lost"}"#]);
        assert_eq!(client.messages, [""; 0]);
    }
    goes_on(&server, &after_two, &[]).await;
    post(&server, "3").await;
    goes_on(&server, &after_two, &["3"]).await;
}

#[tokio::test]
async fn mongodb_is_left_to_the_service_that_owns_the_rows() {
    let mut refused = std::process::Command::new(env!("CARGO_BIN_EXE_log-server"));
    refused.args(["--store", "mongodb://127.0.0.1:1/wfm", "--keep", "30d"]);
    let refused = refused.output().unwrap();
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && words.contains("expireAfterSeconds"), "{words}");
}

#[tokio::test]
async fn a_server_is_backed_up_while_it_runs() {
    let store = Store::sqlite();
    let mut server = Server::start(&["--store", &store.address(), "--heartbeat", "200ms"]);
    post(&server, "1").await;
    let (_, early) = page(&server).await;
    let backup = store.file().with_extension("backup");
    let run = || {
        let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_log-server"));
        run.args(["backup", backup.to_str().unwrap(), "--store", &store.address()]);
        run.output().unwrap()
    };
    let (first, second) = (run(), run());
    assert!(first.status.success(), "{first:?}");
    assert!(String::from_utf8_lossy(&first.stdout).contains("has all up to row 1"), "{first:?}");
    assert!(!second.status.success(), "it is not written over");
    assert!(String::from_utf8_lossy(&second.stderr).contains("exists already"), "{second:?}");
    post(&server, "2").await;
    let (_, late) = page(&server).await;
    server.end();
    for beside in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(store.file().with_extension(beside));
    }
    std::fs::copy(&backup, store.file()).unwrap();
    server.start_again();
    let client = comes_back(&server, &late, |client| client.messages.len() == 1).await;
    assert_eq!(client.notices("reset"), [r#"{"reason":"epoch"}"#]);
    goes_on(&server, &early, &[]).await;
}
