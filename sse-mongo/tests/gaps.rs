//! The negative control: readers that ask for what is greater than the last they saw lose
//! documents; ours, under the same writers, loses none and doubles none.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

#[path = "../examples/gaps/failure.rs"]
mod failure;
#[path = "../examples/gaps/trial/mod.rs"]
mod trial;

use std::time::Duration;

use futures_util::future::join_all;
use testbed::Mongod;
use trial::{Outcome, READERS, Regime};

const TIME: Duration = Duration::from_secs(11);

fn lost(outcome: &Outcome, reader: &str) -> usize {
    outcome.lost[READERS.iter().position(|name| *name == reader).unwrap()]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn naive_readers_lose_documents_and_ours_loses_none() {
    let set = tokio::task::block_in_place(|| Mongod::replica_set(1)).unwrap();
    let uri = set.database_uri("gaps");
    let trials = (1..).zip(Regime::ALL);
    let trials = trials.map(|(seed, regime)| trial::run(&uri, regime, TIME, seed));
    for outcome in join_all(trials).await {
        let outcome = outcome.unwrap();
        assert!(outcome.written > 500, "{outcome:?}");
        assert!(outcome.reopened >= 5, "{outcome:?}");
        assert_eq!(
            (lost(&outcome, "gapless-sse-mongo, reopened"), outcome.doubled),
            (0, 0),
            "{outcome:?}"
        );
        assert!(lost(&outcome, "_id > last, every 1 s") > 0, "{outcome:?}");
        let by_date = lost(&outcome, "date > last, every 5 s") > 0;
        let apart = ["clocks ±1 s", "transactions held 0.2 to 3 s", "clocks ±5 s"];
        assert!(by_date || !apart.contains(&outcome.regime.name), "{outcome:?}");
        println!("{outcome:?}");
    }
}
