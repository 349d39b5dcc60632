//! Instances of the server are restarted, one after the other, with many clients on them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::deployment::Deployment;
use crate::habit::Habit;
use crate::run::{Run, Setup, app};
use crate::writers::Habits;

const INSTANCES: usize = 3;
const CLIENTS: usize = 1000;
/// The tail and two passes for streams that catch up.
const MOST: usize = 3;

/// Two rounds of deploys, and a crash, with a thousand clients connected: every record exactly
/// once, no reset, and no more readers of the database's changes than an instance may have.
pub async fn restarts(seed: u64) {
    let deployment = Deployment::set(1, &[]).await;
    let habits = Habits { writers: 3, pause: Duration::from_millis(60), ..Habits::default() };
    let setup = Setup { instances: INSTANCES, habits, ..Setup::default() };
    let mut run = Run::begin("restarts", seed, deployment, setup).await;
    run.write();
    run.join(CLIENTS - CLIENTS / 10, Habit::Steady);
    let (stays, away) = (Duration::from_secs(2), Duration::from_secs(1));
    run.join(CLIENTS / 10, Habit::Flaky { stays, away });
    // Who was sent nothing has no position to go on from.
    run.all_that_stay_began().await;
    run.received(20 * CLIENTS).await;
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for round in 0..=2 * INSTANCES {
        let which = round % INSTANCES;
        run.fleet.restart(which, round < 2 * INSTANCES).await;
        let mut looks = 0;
        while looks < 5 || !open.contains_key(&app(which)) {
            looks += 1;
            run.received(CLIENTS).await;
            let mut now = BTreeMap::new();
            for app in run.deployment.change_streams().await {
                *now.entry(app).or_insert(0) += 1;
            }
            for (instance, count) in now {
                let before = open.entry(instance).or_default();
                *before = count.max(*before);
            }
        }
    }
    run.resumed(u64::try_from(CLIENTS).unwrap(), 0, 0).await;
    let outcome = run.finish().await;
    outcome.exactly_once();
    println!("most change streams open at a time, by instance: {open:?}");
    outcome.check(open.len() == INSTANCES, "every instance has its tail");
    outcome.check(open.values().all(|most| *most <= MOST), &format!("too many: {open:?}"));
}
