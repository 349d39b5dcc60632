//! Exports: what they have, that they end as they say, and that they go on where they were cut.

use std::io::Read;

use axum::body::Body;
use fastrand::Rng;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use log_server::http::router;
use serde_json::{Value, json};

use crate::answers::problem;
use crate::app::parts;
use crate::http;
use crate::server::Server;
use crate::signed::{ANN, Ask, OPERATOR, Signed, signed};
use crate::store::{LOGS, Store};

const LEVELS: [&str; 4] = ["INFO", "WARNING", "ERROR", "CRITICAL"];
const TYPES: [&str; 3] = ["load", "copy", "a,b"];

fn server(store: &Store, more: &[&str]) -> Server {
    Server::start(&[&["--store", &store.address()], more].concat())
}

async fn post(server: &Server, rows: impl IntoIterator<Item = Value>) {
    let lines = rows.into_iter().map(|row| row.to_string()).collect::<Vec<_>>().join("\n");
    let posted = http::post(server.address, LOGS, "application/x-ndjson", lines).await;
    assert_eq!(posted.status, 201, "{posted:?}");
}

fn row(rng: &mut Rng, n: usize) -> Value {
    json!({
        "id": format!("r{n:05}"),
        "date": format!("2026-01-01T00:{:02}:{:02}.{:03}Z", n / 600, n / 10 % 60, rng.u32(..1000)),
        "level": rng.choice(LEVELS).unwrap(),
        "type": rng.choice(TYPES).unwrap(),
        "message": format!("row {} of\n{n}", rng.u32(..9)),
    })
}

/// A search, as parameters.
fn search(rng: &mut Rng) -> String {
    let mut search = String::new();
    let mut add = |parameter: String| {
        search.push('&');
        search.push_str(&parameter);
    };
    if rng.bool() {
        add(format!("level={}", rng.choice(&LEVELS[..3]).unwrap()));
    }
    if rng.u8(..3) == 0 {
        add(format!("-type={}", rng.choice(TYPES).unwrap()));
    }
    match rng.u8(..4) {
        0 => add(format!("q=row%20{}", rng.u8(..10))),
        1 => add(format!("-q=row%20{}", rng.u8(..10))),
        2 => add(format!("regex=%5Erow%20%5B0-{}%5D", rng.u8(..10))),
        _ => {}
    }
    if rng.u8(..4) == 0 {
        add(format!("from=2026-01-01T00:00:{:02}Z", rng.u8(..60)));
    }
    search
}

/// The rows of an NDJSON export, what its last line says, and a cursor from within.
async fn export(server: &Server, parameters: &str) -> (Vec<Value>, Value, Option<String>) {
    let path = format!("{LOGS}/export?order=asc{parameters}");
    let text = http::get(server.address, &path).await.text;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (notes, rows): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.get("export").is_some());
    let cursor = notes.iter().rev().find_map(|note| note["export"]["next"].as_str());
    let cursor = cursor.map(str::to_owned);
    (rows, notes.last().unwrap()["export"].clone(), cursor)
}

async fn pages(server: &Server, parameters: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{LOGS}?limit=301{parameters}{cursor}");
        let mut page = http::get(server.address, &path).await.json();
        rows.append(page["logs"].as_array_mut().unwrap());
        let Some(next) = page["next"].as_str() else { return rows };
        cursor = format!("&cursor={next}");
    }
}

/// Whatever is searched for, exports and pages in both orders have the same rows, while others are
/// written, and each says how many it has.
async fn has_what_pages_have(store: Store) {
    let server = server(&store, &["--search-rows", "200"]);
    let mut rng = Rng::with_seed(2026);
    post(&server, (0..900).map(|n| row(&mut rng, n))).await;
    let (mut found, mut n) = (0, 900);
    for _ in 0..60 {
        let search = format!("{}&to=2026-01-01T00:01:30Z", search(&mut rng));
        let (exported, end, _) = export(&server, &search).await;
        assert_eq!(end["complete"], true, "{end}");
        assert_eq!(end["rows"], exported.len(), "{search}");
        post(&server, [row(&mut rng, n)]).await;
        n += 1;
        let mut read = pages(&server, &format!("{search}&order=asc")).await;
        assert_eq!(exported, read, "{search}");
        read.reverse();
        assert_eq!(read, pages(&server, &format!("{search}&order=desc")).await, "{search}");
        found += exported.len();
    }
    assert!(found > 1000, "{found} found");
}

#[tokio::test]
async fn an_export_has_what_pages_have() {
    has_what_pages_have(Store::sqlite()).await;
}

