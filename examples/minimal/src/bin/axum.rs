//! A clock that ticks over Server-Sent Events, with axum.
//!
//! `cargo run -p minimal --bin axum` prints its address. Then:
//!
//! ```sh
//! curl -N http://127.0.0.1:PORT/ticks                         # from now on
//! curl -N -H 'Last-Event-ID: 3' http://127.0.0.1:PORT/ticks   # all that came after tick 3
//! ```

#![allow(clippy::print_stdout, reason = "it says where it is")]

use std::time::Duration;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use futures_util::{Stream, StreamExt, stream};
use gapless_sse_axum::{Event, LastEventId, Sse};
use tokio::signal::ctrl_c;
use tokio::time::{Instant, interval_at};

async fn ticks(State(began): State<Instant>, last: Option<LastEventId>) -> impl IntoResponse {
    let now = began.elapsed().as_secs();
    let last = last.and_then(|LastEventId(id)| id.as_str().parse().ok());
    let last = last.filter(|last| *last <= now).unwrap_or(now);
    // Endless streams end in order when they end on the signal that ends the server.
    Sse::new(ticks_after(last, began).take_until(ctrl_c()))
}

fn ticks_after(last: u64, began: Instant) -> impl Stream<Item = Event> {
    let second = Duration::from_secs(1);
    // It begins in the past for a client that comes back, and then catches up at once.
    let clock = interval_at(began + Duration::from_secs(last + 1), second);
    stream::unfold((last + 1, clock), |(number, mut clock)| async move {
        clock.tick().await;
        let event = Event::new(format!("tick {number}")).event_id(number.into());
        Some((event, (number + 1, clock)))
    })
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let router = Router::new().route("/ticks", get(ticks)).with_state(Instant::now());
    let listener = gapless_sse_axum::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/ticks", listener.local_addr()?);
    gapless_sse_axum::serve(listener, router, async { drop(ctrl_c().await) }).await;
    Ok(())
}
