//! Figures in Prometheus' text format, version 0.0.4.

use std::fmt::{self, Error};
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use gapless_sse_mongo::{QueryTimes, Stats};
use http::header;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::prometheus_text::{CONTENT_TYPE, encode};
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::App;
use super::problem::Problem;
use crate::store::Store;

/// All figures, for Prometheus.
#[utoipa::path(get, path = "", responses(
    (status = 200, description = "The figures", content_type = "text/plain", body = String),
))]
pub(super) async fn metrics<S: Store>(
    State(app): State<App<S>>,
) -> Result<impl IntoResponse, Problem> {
    let mut figures = Registry::default();
    figures.register_collector(Box::new(Figures(app)));
    let mut text = String::new();
    encode(&mut text, &figures).map_err(|error| Problem::defect(&error))?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text))
}

/// Reads what is counted anyway.
struct Figures<S: Store>(App<S>);

impl<S: Store> fmt::Debug for Figures<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Figures").finish_non_exhaustive()
    }
}

impl<S: Store> Collector for Figures<S> {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut text = Text(encoder);
        streams(&mut text, &self.0)?;
        log(&mut text, &self.0)?;
        text.counters(
            "log_audit_lost",
            "Lines of the audit that were not written, by what did not take them.",
            self.0.audit.lost(),
        )?;
        if let Some(unindexed) = self.0.log.source().unindexed() {
            let help = "Rows that are not indexed yet, which searches look at one by one.";
            text.gauge("log_sqlite_unindexed_rows", help, &unindexed)?;
        }
        match self.0.log.source().mongo_stats() {
            Some(stats) => mongo(&mut text, &stats),
            None => Ok(()),
        }
    }
}

fn streams<S: Store>(text: &mut Text<'_>, app: &App<S>) -> Result<(), Error> {
    let stats = app.log.stats();
    text.gauge("log_streams", "Streams that are open.", &stats.open)?;
    let addresses = app.limits.streaming_addresses();
    text.gauge("log_stream_addresses", "Addresses that have streams.", &addresses)?;
    text.counters(
        "log_refused",
        "Requests that were refused, by the limit that was reached.",
        app.limits.refusals(),
    )?;
    let help = "Streams that began without a position.";
    text.counter("log_streams_fresh", help, stats.fresh)?;
    text.counters(
        "log_streams_resumed",
        "Streams that went on from a position, by where from.",
        stats.resumed.iter().map(|(path, count)| (path.as_str(), *count)),
    )?;
    text.counters(
        "log_streams_reset",
        "Streams that started over, by reason.",
        stats.resets.iter().map(|(reset, count)| (reset.as_str(), *count)),
    )?;
    let help = "Streams that were slower than the memory of the tail.";
    text.counter("log_streams_lagged", help, stats.lagged)?;
    text.counters(
        "log_streams_closed",
        "Streams that are over, by reason.",
        app.closed.by_reason(),
    )?;
    let help = "Bytes that searches under way take for their texts and patterns.";
    text.gauge("log_search_bytes", help, &app.searches.bytes())?;
    let (events, bytes) = app.closed.events_and_bytes();
    let help = "Events that went through streams that are over.";
    text.counter("log_stream_events", help, events)?;
    let help = "Bytes that went through streams that are over.";
    text.counter("log_stream_bytes", help, bytes)?;
    Ok(())
}

fn log<S: Store>(text: &mut Text<'_>, app: &App<S>) -> Result<(), Error> {
    let stats = app.log.stats();
    let help = "Records that were read from the tail of the log.";
    text.counter("log_records_published", help, stats.published)?;
    let help = "Records that came too late for their place, and were sent marked late.";
    text.counter("log_records_late", help, stats.late)?;
    let help = "Records that could not be shown and were passed over, which streams were told.";
    text.counter("log_records_lost", help, stats.lost)?;
    text.labelled(
        "log_source_failures",
        "Answers of the store that failed, by who had asked and what it means.",
        stats.failures.iter().map(|(reader, fault, count)| {
            ([("reader", reader.as_str()), ("fault", fault.as_str())], *count)
        }),
    )?;
    let help = "Panics of the store's code while the log was read.";
    text.counter("log_source_panics", help, stats.panics)?;
    let help = "Passes over the changes under way for streams that have missed too much.";
    text.gauge("log_catch_up_passes", help, &stats.catch_up_passes)?;
    let help = "Streams that such a pass brings up to date.";
    text.gauge("log_streams_catching_up", help, &stats.catch_up_streams)?;
    Ok(())
}

