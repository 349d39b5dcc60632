//! A Flask application decides, with its own users and its own decorator.

use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};
use testbed::{Flask, Visit};

use super::setup::{Guarded, bearer, logs};
use crate::answers::problem;
use crate::http;
use crate::store::{LOGS, Store};
use crate::stream::{Client, Stream};

const STREAM: &str = "/wfm/workflow/workspace/etl/workflow/orders/logs/stream?history=all";

/// Ann and Bob read in `etl`, Ann writes there too; Cid reads in `crm` and runs the server.
fn users() -> Value {
    json!({
        "ann": { "token": "ann", "workspaces": { "etl": ["read", "append"], "billing": ["read"] } },
        "bob": { "token": "bob", "workspaces": { "etl": ["read"] } },
        "cid": { "token": "cid", "workspaces": { "crm": ["read"] }, "operator": true },
    })
}

fn without_ann() -> Value {
    let mut users = users();
    users["ann"]["workspaces"] = json!({ "billing": ["read"] });
    users
}

/// A server that asks Flask, with more lines of `[forward-auth]`.
struct Beside {
    flask: Flask,
    guarded: Guarded,
}

impl Beside {
    fn start(store: Store, more: &str) -> Self {
        let mongo = matches!(store, Store::Mongo { .. }).then(|| store.address());
        let flask = Flask::start(&users().to_string(), mongo.as_deref()).unwrap();
        let query = "workspace={workspace}&workflow={workflow}&right={right}";
        let url = format!("http://{}/auth/logs?{query}", flask.address);
        let config = format!(
            "[forward-auth]\nurl = \"{url}\"\ncache = \"300ms\"\ncache-refusals = \"100ms\"\n\
             timeout = \"1s\"\n{more}"
        );
        Self { flask, guarded: Guarded::start_with(store, &config) }
    }

    fn has_users(&self, users: &Value) {
        self.flask.has_users(&users.to_string()).unwrap();
    }

    /// How it has answered the log server.
    fn answers(&self) -> Vec<u16> {
        self.flask.answers("GET /auth/logs").unwrap()
    }

    async fn connect(&self, client: &Client) -> Stream {
        client.connect(self.guarded.server.address, STREAM).await
    }

