//! A clock that ticks: `cargo run --example ticks`, then `curl -N` of the address that it prints.
use std::convert::Infallible;
use std::time::Duration;

use axum::{Router, routing::get};
use futures_util::stream::{self, Stream};
use gapless_sse_axum::{Event, EventType, KeepAlive, Sse};
use tokio::{net::TcpListener, time::sleep};

const TICK: EventType = EventType::from_static("tick");

async fn ticks() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = stream::unfold(1, |number| async move {
        sleep(Duration::from_millis(200)).await;
        Some((Event::new(format!("tick {number}")).event_type(TICK).id(number), number + 1))
    });
    Sse::new(ticks).keep_alive(KeepAlive::default())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/ticks", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/ticks", get(ticks))).await
}
