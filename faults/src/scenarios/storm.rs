//! Whatever may go wrong, at random, one after the other.

use std::time::{Duration, Instant};

use bson::doc;

use crate::deployment::{COLLECTION, DATABASE, Deployment};
use crate::habit::Habit;
use crate::run::{Run, Setup, app};

const INSTANCES: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Fault {
    StepDown,
    KillPrimary,
    KillSecondary,
    FreezePrimary,
    LoseTwo,
    Deploy,
    Crash,
    Lag,
    Index,
    ForgottenSnapshots,
    Quiet,
}

impl Fault {
    const ALL: [Self; 11] = [
        Self::StepDown,
        Self::KillPrimary,
        Self::KillSecondary,
        Self::FreezePrimary,
        Self::LoseTwo,
        Self::Deploy,
        Self::Crash,
        Self::Lag,
        Self::Index,
        Self::ForgottenSnapshots,
        Self::Quiet,
    ];
}

/// Faults at random for about so many seconds, on a set of three and three instances, with clients
/// of all habits: every record exactly once, and no reset.
pub async fn storm(seed: u64, seconds: u64) {
    let deployment = Deployment::set(3, &[]).await;
    let setup = Setup { instances: INSTANCES, ..Setup::default() };
    let mut run = Run::begin("storm", seed, deployment, setup).await;
    run.write();
    run.join(4, Habit::Steady);
    run.join(10, Habit::Flaky { stays: Duration::from_secs(1), away: Duration::from_secs(1) });
    run.join(4, Habit::Flaky { stays: Duration::from_secs(3), away: Duration::from_secs(8) });
    run.join(2, Habit::Slow { pause: Duration::from_secs(1) });
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut indexes = 0;
    while Instant::now() < end {
        run.received(200).await;
        let fault = Fault::ALL[run.rng.usize(..Fault::ALL.len())];
        println!("{fault:?}");
        let primary = run.deployment.primary();
        let (other, third) = ((primary + 1) % 3, (primary + 2) % 3);
        let instance = run.rng.usize(..INSTANCES);
        let while_ = Duration::from_millis(run.rng.u64(500..4000));
        match fault {
            Fault::StepDown => run.deployment.step_down().await,
            Fault::KillPrimary => kill(&mut run, &[primary], while_).await,
            Fault::KillSecondary => kill(&mut run, &[other], while_).await,
            Fault::LoseTwo => {
                let second = if run.rng.bool() { primary } else { third };
                kill(&mut run, &[other, second], while_).await;
            }
            Fault::FreezePrimary => {
                run.deployment.mongod.member(primary).stop().unwrap();
                run.go_on(while_ * 2).await;
                run.deployment.mongod.member(primary).resume().unwrap();
            }
            Fault::Deploy | Fault::Crash => {
                run.fleet.restart(instance, matches!(fault, Fault::Deploy)).await;
            }
            Fault::Lag | Fault::ForgottenSnapshots => {
                let (command, failure) = if matches!(fault, Fault::Lag) {
                    ("getMore", doc! { "blockConnection": true, "blockTimeMS": 2500 })
                } else {
                    ("find", doc! { "errorCode": 239 })
                };
                run.deployment.inject(&app(instance), command, failure).await;
                run.go_on(while_).await;
                run.deployment.heal().await;
            }
            Fault::Index => {
                indexes += 1;
                let keys =
                    doc! { "key": { format!("field{indexes}"): 1 }, "name": indexes.to_string() };
                let build = doc! { "createIndexes": COLLECTION, "indexes": [keys] };
                run.deployment.client.database(DATABASE).run_command(build).await.unwrap();
            }
            Fault::Quiet => run.go_on(while_).await,
        }
        run.deployment.recovered().await;
        // Clients that begin now read history while the next things happen.
        run.join(1, Habit::Flaky { stays: Duration::from_millis(500), away: while_ });
    }
    run.finish().await.exactly_once();
}

async fn kill(run: &mut Run, members: &[usize], down: Duration) {
    for member in members {
        run.deployment.mongod.member(*member).kill();
    }
    run.go_on(down).await;
    for member in members {
        run.deployment.restart(*member);
    }
}
