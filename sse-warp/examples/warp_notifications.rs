//! Notifications for each user, with sign-in and limits:
//! `curl -N -H 'Authorization: Bearer ann-token' http://…/notifications`, and
//! `curl -d 'your report is ready' http://…/notify/ann`.
//!
//! A client that comes back within the newest 10,000 misses nothing.
use std::sync::Arc;

use bytes::Bytes;
use gapless_sse_warp::core::Topics;
use gapless_sse_warp::{
    Admission, AdmissionLimits, Event, EventId, TooManyStreams, last_event_id, reply,
};
use tokio::net::TcpListener;
use warp::http::StatusCode;
use warp::reply::Response;
use warp::{Filter, Reply, body, header, path};

/// Stands for a session, or a token of an identity provider.
fn user(authorization: &str) -> Option<Arc<str>> {
    authorization.strip_prefix("Bearer ")?.strip_suffix("-token").map(Into::into)
}

fn stream(
    topics: &Topics,
    places: &Admission<Arc<str>>,
    authorization: Option<&str>,
    last: Option<EventId>,
) -> Response {
    let Some(user) = authorization.and_then(user) else {
        return warp::reply::with_status("sign in first", StatusCode::UNAUTHORIZED).into_response();
    };
    match places.admit(user.clone()) {
        Ok(permit) => reply(topics.stream(user, last)).holding(permit).into_response(),
        Err(refused) => TooManyStreams(refused).into_response(),
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let places = Admission::new(AdmissionLimits::default().max_per_key(2));
    let topics = Topics::new(10_000);
    let published = topics.clone();
    let streams = path!("notifications")
        .and(header::optional("authorization"))
        .and(last_event_id())
        .map(move |token: Option<String>, last| stream(&topics, &places, token.as_deref(), last));
    let notify =
        path!("notify" / String).and(body::bytes()).map(move |user: String, text: Bytes| {
            published.publish(user, Event::new(String::from_utf8_lossy(&text).into_owned()));
            "sent"
        });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/notifications", listener.local_addr()?);
    warp::serve(streams.or(notify)).incoming(listener).run().await;
    Ok(())
}
