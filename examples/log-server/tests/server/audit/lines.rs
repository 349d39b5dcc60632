//! What the lines say.

use gapless_sse_core::EventId;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use log_server::access::tokens::TokenHash;
use serde_json::json;

use super::{ANN, Audited, OPS, as_user, entries, entries_until, of};
use crate::http;
use crate::store::LOGS;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_written_with_who_and_why() {
    let mut server = Audited::start("audit.jsonl");
    let path = server.file("audit.jsonl");
    assert_eq!(server.append("hello").await.status, 201);
    let ndjson = as_user(ANN, Request::post(LOGS)).header("content-type", "application/x-ndjson");
    let two = "{\"message\":\"a\"}\n{\"message\":\"b\"}";
    assert_eq!(server.ask(ndjson.header("x-request-id", "two-rows"), two).await.status, 201);
    let wrong = as_user(ANN, Request::post(LOGS)).header("content-type", "application/json");
    assert_eq!(server.ask(wrong, "[").await.status, 400);

    let page = server.ask(as_user(ANN, Request::get(LOGS)), "").await.json();
    let position = page["stream_position"].as_str().unwrap();
    let address = format!("{LOGS}/stream?level=info&type=a&q=hello&after={position}");
    let request = as_user(ANN, Request::get(&address)).header("x-request-id", "the-stream");
    let sent = http::send(server.address, request.body(Full::default()).unwrap()).await;
    let (mut stream, connection) = sent.unwrap();
    assert_eq!(stream.headers()["x-request-id"], "the-stream");
    stream.frame().await.unwrap().unwrap();
    entries_until(&path, "stream-opened");
    drop((stream, connection));
    let written = entries_until(&path, "stream-closed");

    let opened = of(&written, "stream-opened");
    let sha256 = |text: &str| TokenHash::of(text).to_string()[..16].to_owned();
    let position = EventId::new(position.to_owned()).unwrap();
    let common = json!({
        "request_id": "the-stream", "user": "ann", "known_by": "token", "credential": "ann-1",
        "address": "127.0.0.1", "workspace": "etl", "workflows": ["orders"],
        "filter": {
            "levels": ["INFO"], "types": ["a"],
            "q": { "characters": 5, "sha256": sha256("hello") },
        },
        "position": sha256(position.as_str()),
    });
    for (entry, event) in
        [(opened[0], "stream-opened"), (of(&written, "stream-closed")[0], "stream-closed")]
    {
        assert_eq!(entry["event"], event);
        for (name, value) in common.as_object().unwrap() {
            assert_eq!(&entry[name], value, "{name} of {entry}");
        }
    }
    assert_eq!(opened[0]["status"], 200);
    let closed = of(&written, "stream-closed")[0];
    assert_eq!(closed["reason"], "dropped");
    assert!(closed["bytes"].as_u64().unwrap() > 0 && closed["duration_ms"].is_u64(), "{closed}");
    assert!(closed["events"].is_u64(), "{closed}");

    let appends = of(&written, "append");
    let figures = appends.iter().map(|entry| (&entry["status"], &entry["rows"]));
    let expected = [(json!(201), json!(1)), (json!(201), json!(2)), (json!(400), json!(0))];
    assert!(figures.eq(expected.iter().map(|(status, rows)| (status, rows))), "{appends:?}");
    assert_eq!(appends[1]["request_id"], "two-rows");
    assert_eq!(appends[1]["bytes"], two.len());
    assert_eq!(appends[2]["reason"], "the request is not valid");
    server.end();
    let all = entries(&path);
    assert_eq!(
        (&all[0]["event"], &all[all.len() - 1]["event"]),
        (&json!("started"), &json!("ended"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_written_and_what_is_only_wrong_is_not() {
    let mut server = Audited::start("audit.jsonl");
    let path = server.file("audit.jsonl");
    let foreign = "/wfm/workflow/workspace/billing/workflow/orders/logs";
    for (token, address, status) in [
        (ANN, foreign, 403),
        (ANN, &*format!("{foreign}/stream?q=x"), 403),
        (OPS, LOGS, 403),
        ("who-is-this", "/metrics", 401),
        (ANN, "/metrics", 403),
        (ANN, &*format!("{LOGS}/stream?limit=1"), 400),
        (ANN, &*format!("{LOGS}?nonsense=1"), 400),
        (ANN, "/nothing", 404),
        (ANN, LOGS, 200),
    ] {
        let answer = server.ask(as_user(token, Request::get(address)), "").await;
        assert_eq!(answer.status, status, "{address}: {answer:?}");
        if status >= 400 && address != "/nothing" {
            assert!(answer.json()["request_id"].is_string(), "{answer:?}");
        }
    }
    let nowhere = as_user(ANN, Request::post("/nothing/else"));
    assert!((400..500).contains(&server.ask(nowhere, "").await.status));
    server.end();
    let all = entries(&path);
    let said: Vec<_> = all[1..all.len() - 1]
        .iter()
        .map(|entry| json!([entry["event"], entry["user"], entry["status"], entry["reason"]]))
        .collect();
    let expected = json!([
        ["refused", "ann", 403, "forbidden"],
        ["stream-refused", "ann", 403, "forbidden"],
        ["refused", "ops", 403, "forbidden"],
        ["refused", null, 401, "unknown"],
        ["refused", "ann", 403, "forbidden"],
        ["stream-refused", "ann", 400, "the request is not valid"],
    ]);
    assert_eq!(json!(said), expected);
    assert_eq!(all[1]["act"], "GET /wfm/workflow/workspace/{workspace}/workflow/{workflow}/logs");
    assert_eq!(
        (&all[1]["workspace"], &all[1]["workflows"]),
        (&json!("billing"), &json!(["orders"]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_open_at_the_end_are_closed_in_the_audit() {
    let mut server = Audited::start("stdout");
    let mut streams = Vec::new();
    for _ in 0..20 {
        let request = as_user(ANN, Request::get(format!("{LOGS}/stream")));
        let sent = http::send(server.address, request.body(Full::default()).unwrap());
        streams.push(sent.await.unwrap());
    }
    server.end();
    let output = server.program.output();
    let events = |event: &str| {
        let written = format!("\"event\":\"{event}\"");
        output.lines().filter(|line| line.starts_with('{') && line.contains(&written)).count()
    };
    assert_eq!((events("stream-opened"), events("stream-closed")), (20, 20), "{output}");
    assert_eq!((events("started"), events("ended")), (1, 1), "{output}");
}
