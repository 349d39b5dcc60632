//! Files that are restored, replaced, removed or full.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use testbed::Program;
use tokio::time::timeout;

use crate::answers::problem;
use crate::http::{self, Answer};
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

/// How long it may take until streams are known not to go on.
const NOTICED: Duration = Duration::from_secs(20);

async fn post(server: &Server, message: &str) -> Answer {
    let row = serde_json::json!({ "message": message }).to_string();
    http::post(server.address, LOGS, "application/json", row).await
}

async fn posted(server: &Server, messages: &[&str]) {
    for message in messages {
        let answer = post(server, message).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
}

/// What a client with this id is told first, and the messages that it is brought.
async fn comes_back(server: &Server, id: &str, messages: &[&str]) -> String {
    let mut client = Client { last_id: id.to_owned(), ..Client::default() };
    let mut stream = client.connect(server.address, &format!("{LOGS}/stream")).await;
    client.read_until(&mut stream, |client| client.messages.len() >= messages.len()).await;
    client.read_all_that_is_due(&mut stream).await;
    assert_eq!(client.messages, messages);
    let reset: Value = match client.notices("reset").first() {
        Some(reset) => serde_json::from_str(reset).unwrap(),
        None => Value::Null,
    };
    reset["reason"].as_str().unwrap_or("resumed").to_owned()
}

async fn position(server: &Server) -> String {
    let page = http::get(server.address, LOGS).await.json();
    page["stream_position"].as_str().unwrap().to_owned()
}

fn back_up(from: &Path, to: &Path) {
    let file = rusqlite::Connection::open(from).unwrap();
    file.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
}

fn restore(backup: &Path, to: &Path) {
    for beside in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(to.with_extension(beside));
    }
    std::fs::copy(backup, to).unwrap();
}

#[tokio::test]
async fn a_backup_that_is_restored_is_told_from_a_restart() {
    let store = Store::sqlite();
    let mut server = Server::start(&["--store", &store.address(), "--heartbeat", "200ms"]);
    posted(&server, &["1", "2", "3"]).await;
    let early = position(&server).await;
    let backup = store.file().with_extension("backup");
    back_up(store.file(), &backup);
    posted(&server, &["4", "5"]).await;
    let late = position(&server).await;

    // After restarts, also after a crash, everyone goes on.
    for gracefully in [true, false] {
        server.restart(gracefully).await;
        assert_eq!(comes_back(&server, &late, &[]).await, "resumed");
        assert_eq!(comes_back(&server, &early, &["4", "5"]).await, "resumed");
    }
    posted(&server, &["6"]).await;
    let latest = position(&server).await;
    assert_eq!(comes_back(&server, &late, &["6"]).await, "resumed");

    // Those who have seen what is lost start over, before and after its numbers are given out again.
    server.end();
    restore(&backup, store.file());
    server.start_again();
    for gone in [&late, &latest] {
        assert_eq!(comes_back(&server, gone, &["1", "2", "3"]).await, "epoch");
    }
    assert_eq!(comes_back(&server, &early, &[]).await, "resumed");
    posted(&server, &["4b", "5b", "6b"]).await;
    let all = ["1", "2", "3", "4b", "5b", "6b"];
    for gone in [&late, &latest] {
        assert_eq!(comes_back(&server, gone, &all).await, "epoch");
    }
    assert_eq!(comes_back(&server, &early, &all[3..]).await, "resumed");
    server.restart(false).await;
    assert_eq!(comes_back(&server, &late, &all).await, "epoch");
    let now = position(&server).await;
    assert_eq!(comes_back(&server, &now, &[]).await, "resumed");
}

#[tokio::test]
async fn a_file_that_is_removed_or_replaced_is_noticed_before_the_next_answer() {
    for (extension, replaced) in [("db", false), ("db", true), ("db-wal", false), ("db-wal", true)]
    {
        let store = Store::sqlite();
        let mut server = Server::start(&["--store", &store.address()]);
        posted(&server, &["1", "2"]).await;
        let file = store.file().with_extension(extension);
        let aside = store.file().with_extension("aside");
        std::fs::rename(&file, &aside).unwrap();
        if replaced {
            std::fs::copy(&aside, &file).unwrap();
        }
        let refused = post(&server, "3").await;
        problem(&refused, 503, "was removed or replaced since it was opened");
        assert!(!refused.text.contains("few seconds"), "{refused:?}");
        for path in [LOGS, "/wfm/workflow/workspace", "/readyz"] {
            problem(&http::get(server.address, path).await, 503, "was removed or replaced");
        }
        // Put back, everything goes on.
        std::fs::rename(&aside, &file).unwrap();
        posted(&server, &["3"]).await;
        assert_eq!(http::get(server.address, LOGS).await.status, 200);
        server.end();
    }
}

#[tokio::test]
async fn rows_that_are_lost_while_the_server_runs_are_noticed_before_the_next_answer() {
    // As a backup does that SQLite itself restores into the open file.
    let restored = "DELETE FROM log WHERE seq = 2; UPDATE sqlite_sequence SET seq = 1;";
    // Another server has written to it since, and given the numbers out again.
    let written = "INSERT INTO lives VALUES (2, 7);
         INSERT INTO log SELECT 2, workspace, workflow, date, row FROM log WHERE seq = 1;
         INSERT INTO log SELECT 3, workspace, workflow, date, row FROM log WHERE seq = 1;";
    for since in ["", written] {
        let store = Store::sqlite();
        let server = Server::start(&["--store", &store.address()]);
        posted(&server, &["1", "2"]).await;
        let file = rusqlite::Connection::open(store.file()).unwrap();
        file.execute_batch(&format!("BEGIN; {restored} {since} COMMIT")).unwrap();
        problem(&post(&server, "3").await, 503, "restart the server");
        let ready = timeout(NOTICED, async {
            loop {
                let ready = http::get(server.address, "/readyz").await;
                if ready.text.contains("streams: ") {
                    break ready;
                }
            }
        });
        problem(&ready.await.unwrap(), 503, "restart the server");
    }
}

#[tokio::test]
async fn a_disk_that_takes_no_more_is_said_so_and_what_is_there_can_be_read() {
    let store = Store::sqlite();
    drop(store.writer().await);
    // The system refuses what is beyond a size, as it does when a disk is full.
    let mut command = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\"";
    command.args(["-c", script, env!("CARGO_BIN_EXE_log-server"), "--listen", "127.0.0.1:0"]);
    command.args(["--store", &store.address()]);
    let mut program = Program::spawn(command, |_| {}).unwrap();
    let patience = Duration::from_secs(20);
    let address = program.line("listening on http://", patience).unwrap();
    let address = address.trim_end_matches('/').parse().unwrap();
    let row = format!("{{\"message\":\"{}\"}}", "x".repeat(20_000));
    let mut written = 0;
    let refused = loop {
        let answer = http::post(address, LOGS, "application/json", row.clone()).await;
        if answer.status != 201 {
            break answer;
        }
        written += 1;
        assert!(written < 1000, "there is no limit");
    };
    problem(&refused, 503, "look at the disk");
    assert!(written > 0 && !refused.text.contains("few seconds"), "{refused:?}");
    let page = http::get(address, LOGS).await;
    assert_eq!(page.json()["logs"].as_array().unwrap().len(), written);
    program.terminate().unwrap();
}
