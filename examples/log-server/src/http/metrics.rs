//! Figures in Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write};
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use gapless_sse_mongo::{QueryTimes, Stats};
use http::header;

use super::App;
use crate::store::Store;

/// All figures.
pub(super) async fn metrics<S: Store>(State(app): State<App<S>>) -> impl IntoResponse {
    let mut text = Text::default();
    streams(&mut text, &app);
    log(&mut text, &app);
    text.counters(
        "log_audit_lost_total",
        "Lines of the audit that were not written, by what did not take them.",
        app.audit.lost(),
    );
    if let Some(stats) = app.log.source().mongo_stats() {
        mongo(&mut text, &stats);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.0)
}

fn streams<S: Store>(text: &mut Text, app: &App<S>) {
    let stats = app.log.stats();
    text.gauge("log_streams", "Streams that are open.", stats.open as u64);
    let addresses = app.limits.streaming_addresses();
    text.gauge("log_stream_addresses", "Addresses that have streams.", addresses as u64);
    text.counters(
        "log_refused_total",
        "Requests that were refused, by the limit that was reached.",
        app.limits.refusals(),
    );
    let help = "Streams that began without a position.";
    text.counter("log_streams_fresh_total", help, stats.fresh);
    text.counters(
        "log_streams_resumed_total",
        "Streams that went on from a position, by where from.",
        stats.resumed.iter().map(|(path, count)| (path.as_str(), *count)),
    );
    text.counters(
        "log_streams_reset_total",
        "Streams that started over, by reason.",
        stats.resets.iter().map(|(reset, count)| (reset.as_str(), *count)),
    );
    let help = "Streams that were slower than the memory of the tail.";
    text.counter("log_streams_lagged_total", help, stats.lagged);
    text.counters(
        "log_streams_closed_total",
        "Streams that are over, by reason.",
        app.closed.by_reason(),
    );
    let help = "Bytes that searches under way take for their texts and patterns.";
    text.gauge("log_search_bytes", help, app.searches.bytes() as u64);
    let (events, bytes) = app.closed.events_and_bytes();
    let help = "Events that went through streams that are over.";
    text.counter("log_stream_events_total", help, events);
    let help = "Bytes that went through streams that are over.";
    text.counter("log_stream_bytes_total", help, bytes);
}

fn log<S: Store>(text: &mut Text, app: &App<S>) {
    let stats = app.log.stats();
    let help = "Records that were read from the tail of the log.";
    text.counter("log_records_published_total", help, stats.published);
    let help = "Records that came too late for their place, and were sent marked late.";
    text.counter("log_records_late_total", help, stats.late);
    let help = "Records that could not be shown and were passed over, which streams were told.";
    text.counter("log_records_lost_total", help, stats.lost);
    let name = "log_source_failures_total";
    text.head(
        name,
        "counter",
        "Answers of the store that failed, by who had asked and what it means.",
    );
    for (reader, fault, count) in &stats.failures {
        let (reader, fault) = (reader.as_str(), fault.as_str());
        text.line(format_args!("{name}{{reader=\"{reader}\",fault=\"{fault}\"}} {count}"));
    }
    let help = "Panics of the store's code while the log was read.";
    text.counter("log_source_panics_total", help, stats.panics);
    let help = "Passes over the changes under way for streams that have missed too much.";
    text.gauge("log_catch_up_passes", help, stats.catch_up_passes as u64);
    let help = "Streams that such a pass brings up to date.";
    text.gauge("log_streams_catching_up", help, stats.catch_up_streams as u64);
}

fn mongo(text: &mut Text, stats: &Stats) {
    let name = "log_mongodb_query_duration_seconds";
    text.head(name, "histogram", "How long MongoDB took to answer, by what was asked for.");
    for (act, times) in &stats.queries {
        text.histogram(name, act.as_str(), times);
    }
    if let Some(tail) = stats.tail {
        let help = "How old the newest position of the tail was when it was last heard of.";
        text.seconds("log_mongodb_tail_lag_seconds", help, tail.lag);
        let help = "How long ago the tail was last heard of.";
        text.seconds("log_mongodb_tail_silence_seconds", help, tail.heard);
    }
    let help = "Records passed over because their workspace or workflow names no log.";
    text.counter("log_mongodb_records_skipped_total", help, stats.skipped);
    let help = "Records that no answer of MongoDB can hold, and were left out.";
    text.counter("log_mongodb_records_lost_total", help, stats.lost);
    text.counters(
        "log_mongodb_records_changed_total",
        "Records that were changed after streams have shown them, which shows in pages only.",
        [("updated", stats.updated), ("replaced", stats.replaced), ("deleted", stats.deleted)],
    );
    text.counters(
        "log_mongodb_records_without_topic_total",
        "Records passed over, by what they hold instead of a workspace or workflow.",
        stats.no_topic.iter().map(|(value, count)| (value.as_str(), *count)),
    );
    text.counters(
        "log_mongodb_records_without_date_total",
        "How often a record was read whose date is none, by what it is instead.",
        stats.no_date.iter().map(|(value, count)| (value.as_str(), *count)),
    );
    let help = "How often a record could not be read as a row, and was left out.";
    text.counter("log_mongodb_records_undecodable_total", help, stats.undecodable);
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "gauge", help);
        self.line(format_args!("{name} {value}"));
    }

    fn seconds(&mut self, name: &str, help: &str, value: Duration) {
        self.head(name, "gauge", help);
        self.line(format_args!("{name} {}", value.as_secs_f64()));
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.line(format_args!("{name} {value}"));
    }

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (impl Display, u64)>,
    ) {
        self.head(name, "counter", help);
        for (kind, value) in values {
            self.line(format_args!("{name}{{kind=\"{kind}\"}} {value}"));
        }
    }

    fn histogram(&mut self, name: &str, act: &str, times: &QueryTimes) {
        for (bound, count) in QueryTimes::BOUNDS.iter().zip(&times.buckets) {
            let bound = bound.as_secs_f64();
            self.line(format_args!("{name}_bucket{{act=\"{act}\",le=\"{bound}\"}} {count}"));
        }
        let (count, total) = (times.count, times.total.as_secs_f64());
        self.line(format_args!("{name}_bucket{{act=\"{act}\",le=\"+Inf\"}} {count}"));
        self.line(format_args!("{name}_sum{{act=\"{act}\"}} {total}"));
        self.line(format_args!("{name}_count{{act=\"{act}\"}} {count}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "{line}");
    }
}
