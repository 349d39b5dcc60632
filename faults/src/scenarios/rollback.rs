//! Writes that only the primary had are rolled back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bson::oid::ObjectId;
use bson::{DateTime, Document, doc};
use futures_util::TryStreamExt;
use gapless_sse_mongo::Mode;
use mongodb::options::WriteConcern;
use mongodb::{Client, Collection};

use crate::crowd::Crowd;
use crate::deployment::{COLLECTION, DATABASE, Deployment, PATIENCE};
use crate::fleet::{Fleet, options};
use crate::habit::Habit;
use crate::oracle::Difference;
use crate::run::{Run, Setup};
use crate::writers::record;

const DOOMED: usize = 60;
/// Halts what a secondary copies from the primary.
const HALT: &str = "stopReplProducer";

/// A primary that nobody follows takes writes with `w: 1`, and dies; the others elect one of them,
/// and what they do not have is rolled back. No client is shown any of it, neither by change
/// streams nor by polling; a reader of the primary's own state is.
pub async fn rollback(seed: u64) {
    let deployment = Deployment::set(3, &[]).await;
    let mut run = Run::begin("rollback", seed, deployment, Setup::default()).await;
    let options = options()
        .mode(Mode::Poll)
        .lateness(Duration::from_millis(300))
        .interval(Duration::from_millis(50));
    let uri = run.deployment.uri("poll");
    let polling = Arc::new(Fleet::start(vec![uri], options, Setup::default().log).await);
    let mut pollers = Crowd::new(Arc::clone(&polling), &mut run.rng);
    pollers.join(2, Habit::Steady, &["orders", "customers", "stock"]);
    run.write();
    run.join(6, Habit::Flaky { stays: Duration::from_secs(1), away: Duration::from_millis(200) });
    run.received(300).await;

    let primary = run.deployment.primary();
    let others = [(primary + 1) % 3, (primary + 2) % 3];
    for other in others {
        let other = run.deployment.member(other).await;
        fail_point(&other, doc! { "configureFailPoint": HALT, "mode": "alwaysOn" }).await;
        let halted = doc! { "waitForFailPoint": HALT, "timesEntered": 1, "maxTimeMS": 30_000 };
        fail_point(&other, halted).await;
    }
    let old = run.deployment.member(primary).await;
    let logs: Collection<Document> = old.database(DATABASE).collection(COLLECTION);
    let mut doomed = BTreeSet::new();
    for _ in 0..DOOMED {
        let record = record(&mut run.rng, "orders", DateTime::now(), 50);
        doomed.insert(record.get_object_id("_id").unwrap());
        let write = WriteConcern::builder().w(mongodb::options::Acknowledgment::Nodes(1)).build();
        logs.insert_one(record).write_concern(write).await.unwrap();
    }
    // The negative control, which reads whatever the primary has; and time for polling to err.
    run.go_on(Duration::from_secs(1)).await;
    let found: Vec<Document> = logs.find(doc! {}).await.unwrap().try_collect().await.unwrap();
    let local: BTreeSet<ObjectId> =
        found.iter().map(|found| found.get_object_id("_id").unwrap()).collect();

    run.deployment.mongod.member(primary).kill();
    for other in others {
        let other = run.deployment.member(other).await;
        fail_point(&other, doc! { "configureFailPoint": HALT, "mode": "off" }).await;
    }
    run.deployment.recovered().await;
    run.received(300).await;
    run.deployment.restart(primary);
    run.deployment.recovered().await;
    run.received(300).await;

    let outcome = run.finish().await;
    outcome.exactly_once();
    let final_ids = outcome.truth.all();
    let rolled_back: BTreeSet<_> = doomed.difference(&final_ids).copied().collect();
    let shown = rolled_back.intersection(&local).count();
    println!("{} rolled back; a local read was shown {shown} of them", rolled_back.len());
    outcome.check(shown >= DOOMED / 2, "a local read is shown what is rolled back");
    for client in pollers.finish(Arc::clone(&outcome.truth), PATIENCE / 12).await {
        let Difference { duplicated, phantom, .. } =
            outcome.truth.compare(&client.scope, &client.records);
        outcome.check(phantom.is_empty(), &format!("polling: phantoms {phantom:?}"));
        outcome.check(duplicated.is_empty(), &format!("polling: duplicates {duplicated:?}"));
        outcome.check(!client.records.is_empty(), "polling is sent something");
    }
}

async fn fail_point(member: &Client, command: Document) {
    member.database("admin").run_command(command).await.unwrap();
}
