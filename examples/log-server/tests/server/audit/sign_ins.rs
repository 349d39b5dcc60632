//! Sign-ins, and what is taken back.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use serde_json::{Value, json};

use super::{ANN, Audited, OPS, as_user, entries, entries_until, of};
use crate::http;
use crate::store::LOGS;

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_and_what_is_taken_back_is_written() {
    let mut server = Audited::start("audit.jsonl");
    let path = server.file("audit.jsonl");
    let request = as_user(ANN, Request::post("/session")).body(Full::default()).unwrap();
    let (begun, _connection) = http::send(server.address, request).await.unwrap();
    assert_eq!(begun.status(), 204);
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    let with_cookie = |request: hyper::http::request::Builder| request.header("cookie", cookie);
    assert_eq!(server.ask(with_cookie(Request::get(LOGS)), "").await.status, 200);
    assert_eq!(server.ask(as_user("wrong", Request::post("/session")), "").await.status, 401);
    assert_eq!(server.ask(as_user(ANN, Request::post("/ticket")), "").await.status, 201);
    let end = with_cookie(Request::delete("/session"));
    assert_eq!(server.ask(end, "").await.status, 204);

    let request = as_user(ANN, Request::get(format!("{LOGS}/stream")));
    let sent = http::send(server.address, request.body(Full::default()).unwrap()).await;
    let (mut stream, _connection) = sent.unwrap();
    stream.frame().await.unwrap().unwrap();
    let revoke = as_user(OPS, Request::post("/revocations"));
    assert_eq!(server.ask(revoke, r#"{"credential":"ann-1"}"#).await.status, 204);
    let refused = as_user(ANN, Request::post("/revocations"));
    assert_eq!(server.ask(refused, r#"{"all":true}"#).await.status, 401);
    while stream.frame().await.is_some() {}
    entries_until(&path, "stream-closed");
    server.end();

    let written = entries(&path);
    let said = |event: &str| -> Vec<Value> {
        let names = ["user", "known_by", "status", "reason", "subject"];
        let entry = |entry: &&Value| names.iter().map(|name| entry[name].clone()).collect();
        of(&written, event).iter().map(entry).collect()
    };
    let expected = [
        ("sign-in", json!([["ann", "token", 204, null, null], [null, null, 401, "unknown", null]])),
        ("ticket", json!([["ann", "token", 201, null, null]])),
        ("sign-out", json!([["ann", "session", 204, null, null]])),
        (
            "administration",
            json!([
                ["ops", "token", 204, null, "credential ann-1"],
                [null, null, 401, "revoked", null],
            ]),
        ),
        ("stream-closed", json!([["ann", "token", null, "revoked", null]])),
    ];
    for (event, entries) in expected {
        assert_eq!(json!(said(event)), entries, "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_before_the_answer_is_written_too() {
    let mut server = Audited::start("audit.jsonl");
    assert_eq!(server.append("before").await.status, 201);
    // Nobody else can write now.
    let lock = rusqlite::Connection::open(server.file("logs.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let request = as_user(ANN, Request::post(LOGS)).header("content-type", "application/json");
    let request = request.body(Full::new(r#"{"message":"x"}"#.into())).unwrap();
    let sent = http::send(server.address, request);
    let left = tokio::time::timeout(std::time::Duration::from_millis(500), sent).await;
    assert!(left.is_err(), "it was answered");
    let path = server.file("audit.jsonl");
    let found = testbed::eventually(super::PATIENCE, || {
        let written = entries(&path);
        of(&written, "append").get(1).map(|entry| (*entry).clone())
    });
    let entry = found.expect("it is written");
    assert_eq!((&entry["user"], &entry["status"]), (&json!("ann"), &Value::Null), "{entry}");
    assert_eq!(entry["reason"], "the client has left");
    drop(lock);
    server.end();
}
