//! Notifications for each user, with sign-in and limits:
//! `curl -N -H 'Authorization: Bearer ann-token' http://…/notifications`, and
//! `curl -d 'your report is ready' http://…/notify/ann`.
//!
//! A client that comes back within the newest 10,000 misses nothing.
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use gapless_sse_axum::core::Topics;
use gapless_sse_axum::{Admission, AdmissionLimits, Event, LastEventId, Sse, TooManyStreams};
use tokio::net::TcpListener;

#[derive(Clone)]
struct App {
    topics: Topics,
    places: Admission<Arc<str>>,
}

/// Stands for a session, or a token of an identity provider.
fn user(headers: &HeaderMap) -> Option<Arc<str>> {
    let token = headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?;
    token.strip_suffix("-token").map(Into::into)
}

async fn stream(
    State(App { topics, places }): State<App>,
    headers: HeaderMap,
    last: Option<LastEventId>,
) -> Result<Response, TooManyStreams> {
    let Some(user) = user(&headers) else {
        return Ok((StatusCode::UNAUTHORIZED, "sign in first").into_response());
    };
    let permit = places.admit(user.clone())?;
    Ok(Sse::new(topics.stream(user, last)).holding(permit).into_response())
}

async fn notify(State(app): State<App>, Path(user): Path<String>, text: String) {
    app.topics.publish(user, Event::new(text));
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let places = Admission::new(AdmissionLimits::default().max_total(10_000).max_per_key(2));
    let app = App { topics: Topics::new(10_000), places };
    let router = Router::new().route("/notifications", get(stream));
    let router = router.route("/notify/{user}", post(notify)).with_state(app);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/notifications", listener.local_addr()?);
    serve(listener, router).await
}
