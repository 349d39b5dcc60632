//! Cookies that stand for tokens.

use http_body_util::BodyExt;
use jiff::Timestamp;
use log_server::access::tokens::TokenHash;
use serde_json::json;

use crate::signed::{ANN, Ask, BOB, OPERATOR, Signed, denied, signed, stream_path};
use crate::store::LOGS;

#[tokio::test]
async fn a_token_becomes_a_cookie_that_no_script_and_no_other_site_sees() {
    let server = Signed::start("").await;
    for ask in [
        Ask::post("/session").bearer(ANN),
        Ask::post("/session").bearer(&signed("ann", json!({}))),
        Ask::post("/session").json(&json!({ "token": ANN })),
        // The header counts, whatever else is sent.
        Ask::post("/session").bearer(ANN).cookie("log_session=x; a=b").json(&json!({"token": "x"})),
    ] {
        let (response, _connection) = server.send(ask).await;
        assert_eq!(response.status(), 204);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        let mut parts: Vec<_> = cookie.split("; ").collect();
        let value = parts.remove(0).strip_prefix("log_session=").unwrap();
        assert!(value.len() > 100 && !cookie.contains("ann") && !cookie.contains(ANN), "{cookie}");
        parts.sort_unstable();
        let [http_only, age, path, same_site] = parts[..] else { panic!("{cookie}") };
        assert_eq!([http_only, path, same_site], ["HttpOnly", "Path=/", "SameSite=Strict"]);
        let seconds: i64 = age.strip_prefix("Max-Age=").unwrap().parse().unwrap();
        assert!((580..=43200).contains(&seconds), "{cookie}");

        let cookie = format!("other=1; log_session={value}; more=2");
        let shown = server.answer(Ask::get("/session").cookie(&cookie)).await;
        assert_eq!(shown.status, 200, "{shown:?}");
        let shown = shown.json();
        assert_eq!((&shown["user"], &shown["known_by"]), (&"ann".into(), &"session".into()));
        assert_eq!(shown["ways"], json!(["token", "jwt"]));
        assert_eq!(shown["rights"][0], "read");
        assert!(shown["expires"].as_str().unwrap().parse::<Timestamp>().is_ok());
        assert_eq!(server.status(Ask::get(LOGS).cookie(&cookie)).await, 200);
        let elsewhere = LOGS.replace("/etl/", "/crm/");
        assert_eq!(server.status(Ask::get(elsewhere).cookie(&cookie)).await, 403);
    }
}

#[tokio::test]
async fn who_is_not_signed_in_learns_how_to() {
    let server = Signed::start("").await;
    for ask in [
        Ask::get("/session"),
        Ask::get("/session").bearer("wrong"),
        Ask::get("/session").cookie("log_session=AAAA"),
        Ask::get("/session").cookie("log_session="),
    ] {
        let answer = server.answer(ask).await;
        assert_eq!((answer.status, &*answer.content_type), (401, "application/problem+json"));
        assert_eq!(answer.json()["sign_in"], json!(["token", "jwt"]), "{answer:?}");
        assert_eq!(answer.json()["reason"], "unknown");
    }
}

#[tokio::test]
async fn what_is_no_token_begins_no_session() {
    let server = Signed::start("").await;
    let session = server.session(ANN).await;
    let ticket = server.ticket(Ask::post("/ticket").bearer(ANN)).await;
    let text = |kind: &str| {
        Ask::post("/session").header("content-type", kind).body("{\"token\": \"token-of-ann\"}")
    };
    for (ask, status) in [
        (Ask::post("/session"), 401),
        (Ask::post("/session").bearer("wrong"), 401),
        (Ask::post("/session").bearer(""), 401),
        (Ask::post("/session").bearer(&signed("ann", json!({"exp": 1}))), 401),
        (Ask::post("/session").header("authorization", "Basic YW5uOmFubg=="), 401),
        (Ask::post("/session").cookie(&session), 401),
        (Ask::post(format!("/session?ticket={ticket}")), 401),
        (Ask::post("/session").json(&json!({})), 400),
        (Ask::post("/session").json(&json!({"token": 7})), 400),
        (Ask::post("/session").json(&json!({"token": ANN, "more": 1})), 400),
        (Ask::post("/session").json(&json!({"token": "a\r\nx: y"})), 400),
        // Where a header counts, the body is to be right all the same.
        (Ask::post("/session").bearer(ANN).json(&json!({"token": ANN, "more": 1})), 400),
        (Ask::post("/session").json(&json!({"token": "a".repeat(40_000)})), 413),
        // A form of another site may be sent as any of these.
        (text("text/plain"), 415),
        (text("application/x-www-form-urlencoded"), 415),
        (text("multipart/form-data"), 415),
        (Ask::post("/session").body("{\"token\": \"token-of-ann\"}"), 415),
    ] {
        let (response, _connection) = server.send(ask.clone()).await;
        assert_eq!(response.status(), status);
        assert!(!response.headers().contains_key("set-cookie"));
    }
    assert_eq!(server.status(text("Application/JSON; charset=utf-8")).await, 204);
}

