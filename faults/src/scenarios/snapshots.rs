//! The snapshot that history is read of can be read no more.

use std::time::Duration;

use bson::{DateTime, doc};
use tokio::time::sleep;

use crate::deployment::{COLLECTION, DATABASE, Deployment};
use crate::habit::Habit;
use crate::run::{Run, Setup, app};
use crate::writers::Habits;

const HISTORY: usize = 4000;
const HOUR: Duration = Duration::from_secs(3600);
const TOO_OLD: i32 = 239;
const CATALOG_CHANGED: i32 = 246;
/// MongoDB keeps snapshots for five minutes; here for seconds.
const WINDOW: &str = "minSnapshotHistoryWindowInSeconds=3";
/// So that reading a page takes a slow client longer than that.
const BYTES: usize = 700;
const PAUSE: Duration = Duration::from_secs(1);

/// Clients read history more slowly than snapshots live, while records are written into the part
/// that they have read: they go up to a fresh snapshot, and every record comes exactly once.
pub async fn snapshots(seed: u64) {
    let deployment = Deployment::set(1, &["--setParameter", WINDOW]).await;
    let mut run = begin("snapshots", seed, deployment, PAUSE).await;
    run.received(2 * HISTORY).await;
    run.go_on(Duration::from_secs(10)).await;
    run.refused(TOO_OLD).await;
    finish(run).await;
}

/// The same when an index is built, and snapshots from before it cannot be read any more.
pub async fn indexed(seed: u64) {
    let mut run = begin("indexed", seed, Deployment::set(1, &[]).await, PAUSE / 2).await;
    run.received(HISTORY).await;
    let index = doc! { "key": { "message": 1 }, "name": "other" };
    let build = doc! { "createIndexes": COLLECTION, "indexes": [index] };
    run.deployment.client.database(DATABASE).run_command(build).await.unwrap();
    // Which versions refuse them, and after which changes, is theirs: here one instance is refused.
    run.deployment.inject(&app(0), "find", doc! { "errorCode": CATALOG_CHANGED }).await;
    run.refused(CATALOG_CHANGED).await;
    run.deployment.heal().await;
    run.go_on(Duration::from_secs(3)).await;
    finish(run).await;
}

async fn begin(name: &'static str, seed: u64, deployment: Deployment, pause: Duration) -> Run {
    deployment.watch_errors(&[TOO_OLD, CATALOG_CHANGED]).await;
    let habits = Habits { skew: HOUR, bytes: BYTES, ..Habits::default() };
    let mut run = Run::begin(name, seed, deployment, Setup { habits, ..Setup::default() }).await;
    let now = DateTime::now().timestamp_millis();
    run.prefill(HISTORY, |rng| DateTime::from_millis(now + rng.i64(-3_600_000..3_600_000))).await;
    run.write();
    run.join(8, Habit::Slow { pause });
    run.join(4, Habit::Flaky { stays: Duration::from_secs(1), away: Duration::from_secs(2) });
    run
}

async fn finish(run: Run) {
    // Where nothing is written at all, a change stream says so late: with MongoDB's next note to
    // its own log, every ten seconds.
    let health = run.deployment.client.database(DATABASE).collection("health");
    let ticking = tokio::spawn(async move {
        loop {
            health.insert_one(doc! { "tick": true }).await.unwrap();
            sleep(Duration::from_millis(100)).await;
        }
    });
    let outcome = run.finish().await;
    ticking.abort();
    outcome.exactly_once();
}
