//! A standalone server, which is polled, is killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::crowd::Crowd;
use crate::deployment::{Deployment, PATIENCE};
use crate::fleet::{Fleet, options};
use crate::habit::Habit;
use crate::oracle::Truth;
use crate::writers::{Habits, Writers};

const LATENESS: Duration = Duration::from_secs(1);
const WORKFLOWS: [&str; 2] = ["orders", "customers"];

/// Kill -9 of a standalone server, twice, with clients that are cut off and instances that are
/// restarted: what is visible within the lateness is delivered exactly once.
pub async fn standalone(seed: u64) {
    println!("standalone: seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut deployment = Deployment::standalone().await;
    let options = options().lateness(LATENESS).interval(Duration::from_millis(100));
    let log = crate::run::Setup::default().log;
    let uris = vec![deployment.uri("first"), deployment.uri("second")];
    let fleet = Arc::new(Fleet::start(uris, options, log).await);
    let mut crowd = Crowd::new(Arc::clone(&fleet), &mut rng);
    let habits = Habits {
        transactions_one_in: 0,
        skew: Duration::from_millis(200),
        workflows: WORKFLOWS.to_vec(),
        ..Habits::default()
    };
    let writers = Writers::start(&deployment.client, &habits, &mut rng);
    crowd.join(2, Habit::Steady, &WORKFLOWS);
    let (stays, away) = (Duration::from_millis(700), Duration::from_millis(300));
    crowd.join(6, Habit::Flaky { stays, away }, &WORKFLOWS);
    for round in 0..2 {
        sleep(Duration::from_secs(3)).await;
        deployment.mongod.member(0).kill();
        deployment.restart(0);
        fleet.restart(round, round == 0).await;
    }
    sleep(Duration::from_secs(3)).await;
    let written = writers.stop().await;
    let truth = Arc::new(Truth::of(&deployment.logs).await);
    let clients = crowd.finish(Arc::clone(&truth), PATIENCE / 2).await;
    let told = format!("seed {seed}: {} acknowledged, {:?}", written.len(), fleet.counted());
    println!("{told}");
    let written: BTreeMap<_, _> = written.iter().map(|w| (w.id, w)).collect();
    for client in &clients {
        let difference = truth.compare(&client.scope, &client.records);
        assert!(difference.duplicated.is_empty() && difference.phantom.is_empty(), "{told}");
        assert!(client.resets.is_empty(), "{:?}, {told}", client.resets);
        for id in difference.lost {
            // What was in flight when the server was killed may be there without a word.
            let Some(written) = written.get(&id) else { continue };
            let after = written.acknowledged.timestamp_millis() - written.date.timestamp_millis();
            let late = after > i64::try_from(LATENESS.as_millis()).unwrap();
            assert!(late, "lost, although visible after {after} ms: {written:?}, {told}");
        }
    }
}
