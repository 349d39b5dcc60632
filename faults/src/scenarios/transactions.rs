//! Clients cut off within a transaction, whose records all have the same time.

use std::time::Duration;

use fastrand::Rng;
use gapless_sse_core::LogOptions;
use gapless_sse_core::follow::Scope;
use tokio::time::{sleep, timeout};

use crate::client::Client;
use crate::deployment::{DATABASE, Deployment, PATIENCE};
use crate::fleet::{Instance, options};
use crate::oracle::{Difference, Truth};
use crate::writers::{Habits, Writers, record};

/// Fewer bytes than the records of a transaction have.
const CUT: usize = 1500;
/// Later than anybody waits, so that what is read is records alone.
const HEARTBEAT: Duration = Duration::from_secs(2 * PATIENCE.as_secs());

/// A client is cut off within transactions, and each time comes back to an instance that has
/// nothing in memory: it is given the rest of them by a change stream that begins at their time.
pub async fn transactions(seed: u64) {
    println!("transactions: seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let deployment = Deployment::set(1, &[]).await;
    let uri = deployment.uri("transactions");
    let options = options().warm_up(Duration::ZERO);
    let log = LogOptions::default();
    deployment.logs.insert_one(record(&mut rng, "orders", bson::DateTime::now(), 9)).await.unwrap();

    let mut client = Client::new(Scope::new("etl", ["orders"]));
    let first = Instance::start(&uri, &options, &log).await.with_heartbeat(HEARTBEAT);
    let mut connection = first.connect(&mut client);
    let live = |client: &Client| client.records.len() == 1 && client.syncs > 0;
    assert!(client.read_until(&mut connection, PATIENCE, live).await, "history has one");
    drop((connection, first));

    let habits = Habits {
        writers: 2,
        workflows: vec!["orders"],
        transactions_one_in: 1,
        hold: Duration::from_millis(20),
        pause: Duration::from_millis(40),
        batch: 12,
        ..Habits::default()
    };
    let writers = Writers::start(&deployment.client, &habits, &mut rng);
    sleep(Duration::from_millis(800)).await;
    let written = writers.stop().await.len();
    // What is written elsewhere takes the log past them, so that none of them is in a ring.
    let other = deployment.client.database(DATABASE).collection("other");
    other.insert_one(bson::doc! {}).await.unwrap();

    let truth = Truth::of(&deployment.logs).await;
    let due = truth.count(&client.scope);
    let mut caught_up = 0;
    while client.records.len() < due && client.connections < 2 * due {
        let instance = Instance::start(&uri, &options, &log).await.with_heartbeat(HEARTBEAT);
        let mut connection = instance.connect(&mut client);
        let cut = rng.usize(..CUT);
        let reading = async {
            // The start comes first, and by itself.
            client.read(&mut connection).await;
            client.read_some(&mut connection, |_| cut).await;
        };
        if timeout(PATIENCE, reading).await.is_err() {
            break;
        }
        client.disconnected();
        caught_up += instance.log.stats().resumed[1].1;
    }
    let difference = truth.compare(&client.scope, &client.records);
    let Client { connections, cut_within_transactions: within, resets, .. } = &client;
    let told = format!(
        "transactions seed {seed}: {written} records in transactions, {connections} connections, \
         {within} cut off within one, {caught_up} resumed from changes, resets {resets:?}",
    );
    println!("{told}");
    let Difference { lost, duplicated, phantom } = &difference;
    assert!(
        difference == Difference::default() && resets.is_empty(),
        "lost {}, duplicated {}, phantom {} of {due}\n{told}",
        lost.len(),
        duplicated.len(),
        phantom.len(),
    );
    assert!(*within >= 10 && caught_up >= 10, "worth little: {told}");
}
