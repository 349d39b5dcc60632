//! warp's own `sse` over a broadcast channel of tokio.

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::{StreamExt, future};
use sse_fanout::{BACKLOG, Rate, port, tick};
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::BroadcastStream;
use warp::Filter;
use warp::sse::{self, Event};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let sender = broadcast::Sender::<Arc<str>>::new(BACKLOG);
    let rate = watch::Sender::new(1.0);
    let publisher = sender.clone();
    tokio::spawn(tick(rate.subscribe(), move |text| {
        // Nobody may be there to receive it.
        drop(publisher.send(text.into()));
    }));
    let events = warp::path!("events").and(warp::get()).map(move || {
        let texts = BroadcastStream::new(sender.subscribe());
        let events = texts.filter_map(|text| {
            future::ready(text.ok().map(|text| Ok::<_, Infallible>(Event::default().data(&*text))))
        });
        sse::reply(sse::keep_alive().stream(events))
    });
    let rate = warp::path!("rate").and(warp::query()).map(move |Rate { r }| {
        rate.send_replace(r);
        ""
    });
    warp::serve(events.or(rate)).run(([127, 0, 0, 1], port())).await;
}
