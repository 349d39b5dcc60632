//! Searches over HTTP: pages of what is looked for, and streams of it.

use std::time::Duration;

use fastrand::Rng;
use http_body_util::Full;
use hyper::Request;
use serde_json::Value;
use tokio::time::timeout;

use crate::answers::problem;
use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

fn server(store: &Store, more: &[&str]) -> Server {
    Server::start(&[&["--store", &store.address(), "--heartbeat", "200ms"], more].concat())
}

async fn post(server: &Server, rows: impl IntoIterator<Item = Value>) {
    let line = |row: Value| format!("{row}\n");
    let lines: String = rows.into_iter().map(line).collect();
    let posted = http::post(server.address, LOGS, "application/x-ndjson", lines).await;
    assert_eq!(posted.status, 201, "{posted:?}");
}

fn messages(page: &Value) -> Vec<&str> {
    let rows = page["logs"].as_array().unwrap();
    rows.iter().map(|row| row["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_said_in_words() {
    let store = Store::sqlite();
    let server = server(&store, &[]);
    for path in [LOGS.to_owned(), format!("{LOGS}/stream")] {
        let get = async |query: &str| http::get(server.address, &format!("{path}?{query}")).await;
        problem(&get("level=LOUD").await, 400, "DEBUG, INFO, WARNING, ERROR, CRITICAL");
        problem(&get("level=INFO&level=ERROR,LOUD").await, 400, r#"no level "LOUD""#);
        problem(&get("regex=(a").await, 400, "unclosed group");
        problem(&get("regex=a(%3F=b)").await, 400, "look-around");
        problem(&get("regex=(x%7B1000%7D)%7B1000%7D").await, 400, "repeat less");
        problem(&get("regex=(.*a.%7B60%7D)%7B3%7D[XYZ]").await, 400, "repeat less");
        problem(&get("regex=%5Cb%C3%BCbung").await, 400, "edges of words");
        problem(&get(&format!("regex={}", "a".repeat(1001))).await, 400, "1001 characters");
        problem(&get(&format!("q={}", "a".repeat(1001))).await, 400, "1001 characters");
        problem(&get("from=yesterday").await, 400, "`from`");
        problem(&get("to=2025-09-22").await, 400, "`to`");
        let times = "from=2025-09-22T08:00:00Z&to=2025-09-22T07:00:00Z";
        problem(&get(times).await, 400, "before 2025-09-22T07:00:00Z");
        problem(&get("from=-2h&from=-3h").await, 400, "twice");
        problem(&get("search=a&search=b").await, 400, "twice");
        problem(&get("level=INFO&search=level%3DERROR").await, 400, "also in `search`");
        problem(&get("search=a%20level%3DLOUD").await, 400, "at character 9");
        problem(&get("-level=LOUD").await, 400, "DEBUG, INFO, WARNING, ERROR, CRITICAL");
        problem(&get(&"q=a&".repeat(33)).await, 400, "32 texts and patterns at most");
        let fields = "a%3D1%20".repeat(33);
        problem(&get(&format!("search={fields}")).await, 400, "32 tests of fields at most");
    }
}

/// Takes about 150 KiB.
const PATTERN: &str = "regex=%5Cd%7B4%7D-%5Cd%7B2%7D-%5Cd%7B2%7DT%5Cd%7B2%7D:";

#[tokio::test]
async fn what_all_searches_take_is_bounded_and_equal_ones_are_one() {
    let store = Store::sqlite();
    let server = server(&store, &["--search-bytes", "250000"]);
    let ask = async |path: &str, more: &str| {
        let request = Request::get(format!("{LOGS}{path}?{PATTERN}{more}"));
        http::send(server.address, request.body(Full::default()).unwrap()).await.unwrap()
    };
    let first = ask("/stream", "").await;
    assert_eq!(first.0.status(), 200);
    assert!(server.counter("log_search_bytes").await > 50_000);
    for (path, status) in [("/stream", 200), ("", 200)] {
        assert_eq!(ask(path, "").await.0.status(), status, "an equal one takes no room");
        let refused = ask(path, "x").await.0;
        assert_eq!(refused.status(), 429);
        let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..10).contains(&seconds), "{seconds}");
        let words = http::get(server.address, &format!("{LOGS}{path}?{PATTERN}x")).await;
        problem(&words, 429, "--search-bytes");
    }
    assert_eq!(ask("/stream", "&level=INFO&q=a").await.0.status(), 429);
    assert_eq!(http::get(server.address, &format!("{LOGS}?level=INFO")).await.status, 200);

    drop(first);
    let other = async {
        while ask("/stream", "x").await.0.status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), other).await.expect("what has ended makes way");
}