#[tokio::test]
async fn a_cut_export_goes_on_and_has_each_row_once() {
    let store = Store::sqlite();
    let server = server(&store, &[]);
    let mut rng = Rng::with_seed(7);
    for thousand in 0..21 {
        let rows = (thousand * 1000..(thousand + 1) * 1000).map(|n| row(&mut rng, n));
        post(&server, rows).await;
    }
    let (all, end, cursor) = export(&server, "").await;
    assert_eq!((all.len(), &end["rows"], &end["next"]), (21_000, &json!(21_000), &Value::Null));
    assert!(end["stream_position"].is_string(), "{end}");
    let cursor = cursor.expect("it says where it stands");
    post(&server, [row(&mut rng, 30_000)]).await;
    let (rest, end, _) = export(&server, &format!("&cursor={cursor}")).await;
    assert!(end["complete"] == true && rest.len() < all.len() && !rest.is_empty(), "{end}");
    assert_eq!(all[all.len() - rest.len()..], rest);
}

#[tokio::test]
async fn each_format_is_a_file_with_a_name_and_a_last_line() {
    let store = Store::sqlite();
    let server = server(&store, &[]);
    post(&server, [json!({ "message": "=1+1", "level": "INFO", "more": { "a": 1 } })]).await;
    for (format, begins, ends) in [
        ("ndjson", "{\"id\"", "{\"export\":{\"rows\":1,\"complete\":true"),
        ("csv", "id,date,level,type,workflow,message,more\r\n", "\"#export {\"\"rows\"\":1,"),
        ("text", "20", "#export {\"rows\":1,\"complete\":true"),
    ] {
        let request = Request::get(format!("{LOGS}/export?format={format}"));
        let request = request.header("accept-encoding", "gzip").body(Full::default()).unwrap();
        let (response, _connection) = http::send(server.address, request).await.unwrap();
        assert_eq!(response.headers()["content-encoding"], "gzip");
        let named = response.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(named.starts_with("attachment; filename=\"etl-orders."), "{named}");
        let bytes = BodyExt::collect(response).await.unwrap().to_bytes();
        let mut text = String::new();
        let mut gzip = flate2::read::GzDecoder::new(&*bytes);
        gzip.read_to_string(&mut text).unwrap();
        assert!(text.starts_with(begins), "{text}");
        assert!(text.lines().last().unwrap().starts_with(ends), "{text}");
    }
    let get =
        async |query: &str| http::get(server.address, &format!("{LOGS}/export?{query}")).await;
    problem(&get("format=xml").await, 400, "`ndjson`, `csv` or `text`");
    problem(&get("columns=id").await, 400, "`format=csv`");
    problem(&get("cursor=nonsense").await, 400, "begin again without it");
    problem(&get("limit=3").await, 400, "no parameter");
}

/// More than sockets keep for a client that does not read.
async fn much(server: &Server) {
    for post_at in 0..8 {
        let rows = (0..900)
            .map(|n| json!({ "id": format!("r{post_at}-{n}"), "message": "x".repeat(4000) }));
        post(server, rows).await;
    }
}

async fn begin(server: &Server) -> (hyper::Response<hyper::body::Incoming>, http::Connection) {
    let request = Request::get(format!("{LOGS}/export")).body(Full::default()).unwrap();
    http::send(server.address, request).await.unwrap()
}

#[tokio::test]
async fn one_export_too_many_is_refused_while_the_others_are_under_way() {
    let store = Store::sqlite();
    let server = Server::configured(&store, "[limits.open-exports]\nin-all = 2\n");
    much(&server).await;
    let mut open = vec![begin(&server).await, begin(&server).await];
    assert!(open.iter().all(|(response, _)| response.status() == 200));
    let refused = http::get(server.address, &format!("{LOGS}/export")).await;
    problem(&refused, 429, "`limits.open-exports.in-all`");
    assert_eq!(refused.json()["limit"], "open_exports_in_all");
    let (response, _connection) = open.remove(0);
    let whole = BodyExt::collect(response).await.unwrap().to_bytes();
    assert!(whole.trim_ascii_end().ends_with(b"}}") && whole.len() > 20_000_000);
    let free = async { while begin(&server).await.0.status() != 200 {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), free).await.expect("a place is free");
}

