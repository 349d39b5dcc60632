//! Callers whom the service beside this server knows, at the paths that are this server's own.

use http_body_util::Full;
use hyper::Request;
use serde_json::json;

use super::matrix::may;
use super::setup::{Guarded, bearer, logs, tokens};
use super::ways::Service;
use crate::http::{self, Answer};
use crate::stream::Client;
use log_server::access::Right;

const OPERATOR: &str = "the token of who runs it";
const ANN: &str = "forward-ann";
const WORKSPACES: &str = "/wfm/workflow/workspace";

/// A server that asks a service, and has one token of its own.
fn beside(service: &Service, more: &str) -> Guarded {
    let operator = tokens(&[("root", OPERATOR, "rights = [\"operate\"]")]);
    Guarded::start(&format!("{operator}{}{more}", super::ways::forward_auth(service)))
}

async fn take_back(guarded: &Guarded, what: serde_json::Value) {
    let answer = guarded.post("/revocations", OPERATOR, what.to_string()).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// Asks until the answer is another one than that the sign-in was taken back.
async fn until_asked_again(guarded: &Guarded, path: &str) -> Answer {
    let mut pause = tokio::time::interval(std::time::Duration::from_millis(20));
    for _ in 0..1_000 {
        let answer = guarded.get(path, ANN).await;
        if answer.status != 401 {
            return answer;
        }
        assert_eq!(answer.json()["reason"], "revoked");
        pause.tick().await;
    }
    panic!("he stays taken back");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_taken_back_comes_in_again_when_the_service_says_so_anew() {
    let service = Service::start().await;
    let guarded = beside(&service, "cache = \"300ms\"\n");
    let path = logs("etl");
    for what in [json!({ "user": "ann" }), json!({ "all": true })] {
        let mut ann = Client { headers: vec![("authorization", bearer(ANN))], ..Client::default() };
        let mut stream = ann.connect(guarded.server.address, &format!("{path}/stream")).await;
        take_back(&guarded, what.clone()).await;
        while ann.read(&mut stream).await {}
        assert!(ann.notices("denied")[0].contains("revoked"), "{what}: {ann:?}");
        assert_eq!(until_asked_again(&guarded, &path).await.status, 200, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_somebody_was_taken_back_counts_no_more() {
    let service = Service::start().await;
    let guarded = beside(&service, "cache = \"1h\"\n");
    assert_eq!(guarded.get(&logs("etl"), ANN).await.status, 200);
    take_back(&guarded, json!({ "user": "ann" })).await;
    for _ in 0..3 {
        let answer = guarded.get(&logs("etl"), ANN).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (401, &"revoked".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_were_taken_back_are_refused_for_good() {
    let service = Service::start().await;
    let config = "cache = \"0s\"\nheaders.user = \"X-Nothing\"\n";
    let guarded = beside(&service, config);
    // Without a name, the credentials name him.
    let shown = guarded.get("/session", ANN).await.json();
    let fingerprint = shown["user"].as_str().unwrap();
    assert_eq!(fingerprint.len(), 16, "{shown}");
    take_back(&guarded, json!({ "credential": fingerprint })).await;
    // Each is a question of its own.
    for _ in 0..5 {
        assert_eq!(guarded.get(&logs("etl"), ANN).await.status, 401);
    }
    assert_eq!(guarded.get(&logs("ml"), "forward-bob").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_lists_what_its_owner_sees() {
    let service = Service::start().await;
    let guarded = beside(&service, "");
    for workspace in ["etl", "ml", "ops"] {
        let topic = gapless_sse_core::follow::Topic::new(workspace, "orders");
        guarded.store.writer().await.write_to(&topic, "x").await;
    }
    let seen: Vec<_> = ["etl", "ml", "ops"]
        .into_iter()
        .filter(|name| may("ann", Right::Read, Some(name)))
        .collect();
    let answer = guarded.post("/ticket", ANN, "").await;
    let ticket = answer.json()["ticket"].as_str().unwrap().to_owned();
    let list = format!("{WORKSPACES}?ticket={ticket}");
    let list = Request::get(list).body(Full::default()).unwrap();
    let list = http::ask(guarded.server.address, list).await;
    assert_eq!((list.status, &list.json()["workspaces"]), (200, &json!(seen)), "{list:?}");
    assert_eq!(guarded.get(WORKSPACES, ANN).await.json()["workspaces"], json!(seen));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_is_told_where_people_sign_in() {
    let service = Service::start().await;
    let url = "https://service.example/login?next=%2Flogs";
    let guarded = beside(&service, &format!("sign-in-url = \"{url}\"\n"));
    for path in ["/session", WORKSPACES, &logs("etl"), "/metrics"] {
        let answer = guarded.get(path, "wrong").await;
        let problem = answer.json();
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(problem["sign_in"], json!(["token", "forward"]), "{path}");
        assert_eq!(problem["sign_in_url"], url, "{path}");
    }
    let forbidden = guarded.get(&logs("ml"), ANN).await;
    assert_eq!((forbidden.status, forbidden.json().get("sign_in_url")), (403, None));
    let without = beside(&service, "").get("/session", "wrong").await.json();
    assert_eq!((&without["sign_in"][1], without.get("sign_in_url")), (&"forward".into(), None));
}