#[tokio::test]
async fn a_session_ends_with_its_cookie_and_with_it_its_streams_and_no_others() {
    let mut server = Signed::start("").await;
    let [mine, other] = [server.session(ANN).await, server.session(ANN).await];
    let stream = server.stream(Ask::get(stream_path()).cookie(&mine)).await;
    let ticket = server.ticket(Ask::post("/ticket").cookie(&mine)).await;
    let by_ticket = server.stream(Ask::get(format!("{}?ticket={ticket}", stream_path()))).await;
    let mut left = server.stream(Ask::get(stream_path()).cookie(&other)).await;

    let (response, _connection) = server.send(Ask::delete("/session").cookie(&mine)).await;
    assert_eq!(response.status(), 204);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("log_session=; ") && cookie.contains("Max-Age=0"), "{cookie}");
    assert_eq!(denied(stream).await, "revoked");
    assert_eq!(denied(by_ticket).await, "revoked");

    for _ in 0..2 {
        let answer = server.answer(Ask::get(LOGS).cookie(&mine)).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (401, &"revoked".into()));
        assert_eq!(server.status(Ask::get(LOGS).cookie(&other)).await, 200);
        assert_eq!(server.status(Ask::get(LOGS).bearer(ANN)).await, 200);
        server.server.restart(true).await;
    }
    // Of the other session nothing has ended but the server.
    let mut text = String::new();
    while let Some(Ok(frame)) = left.0.body_mut().frame().await {
        text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
    assert!(!text.contains("denied"), "{text}");
    for cookie in ["", "log_session=x", &mine, "other=1"] {
        let ask = Ask::delete("/session").cookie(cookie);
        assert_eq!(server.status(ask).await, 204, "what is over needs no end: {cookie}");
    }
}

#[tokio::test]
async fn a_session_lasts_no_longer_than_its_token() {
    let server =
        Signed::start("[session]\nlifetime = \"1h\"\nsecure = true\npath = \"/logs\"").await;
    let ends = async |cookie: &str| {
        let shown = server.answer(Ask::get("/session").cookie(cookie)).await.json();
        shown["expires"].as_str().unwrap().parse::<Timestamp>().unwrap().as_second()
    };
    let now = Timestamp::now().as_second();
    let long = server.session(ANN).await;
    assert!((now + 3590..=now + 3660).contains(&ends(&long).await));
    let short = server.session(&signed("ann", json!({"exp": now + 900}))).await;
    assert_eq!(ends(&short).await, now + 900);

    let (response, _connection) = server.send(Ask::post("/session").bearer(ANN)).await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("; Secure") && cookie.contains("; Path=/logs"), "{cookie}");

    let soon =
        server.session(&signed("ann", json!({"exp": Timestamp::now().as_second() + 3}))).await;
    let stream = server.stream(Ask::get(stream_path()).cookie(&soon)).await;
    assert_eq!(denied(stream).await, "expired");
    let answer = server.answer(Ask::get(LOGS).cookie(&soon)).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (401, &"expired".into()));
}

#[tokio::test]
async fn a_session_may_what_its_token_may_by_now() {
    let mut server = Signed::start("").await;
    let session = server.session(ANN).await;
    let append = || Ask::post(LOGS).cookie(&session).json(&json!({"message": "by a session"}));
    assert_eq!(server.status(append()).await, 201);
    server.configure(|text| {
        text.replacen("[\"read\", \"append\"]", "[\"read\"]", 1).replacen(
            "\"read\", \"append\"",
            "\"read\"",
            1,
        )
    });
    server.server.restart(true).await;
    assert_eq!(server.status(append()).await, 403);
    assert_eq!(server.status(Ask::get(LOGS).cookie(&session)).await, 200);
    // The name stays, and the token is another one: the first may have been stolen.
    let [old, new] = [ANN, "a new token of ann"].map(|token| TokenHash::of(token).to_string());
    server.configure(|text| text.replacen(&old, &new, 1));
    server.server.restart(true).await;
    let answer = server.answer(Ask::get(LOGS).cookie(&session)).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (401, &"revoked".into()));
    server.configure(|text| text.replacen(&new, &old, 1));
    server.server.restart(true).await;
    assert_eq!(server.status(Ask::get(LOGS).cookie(&session)).await, 200);
    // The name stays, and the token is another user's.
    server.configure(|text| text.replacen("user = \"ann\"", "user = \"eve\"", 1));
    server.server.restart(true).await;
    assert_eq!(server.status(Ask::get(LOGS).cookie(&session)).await, 401);
    server.configure(|text| text.replacen("user = \"eve\"", "user = \"ann\"", 1));
    server.server.restart(true).await;
    assert_eq!(server.status(Ask::get(LOGS).cookie(&session)).await, 200);
    server.configure(|text| text.replacen("the-token-of-ann", "a-new-token-of-ann", 1));
    server.server.restart(true).await;
    let answer = server.answer(Ask::get(LOGS).cookie(&session)).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (401, &"revoked".into()));
}

