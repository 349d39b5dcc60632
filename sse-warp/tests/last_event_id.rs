//! The last event ID of a request as a value of any type.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use bytes::Bytes;
use gapless_sse_warp::last_event_id_as;
use http_body_util::{BodyExt, Empty};
use tower_service::Service;
use warp::Filter;
use warp::http::{Request, StatusCode};

/// The answer to a request with this header, if any.
async fn ask(header: Option<&[u8]>) -> (StatusCode, String) {
    let answer = last_event_id_as().map(|last: Option<u64>| format!("{last:?}"));
    let mut request = Request::get("/");
    if let Some(value) = header {
        request = request.header("last-event-id", value);
    }
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let response = warp::service(answer).call(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, String::from_utf8(body.into()).unwrap())
}

#[tokio::test]
async fn a_last_event_id_is_read_as_what_it_is_to_be() {
    assert_eq!(ask(Some(b"42")).await, (StatusCode::OK, "Some(42)".into()));
    for absent in [None, Some(&b""[..])] {
        assert_eq!(ask(absent).await, (StatusCode::OK, "None".into()));
    }
}

#[tokio::test]
async fn one_that_is_something_else_is_a_bad_request() {
    for other in [&b"forty-two"[..], b"-1", b"42x", b"caf\xe9"] {
        let (status, why) = ask(Some(other)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{other:?}");
        assert!(why.to_lowercase().contains("last-event-id"), "{why}");
    }
}
