//! A row and what stands around it.

use serde_json::{Value, json};

use crate::answers::problem;
use crate::http::{self, Answer};
use crate::server::Server;
use crate::store::{LOGS, Store};

async fn post(server: &Server, ids: impl IntoIterator<Item = String>) {
    let row = |(n, id)| {
        let date = format!("2026-01-01T00:{:02}:{:02}Z", n / 60, n % 60);
        json!({ "id": id, "date": date, "message": "m" }).to_string()
    };
    let lines = ids.into_iter().enumerate().map(row).collect::<Vec<_>>().join("\n");
    let posted = http::post(server.address, LOGS, "application/x-ndjson", lines).await;
    assert_eq!(posted.status, 201, "{posted:?}");
}

async fn context(server: &Server, id: &str, parameters: &str) -> Answer {
    http::get(server.address, &format!("{LOGS}/row/{id}?{parameters}")).await
}

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_row_stands_between_its_neighbours_and_both_ways_go_on() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    post(&server, (0..100).map(|n| format!("r{n:02}"))).await;
    let answer = context(&server, "r50", "before=2&after=3").await.json();
    assert_eq!(answer["row"]["id"], "r50");
    assert_eq!(ids(&answer["before"]), ["r48", "r49"]);
    assert_eq!(ids(&answer["after"]), ["r51", "r52", "r53"]);
    // What is written meanwhile is on the stream, and not on the pages.
    let new = "{\"id\":\"new\",\"date\":\"2026-01-01T00:00:47.5Z\",\"message\":\"m\"}\n".to_owned();
    assert_eq!(http::post(server.address, LOGS, "application/x-ndjson", new).await.status, 201);
    for (order, cursor, expected) in
        [("desc", &answer["earlier"], ["r47", "r46"]), ("asc", &answer["later"], ["r54", "r55"])]
    {
        let cursor = cursor.as_str().unwrap();
        let path = format!("{LOGS}?limit=2&order={order}&cursor={cursor}");
        let page = http::get(server.address, &path).await.json();
        assert_eq!(ids(&page["logs"]), expected);
        assert_eq!(page["stream_position"], answer["stream_position"]);
    }
    for (id, parameters, before, after, earlier, later) in [
        ("r00", "", 0, 20, false, true),
        ("r99", "", 20, 0, true, false),
        ("r50", "before=0&after=0", 0, 0, true, true),
        ("r98", "before=0&after=1", 0, 1, true, false),
        ("r50", "before=1000&after=1000", 51, 49, false, false),
    ] {
        let answer = context(&server, id, parameters).await.json();
        assert_eq!(answer["row"]["id"], id);
        assert_eq!((ids(&answer["before"]).len(), ids(&answer["after"]).len()), (before, after));
        assert_eq!((answer["earlier"].is_string(), answer["later"].is_string()), (earlier, later));
    }
    let answer = context(&server, "r50", "before=0&after=0").await.json();
    let path = format!("{LOGS}?limit=1&order=asc&cursor={}", answer["later"].as_str().unwrap());
    assert_eq!(ids(&http::get(server.address, &path).await.json()["logs"]), ["r51"]);
    problem(&context(&server, "r50", "before=1001").await, 400, "from 0 to 1000");
    problem(&context(&server, "r50", "q=x").await, 400, "no parameter");
    problem(&context(&server, "nothing", "").await, 404, "no row of this id");
}

#[tokio::test]
async fn no_id_is_taken_for_something_else() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    let names = [
        ("stream", "stream"),
        ("counts", "counts"),
        ("export", "export"),
        ("row", "row"),
        ("a/b", "a%2Fb"),
        ("../x", "..%2Fx"),
        ("..", "%2E%2E"),
        ("a+b@c", "a+b%40c"),
    ];
    post(&server, names.iter().map(|(id, _)| (*id).to_owned())).await;
    for (id, encoded) in names {
        let answer = context(&server, encoded, "").await;
        assert_eq!((answer.status, &answer.json()["row"]["id"]), (200, &json!(id)), "{answer:?}");
        assert_eq!(ids(&answer.json()["before"]).len() + ids(&answer.json()["after"]).len(), 7);
    }
    for encoded in ["100%25", "na%C3%AFve%20%E2%98%83", "a%252Fb", "%00"] {
        problem(&context(&server, encoded, "").await, 404, "no row of this id");
    }
    problem(&context(&server, "%FF", "").await, 400, "UTF-8");
}