#[tokio::test]
async fn cells_have_the_workflow_of_their_row() {
    let store = Store::sqlite();
    let server = server(&store, &[]);
    for workflow in ["a", "b"] {
        let path = format!("/wfm/workflow/workspace/etl/workflow/{workflow}/logs");
        let line = "{\"message\":\"m\"}\n".to_owned();
        assert_eq!(
            http::post(server.address, &path, "application/x-ndjson", line).await.status,
            201
        );
    }
    let path = "/wfm/workflow/workspace/etl/logs/export?format=csv&columns=workflow,message";
    let text = http::get(server.address, path).await.text;
    assert!(text.starts_with("workflow,message\r\na,m\r\nb,m\r\n"), "{text}");
}

#[tokio::test]
async fn an_export_of_a_server_that_shuts_down_says_that_it_is_not_whole_and_where_it_goes_on() {
    let (_folder, app, _driver) = parts();
    let router = router(app.clone(), true);
    let ask = async |request: hyper::http::request::Builder, body: String| {
        let request = request.header("host", "localhost").body(Body::from(body)).unwrap();
        crate::app::ask(&router, request).await
    };
    for post in 0..8 {
        let row =
            |n| json!({ "id": format!("r{post}-{n}"), "message": "x".repeat(4000) }).to_string();
        let lines = (0..900).map(row).collect::<Vec<_>>().join("\n");
        let request = Request::post(LOGS).header("content-type", "application/x-ndjson");
        assert_eq!(ask(request, lines).await.status(), 201);
    }
    let read = async |answer: axum::response::Response, drain: bool| {
        assert_eq!(answer.status(), 200);
        let (mut body, mut bytes) = (answer.into_body(), Vec::new());
        while let Some(frame) = body.frame().await {
            bytes.extend(frame.unwrap().into_data().unwrap());
            if drain {
                app.log.drain();
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let (notes, rows): (Vec<_>, Vec<_>) = lines.partition(|line| line["export"].is_object());
        (rows, notes.last().unwrap()["export"].clone())
    };
    let export = format!("{LOGS}/export?order=asc");
    let (mut all, end) = read(ask(Request::get(&export), String::new()).await, false).await;
    assert_eq!((&end["complete"], all.len()), (&json!(true), 7200), "{end}");
    let (some, end) = read(ask(Request::get(&export), String::new()).await, true).await;
    assert_eq!((&end["complete"], &end["rows"]), (&json!(false), &json!(some.len())), "{end}");
    assert_eq!(end["problem"]["type"], "/problems/log-not-followed");
    assert!(!some.is_empty() && some.len() < all.len(), "{end}");
    let export = format!("{export}&cursor={}", end["next"].as_str().unwrap());
    let (more, _) = read(ask(Request::get(&export), String::new()).await, false).await;
    all.truncate(some.len() + more.len());
    assert!(!more.is_empty() && all == [some, more].concat());
}

#[tokio::test]
async fn an_export_whose_right_is_taken_back_says_how_many_rows_it_has() {
    let server = Signed::start("").await;
    let mut rng = Rng::with_seed(2026);
    for _ in 0..8 {
        let row = |_| {
            let words: Vec<_> = (0..60).map(|_| format!("{:016x}", rng.u64(..))).collect();
            format!("{}\n", json!({ "message": words.concat() }))
        };
        let rows: String = (0..3500).map(row).collect();
        let post = Ask::post(LOGS).bearer(ANN).header("content-type", "application/x-ndjson");
        assert_eq!(server.status(post.body(&rows)).await, 201);
    }
    for (name, coding) in [("plain", "identity"), ("packed", "gzip")] {
        let token = signed("cem", json!({ "jti": name }));
        let ask = Ask::get(format!("{LOGS}/export")).bearer(&token);
        let (response, _connection) = server.send(ask.header("accept-encoding", coding)).await;
        let revoke = Ask::post("/revocations").bearer(OPERATOR).json(&json!({"credential": name}));
        assert_eq!(server.status(revoke).await, 204);
        let body = response.collect().await.unwrap().to_bytes();
        let mut text = String::new();
        match coding {
            "gzip" => flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).map(drop),
            _ => (&*body).read_to_string(&mut text).map(drop),
        }
        .unwrap();
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let rows = lines.iter().filter(|line| line.get("export").is_none()).count();
        let last = &lines.last().unwrap()["export"];
        assert!(rows < 8 * 3500, "it was all sent before the right was taken back");
        assert_eq!((&last["rows"], &last["complete"]), (&json!(rows), &json!(false)), "{last}");
        assert_eq!(last["problem"]["type"], "/problems/sign-in-needed", "{last}");
        assert!(last["next"].is_string(), "{last}");
    }
}
