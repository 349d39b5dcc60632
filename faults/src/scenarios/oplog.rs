//! The oplog no longer reaches back to where a client was.

use std::time::{Duration, Instant};

use bson::{DateTime, Document, Timestamp, doc};
use fastrand::Rng;
use gapless_sse_core::LogOptions;
use gapless_sse_core::follow::Scope;
use mongodb::options::WriteConcern;

use crate::client::Client;
use crate::deployment::{Deployment, PATIENCE};
use crate::fleet::{Instance, options};
use crate::oracle::{Difference, Truth};
use crate::writers::record;

/// The smallest oplog, and checkpoints every second: it is not cut before one.
const SMALL: [&str; 4] = ["--oplogSize", "1", "--syncdelay", "1"];

/// A client that was away while the oplog rolled over is reset once, and then has everything; one
/// whose topic was quiet, but which was sent heartbeats, goes on.
pub async fn oplog(seed: u64) {
    println!("oplog: seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let deployment = Deployment::set(1, &SMALL).await;
    let log = LogOptions::default().ring_bytes(16 * 1024);
    let options = options().warm_up(Duration::from_secs(1));
    let instance = Instance::start(&deployment.uri("first"), &options, &log).await;
    write(&deployment, &mut rng, "orders", 50).await;
    write(&deployment, &mut rng, "quiet", 50).await;

    let mut away = Client::new(Scope::new("etl", ["orders"]));
    let mut quiet = Client::new(Scope::new("etl", ["quiet"]));
    let mut gone = instance.connect(&mut away);
    let mut stays = instance.connect(&mut quiet);
    assert!(away.read_until(&mut gone, PATIENCE, |client| client.records.len() == 50).await);
    assert!(quiet.read_until(&mut stays, PATIENCE, |client| client.records.len() == 50).await);
    // Live, with a position of the log's end.
    assert!(away.read_until(&mut gone, PATIENCE, |client| client.syncs > 0).await);
    drop(gone);
    let left = now(&deployment).await;
    write(&deployment, &mut rng, "orders", 50).await;

    let give_up = Instant::now() + PATIENCE;
    while oldest(&deployment).await <= left {
        assert!(Instant::now() < give_up, "seed {seed}: the oplog does not roll over");
        write(&deployment, &mut rng, "bulk", 400).await;
        quiet.read_for(&mut stays, Duration::from_millis(50)).await;
    }
    let synced = quiet.syncs;
    assert!(quiet.read_until(&mut stays, PATIENCE, |client| client.syncs > synced).await);
    drop(stays);

    // Another instance, which remembers nothing.
    drop(instance);
    let instance = Instance::start(&deployment.uri("second"), &options, &log).await;
    let mut back = instance.connect(&mut away);
    let mut stays = instance.connect(&mut quiet);
    write(&deployment, &mut rng, "orders", 10).await;
    write(&deployment, &mut rng, "quiet", 10).await;
    assert!(quiet.read_until(&mut stays, PATIENCE, |client| client.records.len() >= 60).await);
    assert!(away.read_until(&mut back, PATIENCE, |client| client.records.len() >= 110).await);
    for (client, connection) in [(&mut away, &mut back), (&mut quiet, &mut stays)] {
        client.read_for(connection, Duration::from_millis(500)).await;
    }
    let told = format!("seed {seed}: {:?}", instance.log.stats());
    println!("{} syncs kept the quiet client's position fresh; {told}", quiet.syncs);
    assert_eq!((away.resets.as_slice(), quiet.resets.len()), (&["history_lost".into()][..], 0));
    let truth = Truth::of(&deployment.logs).await;
    for client in [&away, &quiet] {
        let difference = truth.compare(&client.scope, &client.records);
        assert_eq!(difference, Difference::default(), "{told}");
    }
    let resets = instance.log.stats().resets.iter().map(|(_, times)| times).sum::<u64>();
    assert_eq!(resets, 1, "{told}");
}

async fn write(deployment: &Deployment, rng: &mut Rng, workflow: &str, records: usize) {
    let records = (0..records).map(|_| record(rng, workflow, DateTime::now(), 500));
    let insert = deployment.logs.insert_many(records.collect::<Vec<_>>());
    insert.write_concern(WriteConcern::majority()).await.unwrap();
}

async fn now(deployment: &Deployment) -> Timestamp {
    deployment.admin(doc! { "ping": 1 }).await.get_timestamp("operationTime").unwrap()
}

/// The time of the first entry that the oplog still has.
async fn oldest(deployment: &Deployment) -> Timestamp {
    let oplog = deployment.client.database("local").collection::<Document>("oplog.rs");
    let first = oplog.find_one(doc! {}).sort(doc! { "$natural": 1 }).await.unwrap().unwrap();
    first.get_timestamp("ts").unwrap()
}
