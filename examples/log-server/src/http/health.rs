//! Whether the server is well, and figures about it.

use std::fmt::Write;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header;
use serde_json::{Value, json};

use super::App;
use super::problem::Problem;
use crate::store::Store;

/// The process answers: restarting it would not help.
pub(super) async fn healthz<S: Store>(State(app): State<App<S>>) -> Json<Value> {
    Json(json!({ "status": "ok", "store": app.store, "streams": app.log.stats().open }))
}

/// The store answers: requests may be sent here.
pub(super) async fn readyz<S: Store>(State(app): State<App<S>>) -> Result<Json<Value>, Problem> {
    match app.log.source().epoch().await {
        Ok(_) => Ok(Json(json!({ "status": "ready" }))),
        Err(error) => Err(Problem::unavailable(&error)),
    }
}

/// Figures in Prometheus' text format, version 0.0.4.
pub(super) async fn metrics<S: Store>(State(app): State<App<S>>) -> impl IntoResponse {
    let stats = app.log.stats();
    let mut text = String::new();
    metric(&mut text, "log_streams", "gauge", "Streams that are open.", [("", stats.open as u64)]);
    let admitted = app.admission.stats();
    metric(
        &mut text,
        "log_stream_addresses",
        "gauge",
        "Addresses that have streams.",
        [("", admitted.keys as u64)],
    );
    metric(
        &mut text,
        "log_streams_refused_total",
        "counter",
        "Streams that were refused, by the limit that was reached.",
        [("in_all", admitted.refused_in_all), ("per_address", admitted.refused_per_key)],
    );
    metric(
        &mut text,
        "log_streams_fresh_total",
        "counter",
        "Streams that began without a position.",
        [("", stats.fresh)],
    );
    metric(
        &mut text,
        "log_streams_resumed_total",
        "counter",
        "Streams that went on from a position, by where from.",
        stats.resumed.map(|(path, count)| (path.as_str(), count)),
    );
    metric(
        &mut text,
        "log_streams_reset_total",
        "counter",
        "Streams that started over, by reason.",
        stats.resets.map(|(reset, count)| (reset.as_str(), count)),
    );
    metric(
        &mut text,
        "log_streams_lagged_total",
        "counter",
        "Streams that were slower than the memory of the tail.",
        [("", stats.lagged)],
    );
    metric(
        &mut text,
        "log_streams_closed_total",
        "counter",
        "Streams that are over, by reason.",
        app.closed.by_reason(),
    );
    let (events, bytes) = app.closed.events_and_bytes();
    metric(
        &mut text,
        "log_stream_events_total",
        "counter",
        "Events that went through streams that are over.",
        [("", events)],
    );
    metric(
        &mut text,
        "log_stream_bytes_total",
        "counter",
        "Bytes that went through streams that are over.",
        [("", bytes)],
    );
    metric(
        &mut text,
        "log_records_published_total",
        "counter",
        "Records that were read from the tail of the log.",
        [("", stats.published)],
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// A metric; a label that is not empty is the `kind`.
fn metric<const N: usize>(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    values: [(&str, u64); N],
) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (label, value) in values {
        let _ = match label {
            "" => writeln!(text, "{name} {value}"),
            label => writeln!(text, "{name}{{kind=\"{label}\"}} {value}"),
        };
    }
}
