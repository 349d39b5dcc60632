//! A whole workspace is for those who may see all of it, and several workflows for those who may see
//! each.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use gapless_sse_core::follow::Topic;
use hyper::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::setup::{Guarded, bearer, tokens};
use crate::answers::problem;
use crate::store::Store;
use crate::stream::Client;

const WHOLE: &str = "/wfm/workflow/workspace/etl/logs";

fn named(path: &str, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("workflow={name}")).collect();
    format!("{path}?{}", names.join("&"))
}

fn messages(page: &Value) -> Vec<&str> {
    let rows = page["logs"].as_array().unwrap().iter();
    rows.map(|row| row["message"].as_str().unwrap()).collect()
}

/// A server whose workspace has some workflows, each with a row that is its name.
async fn guarded(config: &str) -> Guarded {
    let guarded = Guarded::start_with(Store::sqlite(), config);
    let writer = guarded.store.writer().await;
    for name in ["orders", "b-1", "b-2", "secret"] {
        writer.write_to(&Topic::new("etl", name), name).await;
    }
    guarded
}

#[tokio::test]
async fn all_of_it_is_for_those_who_may_see_all_and_each_name_is_checked() {
    let some = "workspaces = [\"etl\"]\nworkflows = [\"orders\", \"b-*\"]";
    let guarded = guarded(&tokens(&[
        ("some", "some", some),
        ("all", "all", "workspaces = [\"e*\"]\nworkflows = [\"b-*\", \"*\"]"),
        ("other", "other", "workspaces = [\"ml\"]"),
        ("writer", "writer", "workspaces = [\"etl\"]\nrights = [\"append\"]"),
    ]))
    .await;
    let stream = format!("{WHOLE}/stream");
    for path in [WHOLE, &stream] {
        problem(&guarded.get(path, "some").await, 403, "name those that you want to see");
        problem(&guarded.get(path, "other").await, 403, "in all workflows");
        problem(&guarded.get(path, "writer").await, 403, "in all workflows");
        problem(&guarded.get(path, "nobody").await, 401, "sign in");
        for names in [&["secret"][..], &["orders", "secret"], &["orders", "none"], &["*"]] {
            let refused = guarded.get(&named(path, names), "some").await;
            problem(&refused, 403, "the right `read`");
        }
        problem(&guarded.get(&named(path, &["orders"]), "other").await, 403, "`read` here");
    }
    let page = guarded.get(WHOLE, "all").await.json();
    assert_eq!(messages(&page), ["secret", "b-2", "b-1", "orders"]);
    let page = guarded.get(&named(WHOLE, &["b-2", "orders", "b-9"]), "some").await.json();
    assert_eq!(messages(&page), ["b-2", "orders"]);
    // A cursor of a whole workspace leads nobody through more than he names.
    let next = guarded.get(&format!("{WHOLE}?limit=1"), "all").await.json();
    let next = next["next"].as_str().unwrap();
    let stolen = format!("{}&cursor={next}", named(WHOLE, &["orders"]));
    assert_eq!(guarded.get(&stolen, "some").await.status, 400);

    let mut client =
        Client { headers: vec![("authorization", bearer("some"))], ..Client::default() };
    let path = format!("{}&history=all", named(&stream, &["orders", "b-1"]));
    let mut opened = client.connect(guarded.server.address, &path).await;
    let writer = guarded.store.writer().await;
    for name in ["secret", "b-1"] {
        writer.write_to(&Topic::new("etl", name), name).await;
    }
    client.read_until(&mut opened, |client| client.messages.len() >= 3).await;
    client.read_all_that_is_due(&mut opened).await;
    assert_eq!(client.messages, ["orders", "b-1", "b-1"]);
}

#[tokio::test]
async fn a_ticket_for_a_workflow_is_for_no_other_one() {
    let guarded = guarded(&tokens(&[("ann", "ann", "workspaces = [\"etl\"]")])).await;
    let of = |workflow| json!({ "workspace": "etl", "workflow": workflow }).to_string();
    let whole = json!({ "workspace": "etl" }).to_string();
    for (body, path, status) in [
        (of("orders"), WHOLE.to_owned(), 403),
        (of("b-1"), named(WHOLE, &["b-1", "orders"]), 403),
        (of("*"), WHOLE.to_owned(), 403),
        (of("orders"), named(WHOLE, &["orders", "orders"]), 200),
        (whole.clone(), WHOLE.to_owned(), 200),
        (whole.clone(), named(WHOLE, &["b-1", "orders"]), 200),
        (whole, "/wfm/workflow/workspace/ml/logs".to_owned(), 403),
    ] {
        let ticket = guarded.post("/ticket", "ann", body.clone()).await.json();
        let ticket = ticket["ticket"].as_str().unwrap();
        let with = if path.contains('?') { '&' } else { '?' };
        let answer = guarded.get(&format!("{path}{with}ticket={ticket}"), "").await;
        assert_eq!(answer.status, status, "{body} for {path}: {answer:?}");
    }
}

