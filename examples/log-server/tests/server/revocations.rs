//! Taking back what was given out.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::signed::{ANN, Ask, BOB, OPERATOR, Signed, denied, signed, stream_path};
use crate::store::LOGS;

fn revoke(what: &Value) -> Ask {
    Ask::post("/revocations").bearer(OPERATOR).json(what)
}

fn page(token: &str) -> Ask {
    Ask::get(LOGS).bearer(token)
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[tokio::test]
async fn a_token_a_user_or_all_are_taken_back_at_once_and_over_restarts() {
    let mut server = Signed::start("").await;
    let one = signed("ann", json!({"jti": "one", "iat": now() - 5}));
    let two = signed("ann", json!({"jti": "two", "iat": now() - 5}));
    let other = signed("cem", json!({"jti": "three", "iat": now() - 5}));
    let session = server.session(&one).await;
    let streams = [
        server.stream(Ask::get(stream_path()).bearer(&one)).await,
        server.stream(Ask::get(stream_path()).cookie(&session)).await,
    ];
    assert_eq!(server.status(revoke(&json!({"credential": "one"}))).await, 204);
    for stream in streams {
        assert_eq!(denied(stream).await, "revoked");
    }
    let expect = async |server: &Signed, expected: [u16; 4]| {
        let asks = [page(&one), Ask::get(LOGS).cookie(&session), page(&two), page(&other)];
        for (ask, expected) in asks.into_iter().zip(expected) {
            let answer = server.answer(ask).await;
            assert_eq!(answer.status, expected, "{answer:?}");
            assert!(expected == 200 || answer.json()["reason"] == "revoked", "{answer:?}");
        }
    };
    expect(&server, [401, 401, 200, 200]).await;
    server.server.restart(false).await;
    expect(&server, [401, 401, 200, 200]).await;

    let stream = server.stream(Ask::get(stream_path()).bearer(&two)).await;
    assert_eq!(server.status(revoke(&json!({"user": "ann"}))).await, 204);
    assert_eq!(denied(stream).await, "revoked");
    expect(&server, [401, 401, 401, 200]).await;
    assert_eq!(server.status(page(ANN)).await, 401, "a token of unknown age counts as old");
    server.server.restart(false).await;
    expect(&server, [401, 401, 401, 200]).await;
    let stream = server.stream(Ask::get(stream_path()).bearer(&other)).await;
    assert_eq!(server.status(revoke(&json!({"all": true}))).await, 204);
    assert_eq!(denied(stream).await, "revoked");
    expect(&server, [401; 4]).await;
    server.server.restart(false).await;
    expect(&server, [401; 4]).await;
    assert_eq!(server.status(revoke(&json!({"all": true}))).await, 401, "nor may who has done it");
}

#[tokio::test]
async fn who_signs_in_after_it_is_let_in() {
    let server = Signed::start("").await;
    assert_eq!(server.status(revoke(&json!({"user": "ann"}))).await, 204);
    let began = Instant::now();
    // Tokens say when they were given out in whole seconds.
    let token = loop {
        let token = signed("ann", json!({"iat": now()}));
        match server.status(page(&token)).await {
            200 => break token,
            status => assert_eq!(status, 401),
        }
        assert!(began.elapsed() < Duration::from_secs(30), "nobody is let in any more");
    };
    let session = server.session(&token).await;
    assert_eq!(server.status(Ask::get(LOGS).cookie(&session)).await, 200);
    assert_eq!(server.status(page(ANN)).await, 401);
}

#[tokio::test]
async fn only_who_operates_the_server_may_and_sees_what_was_taken_back() {
    let server = Signed::start("").await;
    let all = json!({"all": true});
    let session = server.session(ANN).await;
    for (ask, status) in [
        (Ask::post("/revocations").json(&all), 401),
        (Ask::post("/revocations").bearer(ANN).json(&all), 403),
        (Ask::post("/revocations").bearer(BOB).json(&all), 403),
        (Ask::post("/revocations").cookie(&session).json(&all), 403),
        (Ask::get("/revocations"), 401),
        (Ask::get("/revocations").bearer(ANN), 403),
    ] {
        assert_eq!(server.status(ask).await, status);
    }
    for wrong in [
        json!({}),
        json!([]),
        json!({"all": false}),
        json!({"user": ""}),
        json!({"credential": ""}),
        json!({"user": "ann", "all": true}),
        json!({"user": 7}),
        json!({"usr": "ann"}),
        json!({"user": "ann", "expires": "2030-01-01T00:00:00Z"}),
        json!("all"),
        json!({"session": {"id": "x"}}),
        json!({"credential": "x", "expires": "soon"}),
    ] {
        assert_eq!(server.status(revoke(&wrong)).await, 400, "{wrong}");
    }
    let list = async || {
        let answer = server.answer(Ask::get("/revocations").bearer(OPERATOR)).await;
        assert_eq!(answer.status, 200);
        answer.json()["revocations"].as_array().unwrap().clone()
    };
    assert_eq!(list().await, Vec::<Value>::new());
    server.status(revoke(&json!({"credential": "lost", "expires": "2099-01-01T00:00:00Z"}))).await;
    server.status(revoke(&json!({"credential": "over", "expires": "2020-01-01T00:00:00Z"}))).await;
    server.status(revoke(&json!({"user": "eve"}))).await;
    assert_eq!(server.status(Ask::delete("/session").cookie(&session)).await, 204);
    let listed = list().await;
    assert_eq!(listed.len(), 3, "what is over is forgotten: {listed:?}");
    assert_eq!(listed[0]["ended_by"], "ann");
    assert!(listed[0]["credential"].as_str().unwrap().starts_with("session-"));
    assert_eq!(listed[1]["user"], "eve");
    assert_eq!(listed[2]["credential"], "lost");
    assert!(listed.iter().all(|entry| entry["at"].is_string()));
}

#[tokio::test]
async fn what_cannot_be_written_is_taken_back_all_the_same_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("revocations");
    let mut server = Signed::start(&format!("[session]\nrevocations-file = {file:?}")).await;
    // Where the file is written first stands a folder.
    let new = folder.path().join("revocations.new");
    std::fs::create_dir(&new).unwrap();
    let session = server.session(ANN).await;
    let answer = server.answer(revoke(&json!({"user": "cem"}))).await;
    assert_eq!(answer.status, 503);
    assert!(answer.text.contains("the next start of the server will not know"), "{answer:?}");
    let token = signed("cem", json!({}));
    assert_eq!(server.status(page(&token)).await, 401);
    let (response, _connection) = server.send(Ask::delete("/session").cookie(&session)).await;
    assert_eq!(response.status(), 503);
    assert!(response.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(server.status(Ask::get(LOGS).cookie(&session)).await, 401);

    std::fs::remove_dir(&new).unwrap();
    assert_eq!(server.status(revoke(&json!({"user": "dan"}))).await, 204);
    server.server.restart(false).await;
    assert_eq!(server.status(page(&token)).await, 401, "it was written with what came next");
    assert_eq!(server.status(Ask::get(LOGS).cookie(&session)).await, 401);
}

#[tokio::test]
async fn many_that_come_together_are_all_kept() {
    let mut server = Signed::start("").await;
    let address = server.server.address;
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..60 {
        let body = json!({"credential": format!("token-{at}")}).to_string();
        let request = hyper::Request::post("/revocations")
            .header("authorization", format!("Bearer {OPERATOR}"))
            .header("content-type", "application/json");
        let request = request.body(http_body_util::Full::new(body.into())).unwrap();
        tasks.spawn(async move { crate::http::ask(address, request).await.status });
    }
    assert!(tasks.join_all().await.iter().all(|status| *status == 204));
    server.server.restart(false).await;
    let listed = server.answer(Ask::get("/revocations").bearer(OPERATOR)).await.json();
    assert_eq!(listed["revocations"].as_array().unwrap().len(), 60);
}
