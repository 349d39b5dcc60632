//! The description of the server says what the server does.

use std::collections::{BTreeSet, HashSet};

use axum::body::{Body, to_bytes};
use hyper::Request;
use log_server::http::{router, routes};
use serde_json::Value;

use crate::app::{self, parts};
use crate::http;
use crate::server::Server;
use crate::store::Store;

async fn text() -> String {
    let (_folder, app, _driver) = parts();
    let request = Request::get("/openapi.json").header("host", "localhost");
    let answer = app::ask(&router(app, true), request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().into()).unwrap()
}

async fn document() -> Value {
    serde_json::from_str(&text().await).unwrap()
}

/// Each operation, by its method and path.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, methods): (&String, &'_ Value)| -> Vec<(String, String)> {
        let methods = methods.as_object().unwrap().keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect()
    };
    let names = paths.iter().flat_map(of);
    names
        .map(|(method, path)| {
            let operation = &document["paths"][&path][method.to_lowercase()];
            (method, path, operation)
        })
        .collect()
}

#[tokio::test]
async fn every_path_is_described_and_in_the_guide() {
    let document = document().await;
    let (_folder, app, _driver) = parts();
    let routes: BTreeSet<_> = routes(&app)
        .iter()
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    let described: BTreeSet<_> =
        operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(described, routes, "each route is to be `described`");
    let guide = include_str!("../../README.md");
    for (method, path) in &routes {
        let line = format!("| `{method} {path}` | ");
        assert!(guide.contains(&line), "README.md is to have a line: {line}");
    }
    let lines = guide.lines().filter(|line| {
        ["GET", "POST", "DELETE"].iter().any(|method| line.starts_with(&format!("| `{method} /")))
    });
    assert_eq!(lines.count(), routes.len(), "README.md has paths that are none");
}

#[tokio::test]
async fn the_description_is_whole_and_the_same_each_time() {
    let first = text().await;
    assert_eq!(first, text().await);
    let document: Value = serde_json::from_str(&first).unwrap();
    let (mut ids, operations) = (HashSet::new(), operations(&document));
    for (method, path, operation) in &operations {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{operation}");
        assert!(operation["summary"].as_str().is_some_and(|words| !words.is_empty()), "{path}");
        let names = operation["parameters"].as_array().unwrap().iter();
        let in_path = names.filter(|parameter| parameter["in"] == "path");
        assert!(in_path.clone().all(|name| name["description"] != ""), "{method} {path}");
        assert_eq!(in_path.count(), path.matches('{').count(), "{method} {path}");
    }
    let mut references = Vec::new();
    find_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn find_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|_| name == "$ref") {
                    Some(reference) => found.push(reference.to_owned()),
                    None => find_references(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| find_references(value, found)),
        _ => {}
    }
}

/// Whoever asks with a parameter that is not known is told which are.
#[tokio::test]
async fn the_parameters_are_those_that_the_server_knows() {
    let document = document().await;
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    let mut asked = 0;
    for (method, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let described: BTreeSet<_> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        if method != "GET" || !path.starts_with("/wfm/") {
            assert!(described.is_empty(), "say how {method} {path} takes its parameters");
            continue;
        }
        let named = path.replace("{workspace}", "etl").replace("{workflow}", "orders");
        let named = named.replace("{id}", "7");
        assert!(!named.contains('{'), "{named}: fill in its names");
        let answer = http::get(server.address, &format!("{named}?nonsense=1")).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        let (_, known) = detail.split_once("there are ").unwrap_or_else(|| panic!("{detail}"));
        let known: BTreeSet<_> = known.split(", ").map(str::to_owned).collect();
        assert_eq!(described, known, "{method} {path}");
        asked += 1;
    }
    assert!(asked >= 4, "{asked} paths take parameters");
}
