//! What one says reaches everyone who listens: `curl -N http://…/events`, and
//! `curl -d 'good morning' http://…/say`.
//!
//! Streams are limited, in all and for each address. On Ctrl-C each client is sent away for a time
//! of its own; one that comes back to the same process has missed nothing.
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use gapless_sse_warp::core::Topics;
use gapless_sse_warp::{
    Admission, AdmissionLimits, Event, EventId, TooManyStreams, bind, last_event_id, peer_address,
    reply, serve,
};
use tokio::signal::ctrl_c;
use warp::reply::Response;
use warp::{Filter, Reply, body, path};

fn events(
    topics: &Topics,
    places: &Admission<Option<IpAddr>>,
    peer: Option<SocketAddr>,
    last: Option<EventId>,
) -> Response {
    match places.admit(peer.map(|peer| peer.ip())) {
        Ok(permit) => reply(topics.stream("said", last)).holding(permit).into_response(),
        Err(refused) => TooManyStreams(refused).into_response(),
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = bind("127.0.0.1:0").await?;
    println!("listening on http://{}/events", listener.local_addr()?);
    let topics = Topics::new(10_000);
    let said = topics.clone();
    let log = topics.log().clone();
    let shutdown = async move { ctrl_c().await.map_or((), |()| log.drain()) };
    let places = Admission::new(AdmissionLimits::default());
    let streams = path!("events")
        .and(peer_address())
        .and(last_event_id())
        .map(move |peer, last| events(&topics, &places, peer, last));
    let say = path!("say").and(body::bytes()).map(move |text: Bytes| {
        said.publish("said", Event::new(String::from_utf8_lossy(&text).into_owned()));
        "said"
    });
    serve(listener, streams.or(say), shutdown).await;
    Ok(())
}