    /// Asks until the answer has this status.
    async fn until(&self, path: &str, token: &str, status: u16) -> http::Answer {
        for _ in 0..1_000 {
            let answer = self.guarded.get(path, token).await;
            if answer.status == status {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} as {token} is never {status}");
    }
}

fn client(token: &str) -> Client {
    Client { headers: vec![("authorization", bearer(token))], ..Client::default() }
}

/// Reads on for so many heartbeats.
async fn heartbeats(client: &mut Client, stream: &mut Stream, count: usize) {
    for _ in 0..count {
        client.read_all_that_is_due(stream).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB and Flask; cargo xtask test runs it"]
async fn a_user_who_loses_the_right_is_delivered_nothing_more() {
    let beside = Beside::start(Store::replica_set(), "");
    let writer = beside.guarded.store.writer().await;
    let (mut ann, mut bob) = (client("ann"), client("bob"));
    let (mut anns, mut bobs) = (beside.connect(&ann).await, beside.connect(&bob).await);
    writer.write("before").await;
    ann.read_until(&mut anns, |client| client.messages == ["before"]).await;
    bob.read_until(&mut bobs, |client| client.messages == ["before"]).await;
    // It is the service's own log.
    let route = beside.flask.address.to_string();
    let mut own = Visit::get(&route, LOGS, &[("Authorization", "Bearer ann")]).unwrap();
    assert_eq!(own.status, 200);
    assert!(own.line_after("{\"logs\"").unwrap().contains("before"));

    // It asks on, and while Flask says yes the stream goes on.
    let asked = beside.answers().len();
    heartbeats(&mut ann, &mut anns, 5).await;
    assert!(beside.answers().len() > asked);
    assert!(beside.answers().iter().all(|&status| status == 204));

    beside.has_users(&without_ann());
    while ann.read(&mut anns).await {}
    // The first no has ended it.
    assert_eq!(beside.answers().iter().filter(|&&status| status == 403).count(), 1);
    let (last, data) = ann.notices.last().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!((&**last, &data["reason"]), ("denied", &json!("forbidden")), "{ann:?}");
    writer.write("after").await;
    bob.read_until(&mut bobs, |client| client.messages == ["before", "after"]).await;
    assert_eq!(ann.messages, ["before"]);

    let again = Request::get(STREAM).header("authorization", bearer("ann"));
    let again = again.header("last-event-id", &ann.last_id).body(Full::default()).unwrap();
    let refused = http::ask(beside.guarded.server.address, again).await;
    problem(&refused, 403, "says that you may not");
    assert_eq!(refused.json()["reason"], "forbidden");
    // What is there and what is not look the same.
    let nowhere = beside.guarded.get(&logs("nowhere"), "ann").await;
    let etl = beside.guarded.get(&logs("etl"), "ann").await;
    assert_eq!((etl.status, etl.json()["detail"].clone()), (403, nowhere.json()["detail"].clone()));

    // With the right, what was missed comes, once.
    beside.has_users(&users());
    beside.until(LOGS, "ann", 200).await;
    let mut anns = beside.connect(&ann).await;
    ann.read_until(&mut anns, |client| client.messages.len() >= 2).await;
    ann.read_all_that_is_due(&mut anns).await;
    assert_eq!(ann.messages, ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn an_outage_of_the_service_ends_no_stream_and_opens_none() {
    for freezes in [false, true] {
        let mut beside = Beside::start(Store::sqlite(), "grace = \"1h\"\n");
        let writer = beside.guarded.store.writer().await;
        let mut ann = client("ann");
        let mut stream = beside.connect(&ann).await;
        assert_eq!(beside.guarded.get(LOGS, "ann").await.status, 200);
        if freezes {
            beside.flask.program.stop().unwrap();
        } else {
            beside.flask.program.kill();
        }
        let refused = beside.until(LOGS, "bob", 503).await;
        assert_eq!(refused.json()["reason"], "unavailable");
        let get = Request::get(STREAM).header("authorization", bearer("bob"));
        let get = get.body(Full::default()).unwrap();
        let (refused, _connection) = http::send(beside.guarded.server.address, get).await.unwrap();
        assert_eq!(refused.status(), 503);
        assert!(refused.headers().contains_key("retry-after"));

        // Many times the cache's time.
        heartbeats(&mut ann, &mut stream, 15).await;
        writer.write("meanwhile").await;
        ann.read_until(&mut stream, |client| client.messages == ["meanwhile"]).await;
        assert_eq!(beside.guarded.get(LOGS, "ann").await.status, 200);
        assert_eq!(beside.guarded.get(&logs("crm"), "ann").await.status, 503);

        if freezes {
            beside.flask.program.resume().unwrap();
        } else {
            beside.flask.restart().unwrap();
        }
        beside.until(LOGS, "bob", 200).await;
        writer.write("again").await;
        ann.read_until(&mut stream, |client| client.messages == ["meanwhile", "again"]).await;
        // What the service says counts again.
        beside.has_users(&without_ann());
        while ann.read(&mut stream).await {}
        assert!(ann.notices("denied")[0].contains("forbidden"), "{ann:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn a_stream_ends_with_the_grace_time() {
    let mut beside = Beside::start(Store::sqlite(), "grace = \"500ms\"\n");
    let mut ann = client("ann");
    let mut stream = beside.connect(&ann).await;
    beside.flask.program.kill();
    while ann.read(&mut stream).await {}
    assert!(ann.notices("denied")[0].contains("unavailable"), "{ann:?}");
    beside.flask.restart().unwrap();
    beside.until(LOGS, "ann", 200).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn streams_of_one_user_ask_together() {
    let beside = Beside::start(Store::sqlite(), "");
    let mut streams = Vec::new();
    for _ in 0..100 {
        let ann = client("ann");
        let stream = beside.connect(&ann).await;
        streams.push((ann, stream));
    }
    let asked = beside.answers().len();
    let (first, stream) = &mut streams[0];
    // Of each of 100 streams, 10 heartbeats would be 600 questions.
    heartbeats(first, stream, 10).await;
    let asked = beside.answers().len() - asked;
    assert!((2..50).contains(&asked), "{asked}");
    for (ann, stream) in &mut streams {
        ann.read_all_that_is_due(stream).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn lists_show_what_the_service_lets_one_see() {
    let names_them = Beside::start(Store::sqlite(), "");
    let is_asked = Beside::start(Store::sqlite(), "headers.workspaces = \"X-Nothing\"\n");
    for beside in [names_them, is_asked] {
        for workspace in ["billing", "crm", "etl", "ops"] {
            let topic = gapless_sse_core::follow::Topic::new(workspace, "orders");
            beside.guarded.store.writer().await.write_to(&topic, "x").await;
        }
        for (user, workspaces) in [("ann", &["billing", "etl"][..]), ("bob", &["etl"])] {
            let list = beside.until("/wfm/workflow/workspace", user, 200).await;
            assert_eq!(list.json()["workspaces"], json!(workspaces), "{user}");
            let list = beside.guarded.get("/wfm/workflow/workspace/etl/workflow", user).await;
            assert_eq!(list.json()["workflows"], json!(["orders"]), "{user}");
            let list = beside.guarded.get("/wfm/workflow/workspace/crm/workflow", user).await;
            assert_eq!(list.status, 403, "{user}");
        }
        assert_eq!(beside.guarded.get("/metrics", "ann").await.status, 403);
        assert_eq!(beside.guarded.get("/metrics", "cid").await.status, 200);
        let row = r#"{"message":"x"}"#;
        assert_eq!(beside.guarded.post(LOGS, "ann", row).await.status, 201);
        assert_eq!(beside.guarded.post(LOGS, "bob", row).await.status, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn who_is_not_known_is_told_what_the_service_says() {
    let beside = Beside::start(Store::sqlite(), "");
    for authorization in [None, Some("Bearer wrong"), Some("Basic YW5uOmFubg==")] {
        let mut request = Request::get(LOGS);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let request = request.body(Full::default()).unwrap();
        let answered = http::send(beside.guarded.server.address, request).await.unwrap();
        assert_eq!(answered.0.status(), 401);
        assert_eq!(answered.0.headers()["www-authenticate"], "Bearer realm=\"service\"");
    }
    let cookie = Request::get(LOGS).header("cookie", "a=b; service_session=ann");
    let cookie = cookie.body(Full::default()).unwrap();
    assert_eq!(http::ask(beside.guarded.server.address, cookie).await.status, 200);
}