#[tokio::test]
async fn a_page_has_what_was_looked_for_and_says_where_it_stopped() {
    let store = Store::sqlite();
    let server = server(&store, &["--search-rows", "50"]);
    let rows = (0..200).map(|n| {
        serde_json::json!({
            "message": format!("row {n} of (a) file"),
            "level": if n % 40 == 0 { "ERROR" } else { "INFO" },
            "type": if n < 100 { "stage" } else { "progress" },
            "date": format!("2025-09-22T08:{:02}:{:02}+00:00", n / 60, n % 60),
        })
    });
    post(&server, rows).await;
    let get =
        async |query: &str| http::get(server.address, &format!("{LOGS}?{query}")).await.json();

    let page = get("q=(A)&limit=3").await;
    assert_eq!(messages(&page), [""; 0], "a capital letter is meant");
    let page = get("q=(a)&limit=2").await;
    assert_eq!(messages(&page), ["row 199 of (a) file", "row 198 of (a) file"]);
    assert!(page["next"].is_string() && page.get("incomplete").is_none(), "{page}");
    let page = get("regex=row%201%3F0%20&order=asc&to=2025-09-22T08:00:30Z").await;
    assert_eq!(messages(&page), ["row 0 of (a) file", "row 10 of (a) file"]);
    let page = get("type=stage&from=2025-09-22T08:01:38Z&order=asc&type=other").await;
    assert_eq!(messages(&page), ["row 98 of (a) file", "row 99 of (a) file"]);
    assert!(page["next"].is_string(), "there are more rows to look at");

    // Page by page, in both directions.
    for (order, mut expected) in [("asc", [0, 40, 80, 120, 160]), ("desc", [160, 120, 80, 40, 0])] {
        let (mut found, mut cursor, mut cut) = (Vec::new(), String::new(), 0);
        loop {
            let page = get(&format!("level=error&order={order}{cursor}")).await;
            found.extend(messages(&page).into_iter().map(ToOwned::to_owned));
            let Some(next) = page["next"].as_str() else {
                assert!(page.get("incomplete").is_none(), "{page}");
                break;
            };
            cursor = format!("&cursor={next}");
            let stopped = &page["incomplete"];
            assert_eq!(stopped["scanned"], 50, "{page}");
            assert!(stopped["reached"].as_str().unwrap().starts_with("2025-09-22T08:0"), "{page}");
            assert!(stopped["detail"].as_str().unwrap().contains("among 50 rows"), "{page}");
            cut += 1;
        }
        assert!((3..=4).contains(&cut), "{cut} pages");
        let expected = expected.each_mut().map(|n| format!("row {n} of (a) file"));
        assert_eq!(found, expected);
    }
}

/// Reads a stream of some of what is written, with many a disconnect in between.
async fn a_stream_of_what_is_looked_for_goes_on_where_it_was(store: Store, more: &[&str]) {
    const ROUNDS: usize = 25;
    let mut rng = Rng::with_seed(2026);
    let arguments = [&["--ring-bytes", "12000"], more].concat();
    let mut server = server(&store, &arguments);
    let query = "history=all&level=WARNING,ERROR&q=timeout&search=/%5Cd%24/%20details.n%3E0";
    let path = format!("{LOGS}/stream?{query}");
    let mut client = Client::default();
    let mut stream = client.connect(server.address, &path).await;
    let (mut expected, mut number) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        // Rounds of which nothing is shown are written as well.
        let shown = round % 4 != 3;
        let rows: Vec<_> = (0..rng.usize(1..60))
            .map(|_| {
                number += 1;
                let level =
                    ["INFO", "WARNING", "ERROR"][rng.usize(if shown { 0..3 } else { 0..1 })];
                let what = ["Timeout", "read"][rng.usize(..2)];
                let end = ["", "."][rng.usize(..2)];
                let message = format!("{what} {number}{end}");
                if level != "INFO" && what == "Timeout" && end.is_empty() {
                    expected.push(message.clone());
                }
                serde_json::json!({ "message": message, "level": level, "details": { "n": number } })
            })
            .collect();
        if rng.bool() {
            drop(stream);
            post(&server, rows).await;
            if round % 7 == 6 {
                server.restart(round % 2 == 0).await;
            }
            stream = client.connect(server.address, &path).await;
        } else {
            post(&server, rows).await;
        }
        client.read_until(&mut stream, |client| client.messages.len() >= expected.len()).await;
        if !shown {
            // What is not shown moves the position all the same.
            let known = client.last_id.clone();
            client.read_until(&mut stream, |client| client.last_id != known).await;
        }
    }
    client.read_all_that_is_due(&mut stream).await;
    // Rows that were written at once may have one date: their order is the database's.
    let mut delivered = client.messages.clone();
    delivered.sort_unstable();
    expected.sort_unstable();
    assert_eq!(delivered, expected, "{}", server.output());
    assert_eq!(client.notices("reset"), [""; 0]);
    assert!(expected.len() > 30, "{expected:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_on_sqlite() {
    a_stream_of_what_is_looked_for_goes_on_where_it_was(Store::sqlite(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn streams_on_mongodb_by_change_streams() {
    a_stream_of_what_is_looked_for_goes_on_where_it_was(Store::replica_set(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn streams_on_mongodb_by_polling() {
    let quick = ["--lateness", "500ms", "--poll-interval", "100ms"];
    a_stream_of_what_is_looked_for_goes_on_where_it_was(Store::standalone(), &quick).await;
}
