//! One topic for everyone, with gapless-sse-warp: ids, heartbeat, stall limit and admission.

use std::net::{IpAddr, SocketAddr};

use gapless_sse_warp::core::{Event, Topics};
use gapless_sse_warp::{Admission, AdmissionLimits, EventId, TooManyStreams, reply};
use sse_fanout::{Rate, port, tick};
use tokio::sync::watch;
use warp::reply::Response;
use warp::{Filter, Reply, path, query};

fn events(
    topics: &Topics,
    places: &Admission<Option<IpAddr>>,
    peer: Option<SocketAddr>,
    last: Option<EventId>,
) -> Response {
    match places.admit(peer.map(|peer| peer.ip())) {
        Ok(permit) => reply(topics.stream("all", last)).holding(permit).into_response(),
        Err(refused) => TooManyStreams(refused).into_response(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = gapless_sse_warp::bind(("127.0.0.1", port())).await?;
    println!("listening on http://{}/events", listener.local_addr()?);
    let (topics, hertz) = (Topics::new(10_000), watch::Sender::new(1.0));
    let published = topics.clone();
    tokio::spawn(tick(hertz.subscribe(), move |text| published.publish("all", Event::new(text))));
    let places = Admission::new(AdmissionLimits::default().max_per_key(20_000));
    let asked = path!("events")
        .and(gapless_sse_warp::peer_address())
        .and(gapless_sse_warp::last_event_id());
    let streams = asked.map(move |peer, last| events(&topics, &places, peer, last));
    let rate = path!("rate").and(query()).map(move |Rate { r }| {
        hertz.send_replace(r);
        ""
    });
    gapless_sse_warp::serve(listener, streams.or(rate), std::future::pending()).await;
    Ok(())
}
