//! What the address of a request may say: positions of clients that send no header, and what
//! libraries add; and what a client has of a file already.

use http_body_util::Full;
use hyper::Request;

use crate::answers::problem;
use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store};
use crate::stream::Client;

/// A server with the rows `1` to `3`, and the ids after the first and the second.
async fn three_rows() -> (Store, Server, [String; 2]) {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address(), "--heartbeat", "200ms"]);
    let mut client = Client::default();
    let mut stream = client.connect(server.address, &format!("{LOGS}/stream?history=0")).await;
    client.read_until(&mut stream, |client| !client.notices("sync").is_empty()).await;
    let writer = store.writer().await;
    let mut ids = Vec::new();
    for n in 1..=3 {
        writer.write(&n.to_string()).await;
        client.read_until(&mut stream, |client| client.messages.len() == n).await;
        ids.push(client.last_id.clone());
    }
    ids.truncate(2);
    (store, server, ids.try_into().unwrap())
}

async fn messages_after(server: &Server, query: &str, header: &str) -> Vec<String> {
    let mut client = Client { last_id: header.to_owned(), ..Client::default() };
    let path = format!("{LOGS}/stream?{query}");
    let mut stream = client.connect(server.address, &path).await;
    client.read_until(&mut stream, |client| client.messages.iter().any(|row| row == "3")).await;
    assert!(client.notices("start")[0].contains(r#""resumed":true,"reset":null"#), "{client:?}");
    client.messages
}

#[tokio::test]
async fn a_client_without_headers_goes_on_after_the_id_of_its_address() {
    let (_store, server, [first, second]) = three_rows().await;
    for name in ["lastEventId", "last-event-id", "Last-Event-ID", "LASTEVENTID"] {
        let query = format!("after={first}&{name}={second}&_=1764280000");
        assert_eq!(messages_after(&server, &query, "").await, ["3"], "{query}");
    }
    let query = format!("lastEventId={first}&lastEventId={second}");
    assert_eq!(messages_after(&server, &query, "").await, ["3"], "the one that was added last");
    let query = format!("after={first}&lastEventId=");
    assert_eq!(messages_after(&server, &query, "").await, ["2", "3"], "an empty one is none");
}

#[tokio::test]
async fn the_header_wins_over_the_address() {
    let (_store, server, [first, second]) = three_rows().await;
    for name in ["lastEventId", "after"] {
        let query = format!("{name}={first}");
        assert_eq!(messages_after(&server, &query, &second).await, ["3"], "{name}");
    }
}

#[tokio::test]
async fn what_gets_past_caches_is_let_pass_and_typing_errors_are_not() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    let get = async |query: &str| http::get(server.address, &format!("{LOGS}?{query}")).await;
    assert_eq!(get("_=1764280000&limit=1&_cacheBust=x&_=2").await.status, 200);
    problem(&get("cacheBust=x").await, 400, "cacheBust");
    problem(&get("lastEventId=x").await, 400, "lastEventId");
}

#[tokio::test]
async fn tags_of_files_compare_weakly_in_lists_and_with_a_star() {
    let store = Store::sqlite();
    let server = Server::start(&["--store", &store.address()]);
    let page = async |sent: &[&str]| {
        let mut request = Request::get("/");
        for sent in sent {
            request = request.header("if-none-match", *sent);
        }
        http::send(server.address, request.body(Full::default()).unwrap()).await.unwrap().0
    };
    let first = page(&[]).await;
    assert_eq!(first.status(), 200);
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let weak = format!("W/{tag}");
    let list = format!("\"other\", {weak} ,\"more\"");
    for known in [&[tag.as_str()][..], &[&weak], &[&list], &["*"], &["\"other\"", &weak]] {
        assert_eq!(page(known).await.status(), 304, "{known:?}");
    }
    for unknown in ["\"other\"", "W/\"other\"", "", &tag[1..]] {
        assert_eq!(page(&[unknown]).await.status(), 200, "{unknown}");
    }
}
