//! One regime of writers, followed by every reader at once, in a collection of its own.

mod naive;
mod ours;
mod regime;

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use futures_util::TryStreamExt;
use gapless_sse_mongo::bson::oid::ObjectId;
use gapless_sse_mongo::bson::{Document, doc};
use mongodb::options::ReadConcern;
use mongodb::{Client, Collection};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::failure::Failure;
use naive::{Field, Naive};
pub(crate) use regime::Regime;

/// The readers, in the order of [`Outcome::lost`].
pub(crate) const READERS: [&str; 6] = [
    "_id > last, every 1 s",
    "_id > last, every 5 s",
    "date > last, every 5 s",
    "settled 2 s behind",
    "settled 5 s behind",
    "gapless-sse-mongo, reopened",
];

/// Whatever is written here is for nobody.
const ELSEWHERE: &str = "gaps_elsewhere";

/// What the readers other than this crate's do.
const NAIVE: [Naive; 5] = [
    Naive { field: Field::Id, every: Duration::from_secs(1), behind: None },
    Naive { field: Field::Id, every: Duration::from_secs(5), behind: None },
    Naive { field: Field::Date, every: Duration::from_secs(5), behind: None },
    Naive {
        field: Field::Date,
        every: Duration::from_secs(1),
        behind: Some(Duration::from_secs(2)),
    },
    Naive {
        field: Field::Date,
        every: Duration::from_secs(1),
        behind: Some(Duration::from_secs(5)),
    },
];

/// What came of a trial.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What the writers were like.
    pub(crate) regime: Regime,
    /// How many documents there are in the end.
    pub(crate) written: usize,
    /// How many of them each of the [readers](READERS) never saw.
    pub(crate) lost: [usize; READERS.len()],
    /// How many documents came more than once to this crate's reader.
    pub(crate) doubled: usize,
    /// How often this crate's reader was opened again at its position.
    pub(crate) reopened: usize,
}

/// Lets writers write and readers read for so long, then lets the readers look once more and
/// counts what each of them never saw.
///
/// `uri` is that of a replica set, and names the database. The regime's collection is dropped
/// before and afterwards.
///
/// # Errors
///
/// What the server or the driver says.
pub(crate) async fn run(
    uri: &str,
    regime: Regime,
    time: Duration,
    seed: u64,
) -> Result<Outcome, Failure> {
    let mut rng = Rng::with_seed(seed);
    let client = Client::with_uri_str(uri).await?;
    let database = client.default_database().ok_or("the connection string names no database")?;
    let logs = database.collection::<Document>(regime.collection);
    logs.drop().await?;
    let end = watch::Sender::new(false);
    let elsewhere = database.collection(ELSEWHERE);
    // It makes the collection, which a transaction should not have to.
    let ours = ours::Reader::begin(uri, regime.collection, elsewhere.clone()).await?;
    let ours = tokio::spawn(ours.read(end.subscribe(), rng.fork()));
    let mut readers = JoinSet::new();
    for (nth, naive) in NAIVE.into_iter().enumerate() {
        let (logs, end, rng) = (logs.clone(), end.subscribe(), rng.fork());
        readers.spawn(async move { Ok::<_, Failure>((nth, naive.read(logs, end, rng).await?)) });
    }
    regime::write(&client, &logs, &regime, time, &mut rng).await;
    end.send_replace(true);

    let written = documents(&logs).await?;
    let (ours, doubled, reopened) = ours.await??;
    let missing = |seen: &BTreeSet<ObjectId>| written.difference(seen).count();
    let mut lost = [0; READERS.len()];
    lost[READERS.len() - 1] = missing(&ours);
    while let Some(read) = readers.join_next().await {
        let (nth, seen) = read??;
        lost[nth] = missing(&seen);
    }
    logs.drop().await?;
    elsewhere.drop().await?;
    Ok(Outcome { regime, written: written.len(), lost, doubled, reopened })
}

async fn documents(logs: &Collection<Document>) -> Result<BTreeSet<ObjectId>, Failure> {
    let all = logs.find(doc! {}).projection(doc! { "_id": 1 });
    let all = all.read_concern(ReadConcern::majority()).await?;
    let ids = all.try_filter_map(|found| async move { Ok(found.get_object_id("_id").ok()) });
    Ok(ids.try_collect().await?)
}
