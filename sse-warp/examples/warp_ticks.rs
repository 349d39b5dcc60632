//! A clock that ticks: `cargo run --example warp_ticks`, then `curl -N` of what it prints.
use std::time::Duration;

use futures_util::stream;
use gapless_sse_warp::{Event, EventType, KeepAlive, reply};
use tokio::{net::TcpListener, time::sleep};
use warp::Filter;

const TICK: EventType = EventType::from_static("tick");

fn ticks() -> impl warp::Reply {
    let ticks = stream::unfold(1, |number| async move {
        sleep(Duration::from_millis(200)).await;
        Some((Event::new(format!("tick {number}")).event_type(TICK).id(number), number + 1))
    });
    reply(ticks).keep_alive(KeepAlive::default())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/ticks", listener.local_addr()?);
    warp::serve(warp::path("ticks").map(ticks)).incoming(listener).run().await;
    Ok(())
}
