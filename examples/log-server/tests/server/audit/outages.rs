//! What cannot be written holds nobody up, is counted, and is said.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Incoming;
use testbed::eventually;
use tokio::time::timeout;

use super::{ANN, Audited, PATIENCE, as_user, entries, entries_until, of};
use crate::http::{self, Connection};
use crate::store::LOGS;

/// A stream of Ann's.
async fn open(server: &Audited) -> (hyper::Response<Incoming>, Connection) {
    let request = as_user(ANN, Request::get(format!("{LOGS}/stream")));
    http::send(server.address, request.body(Full::default()).unwrap()).await.unwrap()
}

/// Reads until this row has come.
async fn read_until(stream: &mut hyper::Response<Incoming>, message: &str) {
    use http_body_util::BodyExt;

    let mut text = String::new();
    while !text.contains(message) {
        let frame = timeout(PATIENCE, stream.frame()).await.expect("it comes").unwrap().unwrap();
        if let Ok(chunk) = frame.into_data() {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_no_stream_and_is_counted_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    symlink("/dev/full", &path).unwrap();
    let mut server = Audited::start_in(folder, "audit.jsonl", None, |server| Command::new(server));
    let (mut stream, _connection) = open(&server).await;
    for number in 0..50 {
        assert_eq!(server.append(&format!("row {number}.")).await.status, 201);
    }
    read_until(&mut stream, "row 49.").await;
    // The start, the stream and the rows.
    let mut lost = 0;
    for _ in 0..600 {
        lost = server.lost().await["output"];
        if lost == 52 {
            break;
        }
    }
    assert_eq!((lost, server.lost().await["queue"]), (52, 0));
    // There is room again.
    fs::remove_file(&path).unwrap();
    let written = entries_until(&path, "lost");
    assert_eq!(of(&written, "lost")[0]["lost"], 52);
    assert_eq!(server.append("again").await.status, 201);
    server.end();
    let written = entries(&path);
    assert_eq!(of(&written, "append").len(), 1, "{written:?}");
    assert_eq!(of(&written, "lost").len(), 1, "{written:?}");
    let output = server.program.output();
    assert_eq!(output.matches("the audit cannot be written").count(), 1, "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_did_not_fit_leaves_no_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    // Files may have 4 MiB; this one is full but for some lines.
    let line = format!("{}\n", serde_json::json!({ "event": "x".repeat(1000) }));
    let limit = 4 << 20;
    let full = line.repeat((limit - 4000) / line.len());
    fs::write(&path, &full).unwrap();
    let mut server = Audited::start_in(folder, "audit.jsonl", None, |server| {
        let mut command = Command::new("sh");
        let script = "trap '' XFSZ; ulimit -f $(($1 / 512)); shift; exec \"$@\"";
        command.args(["-c", script, "sh", &limit.to_string(), server]);
        command
    });
    let mut lost = 0;
    for number in 0..60 {
        assert_eq!(server.append(&format!("row {number}")).await.status, 201);
        lost = server.lost().await["output"];
    }
    assert!(lost > 0, "{} bytes", fs::metadata(&path).unwrap().len());
    assert!(fs::metadata(&path).unwrap().len() <= limit as u64);
    let moved = server.file("moved.jsonl");
    fs::rename(&path, &moved).unwrap();
    entries_until(&path, "lost");
    server.end();
    // Each row is in one of the files, or among those of which they say that they are missing.
    let written = [entries(&moved), entries(&path)].concat();
    let (ours, missing) = (of(&written, "append").len(), of(&written, "lost"));
    let missing = missing.iter().filter_map(|entry| entry["lost"].as_u64()).sum::<u64>();
    assert!(ours > 0 && missing > 0, "{ours}, {missing}");
    assert_eq!(ours as u64 + missing, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_who_does_not_read_the_audit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut server = Audited::start_in(folder, "fifo", None, |server| Command::new(server));
    let (mut stream, _connection) = open(&server).await;
    // More than may wait: rows that are not right are written as well.
    let (address, wrong) = (server.address, 4200);
    let tasks = (0..8).map(|_| {
        tokio::spawn(async move {
            for _ in 0..wrong / 8 {
                let request = as_user(ANN, Request::post(LOGS));
                let answer = http::ask(address, request.body(Full::default()).unwrap()).await;
                assert_eq!(answer.status, 400);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(server.append("the last row").await.status, 201);
    read_until(&mut stream, "the last row").await;
    let lost = server.lost().await;
    assert!(lost["queue"] > 0, "{lost:?}");
    assert_eq!(lost["output"], 0);
    // It ends although nobody reads.
    drop(stream);
    server.end();
}

#[test]
fn where_it_cannot_be_written_from_the_start_it_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("server.toml");
    fs::write(&config, "[audit]\nto = \"/no/such/folder/audit.jsonl\"").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_log-server"));
    command.args(["--listen", "127.0.0.1:0", "--config"]).arg(&config);
    command.args(["--store", &format!("sqlite:{}", folder.path().join("x.db").display())]);
    let mut program = testbed::Program::spawn(command, |_| {}).unwrap();
    let ended = eventually(PATIENCE, || program.status());
    assert!(!ended.expect("it ends").success());
    let said = program.output();
    assert!(said.contains("cannot write the audit to /no/such/folder/audit.jsonl"), "{said}");
}
