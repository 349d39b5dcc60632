//! What one may not see looks as if it were not there.

use http_body_util::{BodyExt, Full};
use hyper::Request;

use super::setup::{ANN, BOB, Guarded, ann_and_bob, bearer, logs};
use crate::http;
use crate::store::Store;

const ROW: &str = r#"{"message":"x"}"#;

/// All of an answer but what is new in each: the date, and what the request is called.
async fn answer(guarded: &Guarded, method: &str, path: &str, token: &str) -> String {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", bearer(token))
        .header("content-type", "application/json")
        .header("x-request-id", "the-same");
    let request = request.body(Full::from(ROW)).unwrap();
    let (response, _connection) = http::send(guarded.server.address, request).await.unwrap();
    let (head, body) = response.into_parts();
    let mut headers = head.headers;
    headers.remove("date");
    let body = body.collect().await.unwrap().to_bytes();
    format!("{} {headers:?} {}", head.status, String::from_utf8_lossy(&body))
}

/// The paths of a workspace.
fn paths(workspace: &str) -> Vec<(&'static str, String)> {
    let logs = logs(workspace);
    vec![
        ("GET", logs.clone()),
        ("GET", format!("{logs}?cursor=x&limit=0&nonsense=1")),
        ("POST", logs.clone()),
        ("GET", format!("{logs}/stream")),
        ("GET", format!("{logs}/stream?after=x")),
        ("HEAD", logs),
        ("GET", format!("/wfm/workflow/workspace/{workspace}/workflow")),
    ]
}

#[tokio::test]
async fn a_workspace_of_others_is_answered_like_one_that_is_not_there() {
    let guarded = Guarded::start(&ann_and_bob());
    let written = guarded.post(&logs("etl"), ANN, ROW).await;
    assert_eq!(written.status, 201);
    for ((method, there), (_, nowhere)) in paths("etl").into_iter().zip(paths("nowhere")) {
        let is = answer(&guarded, method, &there, BOB).await;
        let is_not = answer(&guarded, method, &nowhere, BOB).await;
        assert_eq!(is, is_not, "{method} {there}");
        assert!(is.starts_with("403 "), "{is}");
        let nobody = answer(&guarded, method, &there, "x").await;
        assert_eq!(nobody, answer(&guarded, method, &nowhere, "x").await, "{method} {there}");
        assert!(nobody.starts_with("401 "), "{nobody}");
    }
}

#[tokio::test]
async fn the_store_is_not_asked_about_what_one_may_not_see() {
    let guarded = Guarded::start(&ann_and_bob());
    let Store::Sqlite { path, .. } = &guarded.store else { unreachable!() };
    assert_eq!(guarded.get(&logs("ml"), BOB).await.status, 200);
    // From now on every question to the store fails.
    std::fs::rename(path, path.with_extension("moved")).unwrap();
    assert_eq!(guarded.get(&logs("ml"), BOB).await.status, 503);
    for (method, there) in paths("etl") {
        let is = answer(&guarded, method, &there, BOB).await;
        assert!(is.starts_with("403 "), "{method} {there}: {is}");
    }
}

#[tokio::test]
async fn how_the_server_is_is_told_to_those_who_run_it() {
    let guarded = Guarded::start(&ann_and_bob());
    let Store::Sqlite { path, .. } = &guarded.store else { unreachable!() };
    let name = path.to_str().unwrap();
    assert!(guarded.get("/healthz", BOB).await.text.contains(name));
    for token in [ANN, "x"] {
        let health = guarded.get("/healthz", token).await;
        assert_eq!((health.status, &*health.text), (200, r#"{"status":"ok"}"#));
    }
    while guarded.get("/readyz", "x").await.status != 200 {}
    std::fs::rename(path, path.with_extension("moved")).unwrap();
    let told = guarded.get("/readyz", BOB).await;
    assert!(told.status == 503 && told.text.contains("writes: "), "{told:?}");
    for token in [ANN, "x"] {
        let told = guarded.get("/readyz", token).await;
        assert!(told.status == 503 && !told.text.contains("writes"), "{told:?}");
    }
}
