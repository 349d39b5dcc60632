//! The progress of a job, for whoever watches: `curl -N http://…/progress`.
//!
//! Only the newest state counts, so a `watch` channel holds it: a client that comes late is told at
//! once how far the job is, and one that is slow skips what is out of date.
use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Router, routing::get};
use futures_util::stream;
use gapless_sse_axum::{Event, Sse};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Duration, sleep};

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Progress {
    rows: u32,
    of: u32,
}

async fn job(progress: watch::Sender<Progress>) {
    for rows in 0..=10 {
        progress.send_replace(Progress { rows: rows * 1000, of: 10_000 });
        sleep(Duration::from_millis(100)).await;
    }
    // Dropping the sender ends the streams.
}

async fn watch(State(mut progress): State<watch::Receiver<Progress>>) -> impl IntoResponse {
    progress.mark_changed(); // The state as it is comes first.
    Sse::new(stream::unfold(progress, |mut progress| async move {
        progress.changed().await.ok()?;
        let event = Event::json(*progress.borrow_and_update());
        Some((event, progress))
    }))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (sender, progress) = watch::channel(Progress::default());
    tokio::spawn(job(sender));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/progress", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/progress", get(watch)).with_state(progress)).await
}
