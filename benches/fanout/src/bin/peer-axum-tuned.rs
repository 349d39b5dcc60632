//! axum's own `Sse` with what can be had by choosing well: one thread, an event that is encoded once,
//! no waiting for acknowledgements.

use std::convert::Infallible;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Router, serve};
use futures_util::{Stream, StreamExt, future};
use sse_fanout::{BACKLOG, Rate, port, tick};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::BroadcastStream;

#[derive(Clone)]
struct App {
    events: broadcast::Sender<Event>,
    rate: watch::Sender<f64>,
}

async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = BroadcastStream::new(app.events.subscribe());
    let events = events.filter_map(|event| future::ready(event.ok().map(Ok)));
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn rate(State(app): State<App>, Query(Rate { r }): Query<Rate>) {
    app.rate.send_replace(r);
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let app = App { events: broadcast::Sender::new(BACKLOG), rate: watch::Sender::new(1.0) };
    let sender = app.events.clone();
    tokio::spawn(tick(app.rate.subscribe(), move |text| {
        // Nobody may be there to receive it.
        drop(sender.send(Event::default().data(text)));
    }));
    let router = Router::new().route("/events", get(events)).route("/rate", get(rate));
    let listener = TcpListener::bind(("127.0.0.1", port())).await?.tap_io(|socket| {
        drop(socket.set_nodelay(true));
    });
    serve(listener, router.with_state(app)).await
}
