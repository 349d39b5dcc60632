//! Every path, asked by everyone in every way.
//!
//! What is expected is computed from what the users may, and the paths come from the router, so that
//! a new one is asked too. What was seen is the table in docs/access.md.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use log_server::access::Right;
use log_server::http::routes;

use super::setup::{ANN, BOB, Guarded, ann_and_bob};
use super::ways::{self, Service, Way};
use crate::app::parts;
use crate::http;
use crate::store::Store;

const WORKSPACES: [&str; 3] = ["etl", "ml", "ops"];
const USERS: [(&str, &str); 2] = [("ann", ANN), ("bob", BOB)];

/// What the users may: the one thing that all ways of signing in are told.
pub(super) fn may(user: &str, right: Right, workspace: Option<&str>) -> bool {
    let (workspaces, rights) = match user {
        "ann" => (["etl"], [Right::Read, Right::Append]),
        "bob" => (["ml"], [Right::Read, Right::Operate]),
        _ => return false,
    };
    let there = workspace.is_none_or(|name| workspaces.contains(&name));
    rights.contains(&right) && (right == Right::Operate || there)
}

/// A method of a path, and what it takes.
struct Question {
    method: Method,
    path: String,
    workspace: Option<&'static str>,
    need: Option<Right>,
}

/// All paths of the router, each in all workspaces if it is in one.
fn questions() -> Vec<Question> {
    let (_folder, app, _driver) = parts();
    let mut questions = Vec::new();
    for route in routes(&app) {
        let of = |workspace: Option<&'static str>| Question {
            method: route.method.clone(),
            path: route
                .path
                .replace("{workspace}", workspace.unwrap_or_default())
                .replace("{workflow}", "orders")
                .replace("{kind}", "forbidden")
                .replace("{id}", "nothing"),
            workspace,
            need: route.need,
        };
        if route.path.contains("{workspace}") {
            questions.extend(WORKSPACES.map(|workspace| of(Some(workspace))));
        } else {
            questions.push(of(None));
        }
    }
    assert!(questions.iter().all(|question| !question.path.contains('{')), "a new name in braces");
    questions
}

impl Question {
    /// What is sent with it.
    fn body(&self) -> &'static str {
        match (self.method.as_str(), self.path.as_str()) {
            ("POST", "/revocations") => r#"{"credential":"of-nobody"}"#,
            ("POST", path) if path.ends_with("/logs") => r#"{"message":"x"}"#,
            _ => "",
        }
    }

    /// What is answered when it is allowed.
    fn done(&self) -> u16 {
        match (self.method.as_str(), self.path.as_str()) {
            ("GET", path) if path.contains("/row/") => 404,
            ("GET", _) => 200,
            ("POST", "/revocations" | "/session") | ("DELETE", _) => 204,
            ("POST", _) => 201,
            (method, path) => panic!("say what {method} {path} answers"),
        }
    }

    fn expected(&self, user: Option<&str>, way: Way) -> u16 {
        let Some(need) = self.need else { return self.expected_of_all(user, way) };
        let Some(user) = user else { return 401 };
        // A ticket is for those who can only read.
        let allowed =
            may(user, need, self.workspace) && (way != Way::Ticket || need == Right::Read);
        match self.path.as_str() {
            "/ticket" if way == Way::Ticket => 403,
            _ if allowed => self.done(),
            _ => 403,
        }
    }

    /// Of paths that take no right.
    fn expected_of_all(&self, user: Option<&str>, way: Way) -> u16 {
        match (self.method.as_str(), self.path.as_str()) {
            ("GET", "/session") => user.map_or(401, |_| 200),
            ("POST", "/session") => match (user, way) {
                (Some(_), Way::Token | Way::Jwt) => 204,
                // Only the service knows how long its word counts.
                (Some(_), Way::Forward) => 422,
                _ => 401,
            },
            // They are about the server, and about nobody.
            ("DELETE", "/session") | ("GET", _) => self.done(),
            (method, path) => panic!("say who may {method} {path}"),
        }
    }
}

/// Its answer: the status, and of what ends, the text.
async fn ask(guarded: &Guarded, question: &Question, headers: ways::Headers) -> (u16, String) {
    let mut path = question.path.clone();
    let mut request = Request::builder().method(question.method.clone());
    for (name, value) in headers {
        if name == "ticket" {
            write!(path, "?ticket={value}").unwrap();
        } else {
            request = request.header(name, value);
        }
    }
    if !question.body().is_empty() {
        request = request.header("content-type", "application/json");
    }
    let request = request.uri(&path).body(Full::from(question.body())).unwrap();
    let (response, _connection) = http::send(guarded.server.address, request).await.unwrap();
    let status = response.status().as_u16();
    if question.path.ends_with("/stream") && status == 200 {
        return (status, String::new());
    }
    let body = response.collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.into()).unwrap())
}

#[tokio::test]
async fn every_path_is_for_those_who_may_and_for_nobody_else_in_every_way() {
    let service = Service::start().await;
    let secret = ways::secret();
    let config = format!("{}\n{}", ann_and_bob(), ways::config(&service, &secret));
    let store = Store::sqlite();
    store.writer().await.write_in(&WORKSPACES, "orders").await;
    let guarded = Guarded::start_with(store, &config);
    while guarded.get("/readyz", "x").await.status != 200 {}

    let mut table = String::from("| | nobody | ann | by ticket | bob | by ticket |\n");
    table.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for question in questions() {
        let name = format!("{} {}", question.method, question.path);
        let (status, text) = ask(&guarded, &question, Vec::new()).await;
        assert_eq!(status, question.expected(None, Way::Token), "{name} as nobody: {text}");
        write!(table, "| `{name}` | {status} |").unwrap();
        for (user, token) in USERS {
            let mut seen: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
            let mut by_ticket = 0;
            for way in Way::ALL {
                let headers = way.headers(&guarded, user, token, &secret).await;
                let (status, text) = ask(&guarded, &question, headers).await;
                let expected = question.expected(Some(user), way);
                assert_eq!(status, expected, "{name} as {user} by {way:?}: {text}");
                check_text(&question, user, &text);
                if way == Way::Ticket {
                    by_ticket = status;
                } else {
                    seen.entry(status).or_default().push(way.name());
                }
            }
            write!(table, " {} | {by_ticket} |", cell(&seen)).unwrap();
        }
        table.push('\n');
    }
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/access.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    assert!(guide.contains(&table), "docs/access.md is to have this table:\n\n{table}");
}

/// A list shows only what its reader may see, and nothing that is said names another workspace.
fn check_text(question: &Question, user: &str, text: &str) {
    for workspace in WORKSPACES {
        let asked = question.workspace == Some(workspace);
        if !asked && !may(user, Right::Read, Some(workspace)) {
            assert!(!text.contains(&format!("\"{workspace}\"")), "{user}: {text}");
        }
    }
    if question.path == "/wfm/workflow/workspace" && text.contains("workspaces") {
        let list: serde_json::Value = serde_json::from_str(text).unwrap();
        let seen = WORKSPACES.into_iter().filter(|name| may(user, Right::Read, Some(name)));
        assert_eq!(list["workspaces"], seen.collect::<serde_json::Value>(), "{user}");
    }
}

/// The status, and where ways differ, which ones have which.
fn cell(seen: &BTreeMap<u16, Vec<&str>>) -> String {
    let all = seen.len() == 1;
    let cells = seen.iter().map(|(status, ways)| {
        if all { status.to_string() } else { format!("{status} by {}", ways.join(", ")) }
    });
    cells.collect::<Vec<_>>().join("; ")
}
