//! What one says reaches everyone who listens: `curl -N http://…/events`, and
//! `curl -d 'good morning' http://…/say`.
//!
//! Streams are limited, in all and for each address. On Ctrl-C each client is sent away for a time
//! of its own; one that comes back to the same process has missed nothing.
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use gapless_sse_axum::core::Topics;
use gapless_sse_axum::{
    Admission, AdmissionLimits, Event, LastEventId, Sse, TooManyStreams, bind, serve,
};
use tokio::signal::ctrl_c;

type App = (Topics, Admission<IpAddr>);

async fn events(
    State((topics, places)): State<App>,
    peer: ConnectInfo<SocketAddr>,
    last: Option<LastEventId>,
) -> Result<impl IntoResponse, TooManyStreams> {
    let permit = places.admit(peer.ip())?;
    Ok(Sse::new(topics.stream("said", last)).holding(permit))
}

async fn say(State((topics, _)): State<App>, text: String) {
    topics.publish("said", Event::new(text));
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = bind("127.0.0.1:0").await?;
    println!("listening on http://{}/events", listener.local_addr()?);
    let topics = Topics::new(10_000);
    let log = topics.log().clone();
    let shutdown = async move { ctrl_c().await.map_or((), |()| log.drain()) };
    let app = (topics, Admission::new(AdmissionLimits::default()));
    let router = Router::new().route("/events", get(events)).route("/say", post(say));
    serve(listener, router.with_state(app), shutdown).await;
    Ok(())
}
