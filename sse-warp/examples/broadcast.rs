//! Ticks for everyone who listens: `cargo run -p gapless-sse-warp --example broadcast -- --port 8080`, then
//! `curl -N localhost:8080/events`, and `curl 'localhost:8080/rate?r=5'` for 5 ticks a second.
#![allow(clippy::print_stdout, reason = "it says where it is")]

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gapless_sse_core::follow::{Everything, History, Record, Scope, Seal, Topic};
use gapless_sse_core::{Channel, Event, FollowOptions, Log, LogOptions};
use gapless_sse_warp::{Admission, AdmissionLimits, EventId, TooManyStreams};
use tokio::time::{Instant, interval_at};
use tokio::{signal::ctrl_c, sync::watch};
use warp::{Filter, Reply, path, query};

struct Tick(String);

impl Record for Tick {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(self.0.as_str())
    }

    fn mark(&self) {}
}

type App = (Log<Channel<Tick>>, Admission<Option<IpAddr>>);

fn events(
    (log, places): &App,
    peer: Option<SocketAddr>,
    last: Option<EventId>,
) -> Result<impl Reply + use<>, TooManyStreams> {
    let permit = places.admit(peer.map(|peer| peer.ip()))?;
    let after = last.map(|id| id.as_str().to_owned());
    let begin = FollowOptions::new(History::Newest(0)).after(after);
    let events = log.follow(Scope::new("ticks", ["all"]), begin);
    Ok(gapless_sse_warp::reply(events).holding(permit))
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
        gapless_sse_warp::bind(format!("127.0.0.1:{}", port.unwrap_or("0".into()))).await?;
    println!("listening on http://{}/events", listener.local_addr()?);
    let (ticks, rate) = (Channel::new(10_000), watch::Sender::new(1.0));
    let log = Log::spawn(ticks.clone(), Seal::new(b"a secret"), LogOptions::default());
    let places = Admission::new(AdmissionLimits { max_total: 20_000, max_per_key: 20_000 });
    tokio::spawn(tick(ticks, rate.subscribe()));
    let (end, app) = (log.clone(), (log, places));
    let asked = path!("events")
        .and(gapless_sse_warp::peer_address())
        .and(gapless_sse_warp::last_event_id());
    let events = asked.map(move |peer, last| events(&app, peer, last));
    let faster = path!("rate").and(query()).map(move |query: HashMap<String, f64>| {
        query.get("r").map(|hertz| rate.send_replace(*hertz)).map_or("r is missing", |_| "")
    });
    let shutdown = async move { ctrl_c().await.map_or((), |()| end.drain()) };
    gapless_sse_warp::serve(listener, events.or(faster), shutdown).await;
    Ok(())
}
