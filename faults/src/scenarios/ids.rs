//! Ids that are forged, ahead of the log, or of another log.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bson::{DateTime, doc};
use fastrand::Rng;
use gapless_sse_core::LogOptions;
use gapless_sse_core::follow::{Coordinate, History, Scope, Seal, Source};
use gapless_sse_mongo::Position;
use mongodb::options::WriteConcern;

use crate::client::Client;
use crate::deployment::{Deployment, PATIENCE};
use crate::fleet::{Instance, SECRET, options};
use crate::oracle::{Difference, Truth};
use crate::writers::record;

const RECORDS: usize = 30;
const FORGERIES: u64 = 150;

/// Each is answered with a reset and the client's own records, and costs one page.
pub async fn ids(seed: u64) {
    println!("ids: seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let deployment = Deployment::set(1, &[]).await;
    for (workspace, workflow) in [("etl", "orders"), ("etl", "stock"), ("crm", "orders")] {
        let records = (0..RECORDS).map(|_| {
            let mut record = record(&mut rng, workflow, DateTime::now(), 50);
            record.insert("workspace_id", workspace);
            record
        });
        let insert = deployment.logs.insert_many(records.collect::<Vec<_>>());
        insert.write_concern(WriteConcern::majority()).await.unwrap();
    }
    let truth = Truth::of(&deployment.logs).await;
    let instance =
        Instance::start(&deployment.uri("ids"), &options(), &LogOptions::default()).await;
    let orders = || Scope::new("etl", ["orders"]);

    // What each scope's clients have, within history and live.
    let mut genuine = Vec::new();
    for scope in [orders(), Scope::new("etl", ["stock"]), Scope::new("crm", ["orders"])] {
        let mut client = Client::new(scope);
        let mut open = instance.connect(&mut client);
        assert!(client.read_until(&mut open, PATIENCE, |client| !client.records.is_empty()).await);
        // All of its history came at once: the last record's id is within it, the sync's is not.
        genuine.push(client.last_id.clone());
        assert!(client.read_until(&mut open, PATIENCE, |client| client.syncs > 0).await);
        genuine.push(client.last_id.clone());
    }
    let mut bad: Vec<(String, &str)> = (0..FORGERIES)
        .map(|_| {
            let of = rng.usize(..2);
            (forge(&mut rng, &genuine[of]), "bad_id")
        })
        .collect();
    // Of another workspace; within the history of another workflow.
    bad.extend([4, 5].map(|foreign| (genuine[foreign].clone(), "bad_id")));
    if genuine[2] != genuine[3] {
        bad.push((genuine[2].clone(), "bad_id"));
    }
    // Sealed by whoever has the secret, of this collection, an hour ahead.
    let epoch = instance.log.source().epoch().await.unwrap();
    let seconds = DateTime::now().timestamp_millis() / 1000 + 3600;
    let mut ahead = vec![1];
    ahead.extend(((u64::try_from(seconds).unwrap()) << 32).to_be_bytes());
    ahead.push(0);
    let ahead = Position::decode(&mut ahead.as_slice()).unwrap();
    let ahead = Seal::new(SECRET).seal_live(epoch, &ahead, "etl");
    bad.push((ahead.as_str().to_owned(), "future"));

    let before = work(&deployment).await;
    let count = i64::try_from(bad.len()).unwrap();
    for (id, reason) in bad {
        let mut client = Client::new(orders());
        client.history = History::Newest(RECORDS);
        client.last_id.clone_from(&id);
        let mut open = instance.connect(&mut client);
        let all = |client: &Client| client.records.len() >= RECORDS;
        assert!(client.read_until(&mut open, PATIENCE, all).await, "seed {seed}, {id}: {client:?}");
        client.read_for(&mut open, Duration::from_millis(5)).await;
        assert_eq!(client.resets, [reason], "seed {seed}, {id}");
        let difference = truth.compare(&client.scope, &client.records);
        assert_eq!(difference, Difference::default(), "seed {seed}, {id}");
    }
    let after = work(&deployment).await;
    let (finds, streams) = (after.0 - before.0, after.1 - before.1);
    println!("{count} ids that are none of ours cost {finds} reads and {streams} change streams");
    assert!(finds <= count && streams == 0, "{finds} reads, {streams} change streams");
}

/// Something else than this id, and nothing that its secret has sealed.
fn forge(rng: &mut Rng, id: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(id).unwrap();
    match rng.u32(..6) {
        0 => {
            let at = rng.usize(..bytes.len());
            bytes[at] ^= 1 << rng.u32(..8);
        }
        1 => bytes.truncate(rng.usize(1..bytes.len())),
        2 => bytes.extend((0..=rng.usize(..300)).map(|_| rng.u8(..))),
        3 => bytes = (0..=rng.usize(..100)).map(|_| rng.u8(..)).collect(),
        4 => return (0..=rng.usize(..200)).map(|_| rng.char('!'..='\u{ff}')).collect(),
        _ => return format!("{id}{id}"),
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads and change streams so far.
async fn work(deployment: &Deployment) -> (i64, i64) {
    let status = deployment.admin(doc! { "serverStatus": 1 }).await;
    let commands = status.get_document("metrics").unwrap().get_document("commands").unwrap();
    let total = |name| commands.get_document(name).unwrap().get_i64("total").unwrap();
    (total("find"), total("aggregate"))
}
