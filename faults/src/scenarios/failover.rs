//! The primary is killed, steps down, or is left without a majority.

use std::time::Duration;

use tokio::time::sleep;

use crate::deployment::Deployment;
use crate::habit::Habit;
use crate::run::{Run, Setup};

/// The driver's finding out and back-off come to what the database itself takes, which is an
/// election at least: that is how long nobody could write.
const TIMES: u32 = 4;
const STAYS: Duration = Duration::from_secs(1);
/// Of some for so short that the ring still has what they missed, of others for longer.
const AWAY: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(5)];

/// Kill -9 of the primary, a stepdown, and two of three lost, while clients come and go: every
/// record exactly once, no reset, and no silence many times as long as the database's own.
pub async fn failover(seed: u64) {
    let deployment = Deployment::set(3, &[]).await;
    let mut run = Run::begin("failover", seed, deployment, Setup::default()).await;
    run.write();
    run.join(3, Habit::Steady);
    for away in AWAY {
        run.join(3, Habit::Flaky { stays: STAYS, away });
    }
    run.received(500).await;

    let mut faults = [Fault::Kill, Fault::StepDown, Fault::LoseTwo];
    run.rng.shuffle(&mut faults);
    for fault in faults {
        println!("{fault:?}");
        let primary = run.deployment.primary();
        match fault {
            Fault::StepDown => run.deployment.step_down().await,
            Fault::Kill => {
                run.deployment.mongod.member(primary).kill();
                run.deployment.recovered().await;
                run.deployment.restart(primary);
            }
            Fault::LoseTwo => {
                let other = (primary + 1) % 3;
                run.deployment.mongod.member(primary).kill();
                run.deployment.mongod.member(other).kill();
                sleep(Duration::from_millis(500 + run.rng.u64(..2000))).await;
                run.deployment.restart(primary);
                run.deployment.restart(other);
            }
        }
        run.deployment.recovered().await;
        run.received(500).await;
    }

    run.resumed(5, 1, 0).await;
    let outcome = run.finish().await;
    outcome.exactly_once();
    let longest = outcome.clients.iter().map(|client| client.silence).max().unwrap_or_default();
    let away = outcome.longest_without_a_write();
    let what = format!("a silence of {longest:?}, and nobody could write for {away:?}");
    println!("{what}");
    outcome.check(longest < TIMES * away.max(Duration::from_secs(5)), &what);
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Kill,
    StepDown,
    LoseTwo,
}