#[tokio::test]
async fn a_session_ends_when_signed_tokens_are_taken_no_more() {
    let mut server = Signed::start("").await;
    let session = server.session(&signed("ann", json!({}))).await;
    assert_eq!(server.status(Ask::get(LOGS).cookie(&session)).await, 200);
    server.configure(|text| text.split_once("[jwt]").unwrap().0.to_owned());
    server.server.restart(true).await;
    let answer = server.answer(Ask::get(LOGS).cookie(&session)).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (401, &"revoked".into()));
    assert_eq!(server.status(Ask::get(LOGS).bearer(ANN)).await, 200);
}

#[tokio::test]
async fn cookies_that_were_changed_or_put_beside_each_other_are_not_believed() {
    let server = Signed::start("").await;
    let session = server.session(ANN).await;
    let other = server.session(BOB).await;
    let value = session.strip_prefix("log_session=").unwrap();
    let positions = [0, 1, 20, 33, 40, value.len() / 2, value.len() - 1];
    let mut wrong: Vec<_> = positions
        .map(|at| {
            let mut changed = value.to_owned().into_bytes();
            changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
            format!("log_session={}", String::from_utf8(changed).unwrap())
        })
        .into();
    let ticket = server.ticket(Ask::post("/ticket").bearer(ANN)).await;
    wrong.extend([
        format!("{session}; {other}"),
        format!("{session}; {session}"),
        format!("{session}; log_session="),
        format!("log_session={ticket}"),
        format!("log_session={ANN}"),
        format!("log_session={}", TokenHash::of(ANN)),
        "log_session=".to_owned() + &"A".repeat(6000),
    ]);
    for cookie in wrong {
        assert_eq!(server.status(Ask::get(LOGS).cookie(&cookie)).await, 401, "{cookie}");
    }
    let twice = Ask::get(LOGS).cookie(&session).cookie(&other);
    assert_eq!(server.status(twice).await, 401);
    for cookie in [format!("Log_Session={value}"), format!("a=\"{session}\""), "=;;=".to_owned()] {
        assert_eq!(server.status(Ask::get(LOGS).cookie(&cookie)).await, 401, "{cookie}");
    }
    assert_eq!(server.status(Ask::get(LOGS).cookie(&format!("a=b;{session};c"))).await, 200);
}

#[tokio::test]
async fn a_token_that_allows_too_much_for_a_cookie_is_told_so() {
    let server = Signed::start("").await;
    let many: Vec<_> = (0..400).map(|at| format!("workspace-{at}")).collect();
    let token = signed("ann", json!({ "workspaces": many }));
    let answer = server.answer(Ask::post("/session").bearer(&token)).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("too much for a cookie"), "{answer:?}");
    assert_eq!(server.status(Ask::get("/session").bearer(&token)).await, 200);
    // A token of the configuration is looked up.
    let answer = server.answer(Ask::get("/session").bearer(OPERATOR)).await.json();
    assert_eq!(answer["rights"], json!(["operate"]));
    assert_eq!(answer["expires"], json!(null));
}

#[tokio::test]
async fn over_tls_the_cookie_is_for_tls_alone_and_other_sites_begin_and_end_nothing() {
    let mut server = Signed::start("").await;
    let secure = async |server: &Signed, proto: &str| {
        let ask = Ask::post("/session").bearer(ANN).header("x-forwarded-proto", proto);
        let ask = ask.header("x-forwarded-for", "192.0.2.7");
        let (response, _connection) = server.send(ask).await;
        response.headers()["set-cookie"].to_str().unwrap().contains("; Secure")
    };
    assert!(!secure(&server, "https").await, "anybody may say so");
    server.configure(|text| format!("proxies = [\"127.0.0.1/32\"]\n{text}"));
    server.server.restart(true).await;
    assert!(secure(&server, "https").await, "a listed proxy says so");
    assert!(!secure(&server, "http").await);

    let session = server.session(ANN).await;
    let row = serde_json::json!({"message": "from another site"});
    for ask in [
        Ask::post("/session").json(&json!({ "token": BOB })),
        Ask::delete("/session").cookie(&session),
        Ask::post("/ticket").cookie(&session),
        Ask::post(LOGS).cookie(&session).json(&row),
        Ask::post("/revocations").bearer(OPERATOR).json(&json!({"all": true})),
    ] {
        let (response, _connection) = server.send(ask.header("sec-fetch-site", "cross-site")).await;
        assert_eq!(response.status(), 403);
        assert!(!response.headers().contains_key("set-cookie"));
    }
    assert_eq!(server.status(Ask::get(LOGS).cookie(&session)).await, 200);
}