fn mongo(text: &mut Text<'_>, stats: &Stats) -> Result<(), Error> {
    text.histograms(
        "log_mongodb_query_duration_seconds",
        "How long MongoDB took to answer, by what was asked for.",
        stats.queries.iter().map(|(act, times)| (act.as_str(), times)),
    )?;
    if let Some(tail) = stats.tail {
        let help = "How old the newest position of the tail was when it was last heard of.";
        text.seconds("log_mongodb_tail_lag_seconds", help, tail.lag)?;
        let help = "How long ago the tail was last heard of.";
        text.seconds("log_mongodb_tail_silence_seconds", help, tail.heard)?;
    }
    let help = "Records passed over because their workspace or workflow names no log.";
    text.counter("log_mongodb_records_skipped", help, stats.skipped)?;
    let help = "Records that no answer of MongoDB can hold, and were left out.";
    text.counter("log_mongodb_records_lost", help, stats.lost)?;
    text.counters(
        "log_mongodb_records_changed",
        "Records that were changed after streams have shown them, which shows in pages only.",
        [("updated", stats.updated), ("replaced", stats.replaced), ("deleted", stats.deleted)],
    )?;
    text.counters(
        "log_mongodb_records_without_topic",
        "Records passed over, by what they hold instead of a workspace or workflow.",
        stats.no_topic.iter().map(|(value, count)| (value.as_str(), *count)),
    )?;
    text.counters(
        "log_mongodb_records_without_date",
        "How often a record was read whose date is none, by what it is instead.",
        stats.no_date.iter().map(|(value, count)| (value.as_str(), *count)),
    )?;
    let help = "How often a record could not be read as a row, and was left out.";
    text.counter("log_mongodb_records_undecodable", help, stats.undecodable)?;
    Ok(())
}

/// What the figures are written to.
struct Text<'a>(DescriptorEncoder<'a>);

impl Text<'_> {
    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        value: &impl EncodeGaugeValue,
    ) -> Result<(), Error> {
        self.0.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(value)
    }

    fn seconds(&mut self, name: &str, help: &str, value: Duration) -> Result<(), Error> {
        self.gauge(name, help, &value.as_secs_f64())
    }

    /// A counter, whose name ends in `_total` besides.
    fn counter(&mut self, name: &str, help: &str, value: u64) -> Result<(), Error> {
        let mut figure = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        figure.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    /// A counter for each kind.
    fn counters(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (impl ToString, u64)>,
    ) -> Result<(), Error> {
        let values = values.into_iter().map(|(kind, value)| ([("kind", kind.to_string())], value));
        self.labelled(name, help, values)
    }

    /// A counter for each of several labels.
    fn labelled(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (impl EncodeLabelSet, u64)>,
    ) -> Result<(), Error> {
        let mut figure = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in values {
            let mut one = figure.encode_family(&labels)?;
            one.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }

    fn histograms<'a>(
        &mut self,
        name: &str,
        help: &str,
        acts: impl IntoIterator<Item = (&'static str, &'a QueryTimes)>,
    ) -> Result<(), Error> {
        let mut figure = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (act, times) in acts {
            let labels = [("act", act)];
            let mut one = figure.encode_family(&labels)?;
            // Each bucket of ours has those below it in it; the encoder adds them up itself.
            let below = [0].iter().chain(&times.buckets);
            let each = times.buckets.iter().zip(below).map(|(to, below)| to.saturating_sub(*below));
            let bounds = QueryTimes::BOUNDS.iter().map(Duration::as_secs_f64);
            let buckets: Vec<_> = bounds.zip(each).collect();
            let (sum, count) = (times.total.as_secs_f64(), times.count);
            one.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }
}
