//! The collection is dropped, renamed, or restored elsewhere: another life of the log.

use std::time::Duration;

use bson::{DateTime, doc};
use fastrand::Rng;
use gapless_sse_core::LogOptions;
use gapless_sse_core::follow::Scope;
use mongodb::options::WriteConcern;

use crate::client::{Client, Connection};
use crate::deployment::{COLLECTION, DATABASE, Deployment, PATIENCE};
use crate::fleet::{Instance, options};
use crate::oracle::{Difference, Truth};
use crate::writers::record;

/// Whoever has records of an earlier life is told to clear them, never left in silence; and has
/// every record of the new one exactly once.
pub async fn lives(seed: u64) {
    println!("lives: seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let deployment = Deployment::set(1, &[]).await;
    let log = LogOptions::default();
    let options = options();
    let instance = Instance::start(&deployment.uri("lives"), &options, &log).await;
    write(&deployment, &mut rng).await;
    let mut stays = Client::new(Scope::new("etl", ["orders"]));
    let mut away = Client::new(Scope::new("etl", ["orders"]));
    let mut open = instance.connect(&mut stays);
    read_all(&deployment, &mut stays, &mut open).await;

    let mut ends = ["drop", "renameCollection", "dropDatabase"];
    rng.shuffle(&mut ends);
    for (nth, end) in ends.into_iter().enumerate() {
        let mut visit = instance.connect(&mut away);
        read_all(&deployment, &mut away, &mut visit).await;
        drop(visit);
        let resets = (stays.resets.len(), away.resets.len());
        let database = deployment.client.database(DATABASE);
        let from = format!("{DATABASE}.{COLLECTION}");
        match end {
            "drop" => drop(database.run_command(doc! { end: COLLECTION }).await.unwrap()),
            "renameCollection" => {
                let to = format!("{DATABASE}.old-{nth}");
                deployment.admin(doc! { end: from, "to": to }).await;
            }
            _ => drop(database.run_command(doc! { end: 1 }).await.unwrap()),
        }
        write(&deployment, &mut rng).await;
        let told =
            stays.read_until(&mut open, PATIENCE, |client| client.resets.len() > resets.0).await;
        assert!(told, "seed {seed}: silence after {end}: {stays:?}");
        read_all(&deployment, &mut stays, &mut open).await;
        let mut visit = instance.connect(&mut away);
        read_all(&deployment, &mut away, &mut visit).await;
        assert_eq!(stays.resets[resets.0..], ["epoch"], "seed {seed}, {end}");
        assert_eq!(away.resets[resets.1..], ["epoch"], "seed {seed}, {end}");
    }
    drop(open);

    // The same records in another collection, as after a restore; and what an operator says of it.
    let copy = doc! { "$out": "restored" };
    deployment.logs.aggregate([copy]).await.unwrap();
    let uri = deployment.uri("restored");
    let raised = options.clone().epoch(1);
    for (collection, options) in [("restored", &options), (COLLECTION, &raised)] {
        let elsewhere = Instance::over(&uri, collection, options, &log).await;
        let mut client = Client::new(stays.scope.clone());
        client.last_id.clone_from(&stays.last_id);
        let mut open = elsewhere.connect(&mut client);
        read_all(&deployment, &mut client, &mut open).await;
        assert_eq!(client.resets, ["epoch"], "seed {seed}, {collection}");
    }
}

async fn write(deployment: &Deployment, rng: &mut Rng) {
    let count = rng.usize(20..60);
    let records = (0..count).map(|_| record(rng, "orders", DateTime::now(), 50));
    let insert = deployment.logs.insert_many(records.collect::<Vec<_>>());
    insert.write_concern(WriteConcern::majority()).await.unwrap();
}

/// Reads until it has what there is, and then a while longer; it is what there is.
async fn read_all(deployment: &Deployment, client: &mut Client, open: &mut Connection) {
    let truth = Truth::of(&deployment.logs).await;
    let due = truth.count(&client.scope);
    // Before the reset, the records of the life before are as many, perhaps.
    let done = |client: &Client| {
        client.records.len() == due
            && truth.compare(&client.scope, &client.records) == Difference::default()
    };
    client.read_until(open, PATIENCE, done).await;
    client.read_for(open, Duration::from_millis(300)).await;
    let difference = truth.compare(&client.scope, &client.records);
    assert_eq!(difference, Difference::default(), "{client:?}");
}
