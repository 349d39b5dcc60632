//! Ticks for everyone who listens: `cargo run -p gapless-sse-axum --example broadcast -- --port 8080`, then
//! `curl -N localhost:8080/events`, and `curl 'localhost:8080/rate?r=5'` for 5 ticks a second.
#![allow(clippy::print_stdout, reason = "it says where it is")]

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{ConnectInfo, Query, State};
use axum::response::IntoResponse;
use axum::{Router, routing::get};
use gapless_sse_axum::{Admission, AdmissionLimits, LastEventId, Sse, TooManyStreams};
use gapless_sse_core::follow::{Everything, History, Record, Scope, Seal, Topic};
use gapless_sse_core::{Channel, Event, FollowOptions, Log, LogOptions};
use tokio::time::{Instant, interval_at};
use tokio::{signal::ctrl_c, sync::watch};

struct Tick(String);

impl Record for Tick {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(self.0.as_str())
    }

    fn mark(&self) {}
}

type App = State<(Log<Channel<Tick>>, Admission<IpAddr>)>;
type Peer = ConnectInfo<SocketAddr>;

async fn events(
    State((log, places)): App,
    peer: Peer,
    last: Option<LastEventId>,
) -> Result<impl IntoResponse, TooManyStreams> {
    let permit = places.admit(peer.ip())?;
    let after = last.map(|LastEventId(id)| id.as_str().to_owned());
    let begin = FollowOptions::new(History::Newest(0)).after(after);
    let events = log.follow(Scope::new("ticks", ["all"]), begin);
    Ok(Sse::new(events).holding(permit))
}

async fn tick(ticks: Channel<Tick>, mut rate: watch::Receiver<f64>) {
    let (topic, mut seq) = (Topic::new("ticks", "all"), 0_u64);
    loop {
        let period = Duration::from_secs_f64(1.0 / rate.borrow_and_update().max(1e-6));
        let (began, began_unix) = (Instant::now(), SystemTime::now());
        let mut clock = interval_at(began + period, period);
        loop {
            let due = tokio::select! { due = clock.tick() => due, _ = rate.changed() => break };
            let t = (began_unix + (due - began)).duration_since(UNIX_EPOCH).unwrap_or_default();
            seq += 1;
            let head = format!(r#"{{"t":{},"seq":{seq},"text":""#, t.as_nanos());
            ticks.publish(topic.clone(), Tick(format!("{head:x<198}\"}}")));
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().skip_while(|argument| argument != "--port").nth(1);
    let listener =
        gapless_sse_axum::bind(format!("127.0.0.1:{}", port.unwrap_or("0".into()))).await?;
    println!("listening on http://{}/events", listener.local_addr()?);
    let (ticks, rate) = (Channel::new(10_000), watch::Sender::new(1.0));
    let log = Log::spawn(ticks.clone(), Seal::new(b"a secret"), LogOptions::default());
    let places = Admission::new(AdmissionLimits { max_total: 20_000, max_per_key: 20_000 });
    tokio::spawn(tick(ticks, rate.subscribe()));
    let end = log.clone();
    let faster = async move |Query(query): Query<HashMap<String, f64>>| {
        query.get("r").map(|hertz| rate.send_replace(*hertz)).map_or("r is missing", |_| "")
    };
    let router = Router::new().route("/events", get(events)).route("/rate", get(faster));
    let shutdown = async move { ctrl_c().await.map_or((), |()| end.drain()) };
    gapless_sse_axum::serve(listener, router.with_state((log, places)), shutdown).await;
    Ok(())
}