#[tokio::test]
async fn rules_on_rows_hold_for_a_whole_workspace() {
    let own =
        "workspaces = [\"etl\"]\nrights = [\"read\", \"append\"]\nrows = { owner = \"{sub}\" }";
    let entries = tokens(&[("ann", "ann", own), ("bob", "bob", own)]);
    let guarded = guarded(&format!("row-fields = [\"owner\"]\n{entries}")).await;
    let post = async |user: &str, n: usize| {
        let path = format!("/wfm/workflow/workspace/etl/workflow/w{}/logs", n % 5);
        let row = json!({ "message": format!("{user} {n}") }).to_string();
        assert_eq!(guarded.post(&path, user, row).await.status, 201);
    };
    for n in 0..10 {
        post("ann", n).await;
        post("bob", n).await;
    }
    let page = guarded.get(&format!("{WHOLE}?order=asc"), "ann").await.json();
    assert_eq!(messages(&page), (0..10).map(|n| format!("ann {n}")).collect::<Vec<_>>());
    let mut ann = Client { headers: vec![("authorization", bearer("ann"))], ..Client::default() };
    let path = format!("{WHOLE}/stream?history=all");
    let mut stream = ann.connect(guarded.server.address, &path).await;
    ann.read_until(&mut stream, |ann| ann.messages.len() >= 10).await;
    for n in 10..20 {
        post("bob", n).await;
        post("ann", n).await;
    }
    ann.read_until(&mut stream, |ann| ann.messages.len() >= 20).await;
    ann.read_all_that_is_due(&mut stream).await;
    assert_eq!(ann.messages, (0..20).map(|n| format!("ann {n}")).collect::<Vec<_>>());
}

/// What a service beside the server allows, and which workflows it was asked about.
#[derive(Clone, Default)]
struct Allows {
    workflows: Arc<Mutex<HashSet<String>>>,
    says_all: Arc<Mutex<bool>>,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

async fn decide(
    State(allows): State<Allows>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> (StatusCode, HeaderMap) {
    let workflow = asked["workflow"].clone();
    let original = headers["x-original-uri"].to_str().unwrap().to_owned();
    let allowed = allows.workflows.lock().unwrap().contains(&workflow);
    allows.asked.lock().unwrap().push((workflow, original));
    let mut said = HeaderMap::new();
    said.insert("log-user", "ann".parse().unwrap());
    if *allows.says_all.lock().unwrap() {
        said.insert("log-workflows", "*".parse().unwrap());
    }
    (if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN }, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_asked_about_each_workflow_and_says_so_for_all() {
    let allows = Allows::default();
    let listener = gapless_sse_axum::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/auth", get(decide)).with_state(allows.clone());
    let serving = tokio::spawn(gapless_sse_axum::serve(listener, router, std::future::pending()));
    let guarded = guarded(&format!(
        "[forward-auth]\nurl = \"http://{address}/auth?workflow={{workflow}}\"\n\
         cache = \"100ms\"\ncache-refusals = \"1ms\"\n"
    ))
    .await;
    let allow = |names: &[&str]| {
        *allows.workflows.lock().unwrap() = names.iter().map(|name| (*name).to_owned()).collect();
    };

    allow(&["orders", "b-1", "*"]);
    let both = named(WHOLE, &["orders", "b-1"]);
    assert_eq!(messages(&guarded.get(&both, "x").await.json()), ["b-1", "orders"]);
    let asked = std::mem::take(&mut *allows.asked.lock().unwrap());
    let names: HashSet<_> = asked.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, HashSet::from(["orders", "b-1"]));
    assert!(asked.iter().all(|(name, uri)| uri.ends_with(&format!("/workflow/{name}/logs"))));
    // A yes for one that is called `*` says nothing of the others.
    let more = named(WHOLE, &["*", "orders", "secret"]);
    assert_eq!(guarded.get(&more, "x").await.status, 403);
    allows.asked.lock().unwrap().clear();
    // Yes to a workflow of this name, which there is not, is no yes to all.
    problem(&guarded.get(WHOLE, "x").await, 403, "name those that you want to see");
    assert_eq!(*allows.asked.lock().unwrap(), [("*".to_owned(), WHOLE.to_owned())]);
    *allows.says_all.lock().unwrap() = true;
    while guarded.get(WHOLE, "x").await.status != 200 {}
    *allows.says_all.lock().unwrap() = false;

    // A stream ends as soon as one of its workflows is lost.
    let mut client = Client { headers: vec![("authorization", bearer("x"))], ..Client::default() };
    let path = named(&format!("{WHOLE}/stream"), &["orders", "b-1", "b-2"]);
    allow(&["orders", "b-1", "b-2"]);
    let mut stream = client.connect(guarded.server.address, &path).await;
    client.read_until(&mut stream, |client| client.messages.len() == 3).await;
    client.read_all_that_is_due(&mut stream).await;
    allow(&["orders", "b-2"]);
    while client.read(&mut stream).await {}
    let denied: Value = serde_json::from_str(client.notices("denied")[0]).unwrap();
    assert_eq!(denied["reason"], "forbidden");
    serving.abort();
}
