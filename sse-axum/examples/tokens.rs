//! A language model's answer as it is written: `curl -N 'http://…/answer?to=why'`.
//!
//! The model hands its tokens to a channel, and its error, if it fails. The error becomes the last
//! event of the stream; a client that leaves early drops the receiver, and the model stops.
use std::collections::HashMap;

use axum::extract::Query;
use axum::response::IntoResponse;
use axum::{Router, routing::get};
use futures_util::stream::poll_fn;
use gapless_sse_axum::{Event, EventType, Sse, try_events};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const FAILED: EventType = EventType::from_static("failed");
const DONE: EventType = EventType::from_static("done");

/// Stands for a call of a model.
async fn answer(question: String, tokens: mpsc::Sender<Result<Event, String>>) {
    for token in ["You ", "asked: ", &question, ".\n"] {
        if tokens.send(Ok(Event::new(token.to_owned()))).await.is_err() {
            return; // The client has left.
        }
    }
    let last = match question.as_str() {
        "fail" => Err("the model is overloaded; try again in a minute".to_owned()),
        _ => Ok(Event::new("").event_type(DONE)),
    };
    let _ = tokens.send(last).await;
}

async fn stream(Query(query): Query<HashMap<String, String>>) -> impl IntoResponse {
    let question = query.get("to").cloned().unwrap_or_default();
    let (sender, mut tokens) = mpsc::channel(16);
    tokio::spawn(answer(question, sender));
    let events = poll_fn(move |context| tokens.poll_recv(context));
    Sse::new(try_events(events, |error| Event::new(error).event_type(FAILED)))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/answer", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/answer", get(stream))).await
}
