//! What browsers are told, and what is asked of them.

use http_body_util::Full;
use hyper::{Method, Request};

use crate::app::paths;
use crate::caller::{Reply, reply};
use crate::server::Server;
use crate::store::{LOGS, Store};

const APP: &str = "https://app.example.com";
const ALLOWED: &str = "[cors]\norigins = [\"https://app.example.com\", \"http://localhost:5173\"]";

async fn ask(server: &Server, method: Method, path: &str, lines: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method.clone()).uri(path);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let posts = method == Method::POST;
    let body = if posts { "{\"message\":\"x\"}" } else { "" };
    let request = request.header("content-type", "application/json");
    reply(server, request.body(Full::from(body)).unwrap()).await
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|part| part.trim().to_ascii_lowercase()).collect()
}

#[tokio::test]
async fn pages_of_listed_origins_may_ask_as_who_is_signed_in() {
    let store = Store::sqlite();
    let server = Server::configured(&store, ALLOWED);
    let preflight = ask(
        &server,
        Method::OPTIONS,
        LOGS,
        &[
            ("origin", APP),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization,last-event-id"),
        ],
    )
    .await;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), APP);
    assert_eq!(preflight.header("access-control-allow-credentials"), "true");
    assert_eq!(preflight.header("access-control-max-age"), "7200");
    let headers = list(preflight.header("access-control-allow-headers"));
    for name in ["authorization", "last-event-id", "content-type", "idempotency-key"] {
        assert!(headers.iter().any(|known| known == name), "{name}: {headers:?}");
    }
    let methods = list(preflight.header("access-control-allow-methods"));
    assert!(["get", "post", "delete"].iter().all(|name| methods.contains(&(*name).to_owned())));

    for path in [LOGS.to_owned(), format!("{LOGS}/stream"), format!("{LOGS}?limit=x")] {
        let answer = ask(&server, Method::GET, &path, &[("origin", APP)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), APP);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert!(list(answer.header("vary")).contains(&"origin".to_owned()), "{answer:?}");
        let shown = list(answer.header("access-control-expose-headers"));
        for name in ["retry-after", "ratelimit", "ratelimit-policy", "x-request-id"] {
            assert!(shown.iter().any(|known| known == name), "{name}: {shown:?}");
        }
    }
}

#[tokio::test]
async fn pages_of_others_may_not_and_nobody_is_everybody() {
    let store = Store::sqlite();
    let (listed, none) = (Server::configured(&store, ALLOWED), Server::configured(&store, ""));
    for origin in [
        "https://evil.example",
        "null",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://app.example.com:8443",
        "*",
    ] {
        for server in [&listed, &none] {
            for method in [Method::OPTIONS, Method::GET] {
                let lines = [("origin", origin), ("access-control-request-method", "GET")];
                let answer = ask(server, method, LOGS, &lines).await;
                assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
            }
        }
        let answer = ask(&listed, Method::GET, LOGS, &[("origin", origin)]).await;
        assert!(list(answer.header("vary")).contains(&"origin".to_owned()), "{origin}");
    }
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let store = Store::sqlite();
    let server = Server::configured(&store, ALLOWED);
    let own = format!("http://{}", server.address);
    for (lines, status) in [
        (vec![], 201),
        (vec![("sec-fetch-site", "same-origin"), ("origin", own.as_str())], 201),
        (vec![("sec-fetch-site", "none")], 201),
        (vec![("sec-fetch-site", "cross-site"), ("origin", APP)], 201),
        (vec![("sec-fetch-site", "same-site"), ("origin", "http://localhost:5173")], 201),
        (vec![("origin", own.as_str())], 201),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-site")], 403),
        (vec![("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")], 403),
        (vec![("sec-fetch-site", "cross-site"), ("origin", own.as_str())], 403),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![("sec-fetch-site", "")], 403),
    ] {
        let answer = ask(&server, Method::POST, LOGS, &lines).await;
        assert_eq!(answer.status, status, "{lines:?}: {answer:?}");
        if status == 403 {
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    }
    let rows = ask(&server, Method::GET, LOGS, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(rows.json()["logs"].as_array().unwrap().len(), 6, "what was refused is not there");
    for (method, path) in paths() {
        if method != Method::GET {
            let answer = ask(&server, method, &path, &[("sec-fetch-site", "cross-site")]).await;
            assert_eq!(answer.status, 403, "{path}");
        }
    }
}

/// What every answer has, whatever it is about.
fn told(answer: &Reply, path: &str, frames: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{path}");
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{path}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
    assert!(policy.ends_with(&format!("; frame-ancestors {frames}")), "{path}: {policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert!(!answer.header("cache-control").is_empty(), "{path}");
    let html = answer.header("content-type").starts_with("text/html");
    assert_eq!(policy.contains("script-src 'self'"), html, "{path}: {policy}");
    assert_eq!(answer.header("cross-origin-opener-policy") == "same-origin", html, "{path}");
    assert_eq!(answer.header("permissions-policy").is_empty(), !html, "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_every_path_tells_browsers_what_they_may() {
    let store = Store::sqlite();
    let server = Server::configured(&store, "");
    let mut asked = 0;
    for (method, path) in paths() {
        told(&ask(&server, method, &path, &[]).await, &path, "'none'");
        told(&ask(&server, Method::PATCH, &path, &[]).await, &path, "'none'");
        asked += 1;
    }
    assert!(asked >= 8, "{asked} paths");
    for path in ["/", "/nowhere", "/assets/nothing.js", &format!("{LOGS}?limit=x")] {
        told(&ask(&server, Method::GET, path, &[]).await, path, "'none'");
    }
    let elsewhere = [("host", "evil.example")];
    let misdirected = ask(&server, Method::GET, "/", &elsewhere).await;
    assert_eq!(misdirected.status, 421);
    told(&misdirected, "for another host", "'none'");
    let cross = [("sec-fetch-site", "cross-site")];
    told(&ask(&server, Method::POST, LOGS, &cross).await, "from another site", "'none'");
}

#[tokio::test]
async fn only_who_is_listed_may_embed_the_page() {
    let store = Store::sqlite();
    let server = Server::configured(&store, "[embedding]\norigins = [\"https://App.example.com\"]");
    told(&ask(&server, Method::GET, "/", &[]).await, "/", APP);
    let cors = ask(&server, Method::GET, LOGS, &[("origin", APP)]).await;
    assert_eq!(cors.header("access-control-allow-origin"), "", "embedding is not reading");
}
