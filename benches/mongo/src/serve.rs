//! The server that is measured: a collection, and a stream of each of its workflows.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use bson::Document;
use gapless_sse_axum::Sse;
use gapless_sse_core::follow::{Everything, History, Record, Scope, Seal};
use gapless_sse_core::{Event, Follow, FollowOptions, Log, LogOptions};
use gapless_sse_mongo::{Mongo, Options, json};

use crate::plan::Result;
use crate::records::WORKSPACE;

pub const INTERVAL: Duration = Duration::from_millis(500);

/// A record as clients are shown it.
pub struct Row(String);

impl Record for Row {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(&self.0)
    }

    fn mark(&self) {}
}

pub async fn log(uri: &str) -> Result<Log<Mongo<Row>>> {
    let options = Options::topic("workspace_id", "workflow_id")
        .interval(INTERVAL)
        .lateness(Duration::from_secs(1));
    let mongo: Mongo<Document> = Mongo::connect(uri, "logs", options).await?;
    let mongo = mongo.decode_with(|record| Ok(Row(json::document(record))));
    Ok(Log::spawn(mongo, Seal::new(b"of the benchmark"), LogOptions::default()))
}

async fn stream(
    State(log): State<Log<Mongo<Row>>>,
    Path(workflow): Path<String>,
) -> Sse<Follow<Mongo<Row>>> {
    let begin = FollowOptions::new(History::Newest(10));
    let events = log.follow(Scope::new(WORKSPACE, [workflow]), begin);
    Sse::new(events)
}

/// Serves until it is killed.
pub async fn serve(uri: &str) -> Result<()> {
    let router = Router::new().route("/{workflow}", get(stream)).with_state(log(uri).await?);
    let listener = gapless_sse_axum::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    gapless_sse_axum::serve(listener, router, std::future::pending()).await;
    Ok(())
}
