//! The `sse` of actix-web-lab over a broadcast channel of tokio.

use std::time::Duration;

use actix_web::web::{Data, Query};
use actix_web::{App, HttpServer, Responder, get};
use actix_web_lab::sse;
use futures_util::{StreamExt, future};
use sse_fanout::{BACKLOG, Rate, port, tick};
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::BroadcastStream;

#[get("/events")]
async fn events(sender: Data<broadcast::Sender<sse::Event>>) -> impl Responder {
    let events = BroadcastStream::new(sender.subscribe());
    let events = events.filter_map(|event| future::ready(event.ok()));
    sse::Sse::from_infallible_stream(events).with_keep_alive(Duration::from_secs(15))
}

#[get("/rate")]
async fn rate(sender: Data<watch::Sender<f64>>, query: Query<Rate>) -> &'static str {
    sender.send_replace(query.r);
    ""
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let sender = Data::new(broadcast::Sender::<sse::Event>::new(BACKLOG));
    let rates = Data::new(watch::Sender::new(1.0));
    let publisher = sender.clone();
    actix_web::rt::spawn(tick(rates.subscribe(), move |text| {
        // Nobody may be there to receive it.
        drop(publisher.send(sse::Data::new(text).into()));
    }));
    let app = move || {
        App::new().app_data(sender.clone()).app_data(rates.clone()).service(events).service(rate)
    };
    // Its default of 25,000 connections a worker is enough.
    HttpServer::new(app).workers(1).bind(("127.0.0.1", port()))?.run().await
}
