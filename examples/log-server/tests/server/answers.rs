//! What each request is answered, right or wrong.

use http_body_util::Full;
use hyper::Request;

use crate::http::{self, Answer};
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

fn server(store: &Store) -> Server {
    Server::start(&["--store", &store.address(), "--heartbeat", "200ms"])
}

pub(crate) fn problem(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.content_type, "application/problem+json", "{answer:?}");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(words), "{detail:?} does not say {words:?}");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words() {
    let store = Store::sqlite();
    let server = server(&store);
    let get = async |path: &str| http::get(server.address, path).await;
    for limit in ["0", "-1", "abc", "10001", "1.5", "", "%00", "99999999999999999999"] {
        problem(&get(&format!("{LOGS}?limit={limit}")).await, 400, "`limit`");
    }
    problem(&get(&format!("{LOGS}?order=up")).await, 400, "`asc` or `desc`");
    problem(&get(&format!("{LOGS}?cursor=forged")).await, 400, "cursor");
    problem(&get(&format!("{LOGS}?limt=5")).await, 400, "limt");
    problem(&get(&format!("{LOGS}?limit=5&limit=6")).await, 400, "twice");
    problem(&get(&format!("{LOGS}/stream?history=some")).await, 400, "`all`");
    problem(&get("/wfm/nothing").await, 404, "/wfm/nothing");
    let post = async |body: &str| {
        http::post(server.address, LOGS, "application/json", body.to_owned()).await
    };
    problem(&post("{").await, 400, "not JSON");
    problem(&post("[]").await, 400, "not a JSON object");
    problem(&post("{}").await, 400, "`message`");
    problem(&post(r#"{"message":7}"#).await, 400, "`message`");
    problem(&post(r#"{"message":"x","level":"LOUD"}"#).await, 400, "`level`");
    problem(&post(r#"{"message":"x","date":"today"}"#).await, 400, "`date`");
    problem(&post(r#"{"message":"x","id":"7"}"#).await, 400, "`id`");
    let lines = "{\"message\":\"x\"}\n{}\n";
    problem(&http::post(server.address, LOGS, "application/x-ndjson", lines).await, 400, "line 2");
    for content_type in ["text/plain", ""] {
        problem(&http::post(server.address, LOGS, content_type, "{}").await, 400, "content type");
    }
    problem(&post(r#"{"message":"x","a\u0000b":1}"#).await, 400, "NUL");
    problem(&post(r#"{"message":"x","a":[{"b\u0000":1}]}"#).await, 400, "NUL");
    let deep = format!(r#"{{"message":"x","a":{}{}}}"#, "[".repeat(90), "]".repeat(90));
    problem(&post(&deep).await, 400, "flatter");
    let many = "{\"message\":\"\"}\n".repeat(10_001);
    problem(&http::post(server.address, LOGS, "application/x-ndjson", many).await, 413, "rows");
    problem(&get("/wfm/workflow/workspace/%FF/workflow").await, 400, "UTF-8");
    problem(&get("/wfm/workflow/workspace/a/workflow/%FF/logs").await, 400, "UTF-8");
    problem(
        &http::post(server.address, LOGS, "application/json", vec![b' '; 5 << 20]).await,
        413,
        "bytes",
    );
    problem(&http::post(server.address, "/healthz", "application/json", "{}").await, 405, "method");
    assert_eq!(get(&format!("{LOGS}?limit=1")).await.json()["logs"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn what_was_posted_is_paged_listed_and_streamed() {
    let store = Store::sqlite();
    let server = server(&store);
    let line = |n| format!(r#"{{"message":"{n}","level":"ERROR","b":1,"a":[2]}}"#);
    let lines = (1..=5).map(line).collect::<Vec<_>>().join("\n");
    let posted =
        http::post(server.address, LOGS, "application/x-ndjson; charset=utf-8", lines).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    assert_eq!(posted.json()["ids"].as_array().unwrap().len(), 5);

    let get = async |path: String| http::get(server.address, &path).await.json();
    let messages = |page: &serde_json::Value| -> Vec<String> {
        let rows = page["logs"].as_array().unwrap();
        rows.iter().map(|row| row["message"].as_str().unwrap().to_owned()).collect()
    };
    let first = get(format!("{LOGS}?limit=2")).await;
    assert_eq!(messages(&first), ["5", "4"]);
    let row = first["logs"][0].as_object().unwrap();
    let fields: Vec<_> = row.keys().map(String::as_str).collect();
    let known = ["id", "workspace_id", "workflow_id", "date", "date_text", "level", "type"];
    assert_eq!(fields, [&known[..], &["message", "b", "a"]].concat());
    let second = get(format!("{LOGS}?limit=2&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!(messages(&second), ["3", "2"]);
    let third = get(format!("{LOGS}?limit=2&cursor={}", second["next"].as_str().unwrap())).await;
    assert_eq!((messages(&third), third["next"].is_null()), (vec!["1".to_owned()], true));
    let ascending = get(format!("{LOGS}?order=asc")).await;
    assert_eq!(messages(&ascending), ["1", "2", "3", "4", "5"]);
    let workspaces = get("/wfm/workflow/workspace".to_owned()).await;
    assert_eq!(workspaces["workspaces"], serde_json::json!(["etl"]));
    let workflows = get("/wfm/workflow/workspace/etl/workflow".to_owned()).await;
    assert_eq!(workflows["workflows"], serde_json::json!(["orders"]));
    let unknown = get("/wfm/workflow/workspace/etl/workflow/none/logs".to_owned()).await;
    assert_eq!((messages(&unknown).len(), unknown["next"].is_null()), (0, true));

    // The stream goes on exactly where the page ends, whatever its cursor.
    let position = third["stream_position"].as_str().unwrap();
    store.writer().await.write("6").await;
    let mut client = Client::default();
    let path = format!("{LOGS}/stream?after={position}");
    let mut stream = client.connect(server.address, &path).await;
    client.read_until(&mut stream, |client| client.messages == ["6"]).await;
    assert_eq!(client.notices("start"), [r#"{"resumed":true,"reset":null,"heartbeat_ms":200}"#]);
    let comments = client.comments;
    client.read_until(&mut stream, |client| client.comments > comments).await;

    // The header is newer than the address that a browser keeps.
    drop(stream);
    store.writer().await.write("7").await;
    let mut stream = client.connect(server.address, &path).await;
    client.read_until(&mut stream, |client| client.messages == ["6", "7"]).await;
}

#[tokio::test]
async fn a_forged_id_is_answered_on_the_stream() {
    let store = Store::sqlite();
    store.writer().await.write("row").await;
    let server = server(&store);
    let mut client = Client { last_id: "forged".to_owned(), ..Client::default() };
    let mut stream = client.connect(server.address, &format!("{LOGS}/stream")).await;
    client.read_until(&mut stream, |client| client.messages == ["row"]).await;
    assert_eq!(
        client.notices("start"),
        [r#"{"resumed":false,"reset":"bad_id","heartbeat_ms":200}"#]
    );
    assert_eq!(client.notices("reset"), [r#"{"reason":"bad_id"}"#]);
    assert_eq!(server.counter("log_streams_reset_total{kind=\"bad_id\"}").await, 1);
}

#[tokio::test]
async fn a_stream_without_a_position_begins_with_the_newest_rows() {
    let store = Store::sqlite();
    let writer = store.writer().await;
    for n in 1..=9 {
        writer.write(&n.to_string()).await;
    }
    let server = server(&store);
    for (history, messages) in [("3", &["7", "8", "9"][..]), ("0", &[])] {
        let mut client = Client::default();
        let path = format!("{LOGS}/stream?history={history}");
        let mut stream = client.connect(server.address, &path).await;
        client.read_until(&mut stream, |client| !client.notices("sync").is_empty()).await;
        assert_eq!(client.messages, messages);
    }
}

#[tokio::test]
async fn the_page_is_served_at_the_root() {
    let store = Store::sqlite();
    let server = server(&store);
    let page = http::get(server.address, "/").await;
    assert_eq!((page.status, page.text.contains("<!doctype html>")), (200, true));
    assert!(page.content_type.starts_with("text/html"));
}

#[tokio::test]
async fn only_requests_for_this_machine_are_answered_unless_others_are_meant() {
    let store = Store::sqlite();
    let ask = async |server: &Server, host: &str| {
        let request = Request::get(LOGS).header("host", host).body(Full::default()).unwrap();
        http::ask(server.address, request).await
    };
    let server = server(&store);
    assert_eq!(ask(&server, "localhost:8080").await.status, 200);
    problem(&ask(&server, "evil.example").await, 421, "evil.example");
    let open = Server::start(&["--store", &store.address(), "--anonymous"]);
    assert_eq!(ask(&open, "logs.example").await.status, 200);
}
