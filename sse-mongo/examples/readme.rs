//! The orders of a shop, one stream for each shop of a tenant: the example of the README.
//!
//! `cargo run --example readme mongodb://127.0.0.1:27017/shop` prints its address.
#![allow(clippy::print_stdout, reason = "it says where it is")]

use axum::extract::{Path, State};
use axum::{Router, response::IntoResponse, routing::get};
use gapless_sse_axum::{LastEventId, Sse};
use gapless_sse_core::follow::{History, Scope, Seal};
use gapless_sse_core::{FollowOptions, Log, LogOptions};
use gapless_sse_mongo::{JsonRecord, Mongo, Options};

type Orders = Log<Mongo<JsonRecord>>;

async fn follow(
    State(orders): State<Orders>,
    Path((tenant, shop)): Path<(String, String)>,
    last: Option<LastEventId>,
) -> impl IntoResponse {
    let options = FollowOptions::new(History::Newest(10)).after(last);
    Sse::new(orders.follow(Scope::new(tenant, [shop]), options))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let uri = std::env::args().nth(1).ok_or("name a database: mongodb://127.0.0.1:27017/shop")?;
    let options = Options::topic("tenant", "shop").date("created_at");
    let orders = Mongo::connect(&uri, "orders", options).await?;
    let orders: Orders = Log::spawn(orders, Seal::new(b"the same on all"), LogOptions::default());

    let router = Router::new().route("/{tenant}/{shop}", get(follow)).with_state(orders);
    let listener = gapless_sse_axum::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let interrupt = async { drop(tokio::signal::ctrl_c().await) };
    gapless_sse_axum::serve(listener, router, interrupt).await;
    Ok(())
}
