//! Streams last as long as what allows them.

use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use jiff::{Timestamp, ToSpan};
use tokio::time::timeout;

use super::setup::{Guarded, bearer, logs, tokens};
use crate::http;
use crate::store::LOGS;
use crate::stream::{Client, Stream};

/// Longer than any stream here lasts.
const LONG: Duration = Duration::from_secs(60);

/// Reads a stream to its end.
async fn read_to_the_end(client: &mut Client, stream: &mut Stream) {
    let ended = async { while client.read(stream).await {} };
    timeout(LONG, ended).await.expect("it ends");
}

/// A server with one token that ends soon, and one that does not.
fn server(soon: Duration) -> Guarded {
    let end = Timestamp::now() + soon;
    Guarded::start(&tokens(&[
        ("first", "first", &format!("user = \"ann\"\nworkspaces = [\"etl\"]\nexpires = {end}")),
        ("second", "second", "user = \"ann\"\nworkspaces = [\"etl\"]"),
        ("past", "past", &format!("workspaces = [\"*\"]\nexpires = {}", end - 1.hour())),
    ]))
}

fn client(token: &str) -> Client {
    Client { headers: vec![("authorization", bearer(token))], ..Client::default() }
}

#[tokio::test]
async fn a_stream_ends_with_its_sign_in_and_goes_on_with_the_next_one() {
    let guarded = server(Duration::from_secs(4));
    let address = guarded.server.address;
    let path = format!("{LOGS}/stream?history=all");
    let writer = guarded.store.writer().await;
    let mut client = client("first");
    let mut stream = client.connect(address, &path).await;
    for n in 0..20 {
        writer.write(&n.to_string()).await;
    }
    client.read_until(&mut stream, |client| client.messages.len() == 20).await;
    let before = client.last_id.clone();
    read_to_the_end(&mut client, &mut stream).await;
    let denied = client.notices("denied");
    assert_eq!(denied.len(), 1, "{client:?}");
    let denied: serde_json::Value = serde_json::from_str(denied[0]).unwrap();
    assert_eq!(denied["reason"], "expired");
    assert!(denied["detail"].as_str().unwrap().contains("sign in"), "{denied}");
    assert_eq!(client.notices.last().unwrap().0, "denied", "and nothing after it");

    let again = Request::get(&path).header("authorization", bearer("first"));
    let again = again.header("last-event-id", &client.last_id).body(Full::default()).unwrap();
    let refused = http::ask(address, again).await;
    assert_eq!((refused.status, refused.json()["reason"].as_str()), (401, Some("expired")));

    // What is written meanwhile comes once, and nothing of before.
    for n in 20..40 {
        writer.write(&n.to_string()).await;
    }
    client.headers = vec![("authorization", bearer("second"))];
    let mut stream = client.connect(address, &path).await;
    writer.write("40").await;
    client.read_until(&mut stream, |client| client.messages.len() >= 41).await;
    client.read_all_that_is_due(&mut stream).await;
    let written: Vec<_> = (0..=40).map(|n| n.to_string()).collect();
    assert_eq!(client.messages, written);
    assert_eq!(client.notices("reset"), [""; 0]);
    assert!(!before.is_empty() && client.last_id != before);
}

#[tokio::test]
async fn streams_of_one_user_end_together_and_those_of_others_go_on() {
    let guarded = server(Duration::from_secs(5));
    let address = guarded.server.address;
    let path = format!("{LOGS}/stream?history=0");
    let mut ending = Vec::new();
    for _ in 0..20 {
        ending.push((client("first"), client("first").connect(address, &path).await));
    }
    let mut other = client("second");
    let mut stream = other.connect(address, &path).await;
    for (client, stream) in &mut ending {
        read_to_the_end(client, stream).await;
        assert_eq!(client.notices("denied").len(), 1);
    }
    guarded.store.writer().await.write("still here").await;
    other.read_until(&mut stream, |client| client.messages == ["still here"]).await;
    assert_eq!(other.notices("denied"), [""; 0]);
}

#[tokio::test]
async fn a_stream_is_not_opened_with_what_is_over_or_for_somewhere_else() {
    let guarded = server(Duration::from_secs(3600));
    let stream = |workspace| format!("{}/stream", logs(workspace));
    for (workspace, token, status) in [("etl", "past", 401), ("ml", "first", 403)] {
        let request = Request::get(stream(workspace)).header("authorization", bearer(token));
        let request = request.body(Full::default()).unwrap();
        let (response, _connection) = http::send(guarded.server.address, request).await.unwrap();
        assert_eq!(response.status(), status, "{token}");
    }
}
