//! Streams of orders in an application that has its MongoDB client, `axum::serve` and shutdown
//! already. `cargo run --example existing_app mongodb://127.0.0.1:27017` prints its address.
#![allow(clippy::print_stdout, reason = "it says where it is")]

use axum::extract::{Path, State};
use axum::{Router, response::IntoResponse, routing::get};
use gapless_sse_axum::{Event, LastEventId, Sse};
use gapless_sse_core::follow::{Everything, History, Record, Scope, Seal};
use gapless_sse_core::{FollowOptions, Log, LogOptions};
use gapless_sse_mongo::mongodb::{Client, Collection};
use gapless_sse_mongo::{Mongo, Options};

#[derive(serde::Deserialize)]
struct Order {
    item: String,
    count: u32,
}

impl Record for Order {
    type Filter = Everything;

    fn event(&self) -> Event {
        Event::new(format!("{} × {}", self.count, self.item))
    }

    fn mark(&self) {}
}

async fn follow(
    State(orders): State<Log<Mongo<Order>>>,
    Path((tenant, shop)): Path<(String, String)>,
    last: Option<LastEventId>,
) -> impl IntoResponse {
    let options = FollowOptions::new(History::Newest(10)).after(last);
    Sse::new(orders.follow(Scope::new(tenant, [shop]), options))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let uri = std::env::args().nth(1).ok_or("name a server: mongodb://127.0.0.1:27017")?;
    let client = Client::with_uri_str(uri).await?;
    let orders: Collection<Order> = client.database("shop").collection("orders");

    let orders = Mongo::new(&orders, Options::topic("tenant", "shop").date("created_at"));
    let orders = Log::spawn(orders, Seal::new(b"the same on all"), LogOptions::default());
    let streams = orders.clone();
    let shutdown = async move {
        drop(tokio::signal::ctrl_c().await);
        // Each client is told when to come back; axum waits until all streams have ended.
        streams.drain();
    };

    let app = Router::new().route("/", get("the application"));
    let app = app.route("/{tenant}/{shop}", get(follow)).with_state(orders);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown).await?)
}
