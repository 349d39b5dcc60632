//! Writing over HTTP: repeated requests, packed bodies, and what is refused.

use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::answers::problem;
use crate::http::{self, Answer};
use crate::server::Server;
use crate::store::{LOGS, Store};

const LINES: &str = "application/x-ndjson";

async fn post(server: &Server, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    let mut request = Request::post(LOGS).header("content-type", LINES);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    http::ask(server.address, request.body(Full::new(body.into().into())).unwrap()).await
}

async fn messages(server: &Server) -> Vec<String> {
    let page = http::get(server.address, &format!("{LOGS}?order=asc")).await.json();
    let rows = page["logs"].as_array().unwrap();
    rows.iter().map(|row| row["message"].as_str().unwrap().to_owned()).collect()
}

async fn a_request_may_be_repeated(store: Store) {
    let server = Server::start(&["--store", &store.address(), "--lateness", "100ms"]);
    let body = "{\"message\":\"a\",\"n\":[1,{\"b\":2}]}\n\n{\"message\":\"b\"}\n";
    let key = [("idempotency-key", "\"job-7/part-1\"")];
    let first = post(&server, &key, body).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.json()["ids"], json!(["job-7/part-1:1", "job-7/part-1:2"]));
    for key in ["job-7/part-1", "\"job-7/part-1\""] {
        let again = post(&server, &[("idempotency-key", key)], body).await;
        assert_eq!((again.status, again.json()), (201, first.json()));
    }
    let own = "{\"message\":\"c\",\"id\":\"mine\"}\n{\"message\":\"d\",\"id\":\"yours\"}";
    for _ in 0..2 {
        let posted = post(&server, &[], own).await;
        assert_eq!((posted.status, posted.json()["ids"].clone()), (201, json!(["mine", "yours"])));
    }
    // One that is there and one that is new.
    let more = "{\"message\":\"c\",\"id\":\"mine\"}\n{\"message\":\"e\",\"id\":\"new\"}";
    assert_eq!(post(&server, &[], more).await.status, 201);

    let other = "{\"message\":\"f\"}\n{\"message\":\"not c\",\"id\":\"mine\"}";
    let conflict = post(&server, &[], other).await;
    problem(&conflict, 409, "line 2: there is another row with the id \"mine\"");
    problem(&conflict, 409, "none of the 2 lines was written");
    problem(&post(&server, &key, "{\"message\":\"other\"}").await, 409, "part-1:1");
    for wrong in ["", "with space", "\u{e4}"] {
        problem(
            &post(&server, &[("idempotency-key", wrong)], body).await,
            400,
            "`Idempotency-Key`",
        );
    }
    let mut all = messages(&server).await;
    while all.len() < 5 {
        all = messages(&server).await;
    }
    assert_eq!(all, ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn a_request_may_be_repeated_on_sqlite() {
    a_request_may_be_repeated(Store::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_request_may_be_repeated_on_mongodb() {
    a_request_may_be_repeated(Store::replica_set()).await;
}

#[tokio::test]
async fn what_the_file_refuses_is_said_with_its_line_and_others_are_written() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    let file = Connection::open(store.file()).unwrap();
    let trigger = "CREATE TRIGGER short BEFORE INSERT ON log WHEN new.row LIKE '%secret%'
        BEGIN SELECT RAISE(ABORT, 'no secrets in logs'); END";
    file.execute_batch(trigger).unwrap();
    let bad = post(&server, &[], "{\"message\":\"a\"}\n{\"message\":\"secret\"}");
    let good = post(&server, &[], "{\"message\":\"good\"}");
    let (bad, good) = tokio::join!(bad, good);
    problem(&bad, 422, "line 2: ");
    problem(&bad, 422, "no secrets in logs");
    problem(&bad, 422, "none of the 2 lines was written");
    assert_eq!(good.status, 201);
    assert_eq!(messages(&server).await, ["good"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_a_collection_refuses_is_said_with_its_line() {
    use mongodb::bson::doc;

    let store = Store::replica_set();
    let client = mongodb::Client::with_uri_str(store.address()).await.unwrap();
    let database = client.database("wfm");
    let validator = doc! { "message": { "$not": { "$regex": "secret" } } };
    database.create_collection("logs").validator(validator).await.unwrap();
    let unique = mongodb::options::IndexOptions::builder()
        .unique(true)
        .partial_filter_expression(doc! { "number": { "$exists": true } })
        .build();
    let index = mongodb::IndexModel::builder().keys(doc! { "number": 1 }).options(unique).build();
    database.collection::<bson::Document>("logs").create_index(index).await.unwrap();

    let server = Server::start(&["--store", &store.address()]);
    // The index that pages need is made first.
    let ready = async { while http::get(server.address, "/readyz").await.status != 200 {} };
    timeout(Duration::from_secs(60), ready).await.unwrap();
    let bad = "{\"message\":\"a\"}\n{\"message\":\"secret\"}\n{\"message\":\"c\"}";
    let refused = post(&server, &[], bad).await;
    problem(&refused, 422, "line 2: Document failed validation");
    problem(&refused, 422, "the first 1 of the 3 lines were written");
    let taken = "{\"message\":\"d\",\"number\":1}\n{\"message\":\"e\",\"number\":1,\"id\":\"x\"}";
    problem(&post(&server, &[], taken).await, 422, "line 2: E11000 duplicate key");
    assert_eq!(messages(&server).await, ["a", "d"]);
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packed = flate2::read::GzEncoder::new(body, flate2::Compression::fast());
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut packed, &mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn packed_bodies_are_unpacked_within_the_limit() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    let packed = [("content-encoding", "gzip")];
    let two = [gzip(b"{\"message\":\"a\"}\n"), gzip(b"{\"message\":\"b\"}\n")].concat();
    assert_eq!(post(&server, &packed, two.clone()).await.status, 201);
    let marked = "\u{feff}{\"message\":\"c\"}\n{\"message\":\"d\"}";
    assert_eq!(post(&server, &[], marked).await.status, 201);
    assert_eq!(messages(&server).await, ["a", "b", "c", "d"]);

    // A little that becomes 64 MiB.
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    server.peak_memory();
    let before = server.peak_memory();
    problem(&post(&server, &packed, bomb).await, 413, "bytes when it is unpacked");
    let grown = server.peak_memory().saturating_sub(before);
    assert!(grown < 24 << 20, "{} KiB", grown >> 10);
    problem(&post(&server, &packed, two[..two.len() - 4].to_vec()).await, 400, "not whole gzip");
    for encoding in ["zstd", "br", "deflate", "gzip, gzip"] {
        let refused = post(&server, &[("content-encoding", encoding)], "{}").await;
        problem(&refused, 415, encoding);
    }
    let request = Request::post(LOGS).header("content-type", LINES);
    let request = request.header("content-encoding", "zstd").body(Full::default()).unwrap();
    let (response, _connection) = http::send(server.address, request).await.unwrap();
    assert_eq!(response.headers()["accept-encoding"], "gzip");
    assert_eq!(messages(&server).await.len(), 4);
}

#[tokio::test]
async fn numbers_dates_and_names_are_kept_or_refused_in_true_words() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    let line = |more: &str| format!("{{\"message\":\"x\",{more}}}");
    let kept = line(r#""n":9223372036854775807,"m":-9223372036854775808"#);
    assert_eq!(post(&server, &[], kept).await.status, 201);
    let page = http::get(server.address, LOGS).await;
    assert!(page.text.contains(r#""n":9223372036854775807,"m":-9223372036854775808"#), "{page:?}");
    let number = post(&server, &[], line(r#""n":18446744073709551615"#)).await;
    problem(&number, 400, "18446744073709551615 is beyond what is kept exactly");
    let late = post(&server, &[], line(r#""date":"9999-12-31T00:00:00Z""#)).await;
    problem(&late, 400, "dates are taken from 0000-01-01T00:00:00Z to 9999-12-30T22:00:00Z");
    for (name, words) in [("a%0Ab", "control character '\\n'"), ("%7F", "control character")] {
        let path = format!("/wfm/workflow/workspace/etl/workflow/{name}/logs");
        problem(&http::post(server.address, &path, LINES, line("\"a\":1")).await, 400, words);
    }
    let path = format!("/wfm/workflow/workspace/{}/workflow/x/logs", "n".repeat(256));
    let long = http::post(server.address, &path, LINES, line("\"a\":1")).await;
    problem(&long, 400, "the name of the workspace has more than 255");
    // A field that is there twice counts as the last of them, also for searches.
    assert_eq!(post(&server, &[], line(r#""level":"INFO","level":"ERROR""#)).await.status, 201);
    let found = http::get(server.address, &format!("{LOGS}?level=ERROR")).await.json();
    assert_eq!(found["logs"].as_array().unwrap().len(), 1);
}

async fn lists_have_pages(store: Store) {
    let server = Server::start(&["--store", &store.address()]);
    let mut names: Vec<_> = ["b", "a", "c c", "\u{e4}", "z", "B"].map(str::to_owned).into();
    for name in &names {
        let name = name.replace(' ', "%20").replace('\u{e4}', "%C3%A4");
        let path = format!("/wfm/workflow/workspace/etl/workflow/{name}/logs");
        let posted = http::post(server.address, &path, LINES, "{\"message\":\"x\"}").await;
        assert_eq!(posted.status, 201, "{posted:?}");
    }
    names.sort();
    let list = "/wfm/workflow/workspace/etl/workflow";
    let (mut read, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let page = http::get(server.address, &format!("{list}?limit=4{after}")).await.json();
        let some = page["workflows"].as_array().unwrap();
        read.extend(some.iter().map(|name| name.as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={}", next.replace(' ', "%20"));
    }
    assert_eq!((read, pages), (names, 2));
    let all = http::get(server.address, "/wfm/workflow/workspace?limit=1").await.json();
    assert_eq!(all, json!({ "workspaces": ["etl"], "next": Value::Null }));
    problem(&http::get(server.address, &format!("{list}?limit=0")).await, 400, "`limit`");
}

#[tokio::test]
async fn lists_have_pages_on_sqlite() {
    lists_have_pages(Store::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn lists_have_pages_on_mongodb() {
    lists_have_pages(Store::replica_set()).await;
}
