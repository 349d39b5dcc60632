//! The figures of `/metrics`, as a scraper reads them.

use std::collections::HashMap;
use std::time::Duration;

use mongodb::bson::{DateTime, doc};
use tokio::time::timeout;

use crate::http;
use crate::server::Server;
use crate::store::{LOGS, Store, WORKFLOW, WORKSPACE};
use crate::stream::Client;

/// What scrapers and dashboards go by: a name, a help or a type that is another one breaks them.
const PROMISED: &str = include_str!("metrics.txt");

/// Every sample by its name and labels, each of a metric that was described before it.
async fn scrape(server: &Server) -> HashMap<String, f64> {
    let answer = http::get(server.address, "/metrics").await;
    assert_eq!(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
    let (mut described, mut samples) = (Vec::new(), HashMap::new());
    let said: Vec<_> = answer.text.lines().filter(|line| line.starts_with('#')).collect();
    let of_mongodb = said.iter().any(|line| line.contains("log_mongodb"));
    let other = if of_mongodb { "log_sqlite" } else { "log_mongodb" };
    let promised = PROMISED.lines().filter(|line| !line.contains(other));
    assert!(promised.eq(said), "tests/server/metrics.txt is to be:\n{}", answer.text);
    for line in answer.text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(help.ends_with('.'), "{line}");
            assert!(!described.iter().any(|(known, _)| known == name), "{name} twice");
            described.push((name.to_owned(), String::new()));
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            let (last, of) = described.last_mut().unwrap();
            assert_eq!(last, name);
            kind.clone_into(of);
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let (metric, kind) = described.last().unwrap();
            let rest = name.strip_prefix(metric.as_str()).unwrap();
            let parts: &[&str] =
                if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(parts.contains(&rest), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(samples.insert(sample.to_owned(), value.parse().unwrap()).is_none(), "{line}");
        }
    }
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_described_and_stands_once() {
    let server = Server::start(&["--store", &Store::sqlite().address()]);
    let samples = scrape(&server).await;
    assert_eq!(samples["log_streams"].to_bits(), 0f64.to_bits());
    assert!(
        samples.contains_key("log_catch_up_passes")
            && samples.contains_key("log_records_late_total")
    );
    for fault in ["unavailable", "needs_action", "refused"] {
        let name = format!("log_source_failures_total{{reader=\"tail\",fault=\"{fault}\"}}");
        assert!(samples.contains_key(&name), "{name}");
    }
    assert!(samples.contains_key("log_source_panics_total"));
    assert!(!samples.keys().any(|name| name.contains("mongodb")));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn mongodb_is_measured_by_what_it_was_asked_for() {
    for (store, polls) in [(Store::replica_set(), false), (Store::standalone(), true)] {
        let brief = ["--lateness", "500ms", "--poll-interval", "50ms"];
        let server = Server::start(&[&["--store", &store.address()], &brief[..]].concat());
        let mut client = Client::default();
        let mut stream = client.connect(server.address, &format!("{LOGS}/stream")).await;
        store.writer().await.write("in time").await;
        client.read_until(&mut stream, |client| client.messages == ["in time"]).await;
        let mongo = mongodb::Client::with_uri_str(store.address()).await.unwrap();
        let collection = mongo.database("wfm").collection("logs");
        let late = DateTime::from_millis(DateTime::now().timestamp_millis() - 3000);
        let rows = [
            doc! { "workspace_id": WORKSPACE, "workflow_id": WORKFLOW, "date": late, "message": "late" },
            doc! { "workspace_id": WORKSPACE, "date": DateTime::now(), "message": "of no workflow" },
        ];
        collection.insert_many(rows).await.unwrap();
        let (late, skipped) = ("log_records_late_total", "log_mongodb_records_skipped_total");
        let expected = (f64::from(u8::from(polls)), 1.0);
        let samples = timeout(Duration::from_secs(60), async {
            loop {
                let samples = scrape(&server).await;
                if (samples[late], samples[skipped]) == expected {
                    return samples;
                }
            }
        });
        let samples = samples.await.expect("the figures of what was written");
        let name = "log_mongodb_query_duration_seconds";
        for act in ["probe", "history", "changes"] {
            let of = |part: &str| samples[&format!("{name}_{part}{{act=\"{act}\"}}")];
            let bucket = |le: &str| samples[&format!("{name}_bucket{{act=\"{act}\",le=\"{le}\"}}")];
            assert!(of("count") >= 1.0 && of("sum") > 0.0, "{act}: {samples:?}");
            assert!(bucket("0.001") <= bucket("30") && bucket("30") <= bucket("+Inf"), "{act}");
            assert!((bucket("+Inf") - of("count")).abs() < 0.5, "{act}");
        }
        let lost = ["log_records_lost_total", "log_mongodb_records_lost_total"];
        assert!(lost.iter().all(|name| samples[*name] == 0.0), "{samples:?}");
        let missing = samples["log_mongodb_records_without_topic_total{kind=\"missing\"}"];
        assert!(missing >= 1.0, "{missing}");
        assert!(samples.contains_key("log_mongodb_records_without_date_total{kind=\"text\"}"));
        if !polls {
            collection.delete_one(doc! { "message": "in time" }).await.unwrap();
            let deleted = "log_mongodb_records_changed_total{kind=\"deleted\"}";
            let counted = async { while scrape(&server).await[deleted] < 1.0 {} };
            timeout(Duration::from_secs(60), counted).await.expect("it is counted");
        }
        let audits = samples[&format!("{name}_count{{act=\"audit\"}}")];
        assert_eq!(audits >= 1.0, polls, "{audits}");
        let lag = samples["log_mongodb_tail_lag_seconds"];
        assert!(if polls { (0.5..5.0).contains(&lag) } else { lag < 15.0 }, "{lag}");
        assert!(samples["log_mongodb_tail_silence_seconds"] < 5.0);
    }
}
