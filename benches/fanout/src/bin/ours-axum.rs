//! One topic for everyone, with gapless-sse-axum: ids, heartbeat, stall limit and admission. With
//! `--filtered`, each stream has a filter, which admits all that is published.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Query, State};
use axum::response::IntoResponse;
use axum::{Router, routing::get};
use gapless_sse_axum::core::follow::{Filter, Record, Scope, Seal, Topic};
use gapless_sse_axum::core::{Channel, Event, FollowOptions, Log, LogOptions};
use gapless_sse_axum::{Admission, AdmissionLimits, LastEventId, Sse, TooManyStreams};
use sse_fanout::{Rate, port, tick};
use tokio::sync::watch;

struct Tick(String);

/// Shows what is at least so grave.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct AtLeast(u8);

impl Filter for AtLeast {
    type Mark = u8;

    fn admits(&self, level: &u8) -> bool {
        *level >= self.0
    }
}

impl Record for Tick {
    type Filter = AtLeast;

    fn event(&self) -> Event<'_> {
        Event::new(self.0.as_str())
    }

    fn mark(&self) -> u8 {
        2
    }
}

#[derive(Clone)]
struct App {
    log: Log<Channel<Tick>>,
    places: Admission<IpAddr>,
    /// Those who share a filter share what is made for them; so each fourth stream has another.
    filtered: bool,
}

async fn events(
    State(App { log, places, filtered }): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    last: Option<LastEventId>,
) -> Result<impl IntoResponse, TooManyStreams> {
    let permit = places.admit(peer.ip())?;
    let options = FollowOptions::default().after(last);
    let level = if filtered { u8::from(peer.port() % 4 == 0) } else { 0 };
    let scope = Scope::new("ticks", ["all"]).filtered(AtLeast(level));
    Ok(Sse::new(log.follow(scope, options)).holding(permit))
}

async fn rate(State(rate): State<watch::Sender<f64>>, Query(Rate { r }): Query<Rate>) {
    rate.send_replace(r);
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = gapless_sse_axum::bind(("127.0.0.1", port())).await?;
    println!("listening on http://{}/events", listener.local_addr()?);
    let (ticks, hertz) = (Channel::new(10_000), watch::Sender::new(1.0));
    let log = Log::spawn(ticks.clone(), Seal::random(), LogOptions::default());
    let topic = Topic::new("ticks", "all");
    tokio::spawn(tick(hertz.subscribe(), move |text| ticks.publish(topic.clone(), Tick(text))));
    let places = Admission::new(AdmissionLimits::default().max_per_key(20_000));
    let filtered = std::env::args().any(|argument| argument == "--filtered");
    let streams = Router::new().route("/events", get(events));
    let streams = streams.with_state(App { log, places, filtered });
    let rates = Router::new().route("/rate", get(rate)).with_state(hertz);
    gapless_sse_axum::serve(listener, streams.merge(rates), std::future::pending()).await;
    Ok(())
}
