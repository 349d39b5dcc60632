//! Clients hop to an instance that lags behind the one they were on.

use std::time::Duration;

use bson::doc;

use crate::deployment::Deployment;
use crate::habit::Habit;
use crate::run::{Run, Setup, app};

/// One of two instances is told of changes three seconds late. Clients that come to it from the
/// other are ahead of it, and wait: every record exactly once, and no reset.
pub async fn lagging(seed: u64) {
    let deployment = Deployment::set(1, &[]).await;
    let mut setup = Setup::default();
    // All of what is written here: nobody needs to catch up, everybody waits.
    setup.log.ring_bytes = 8 << 20;
    let mut run = Run::begin("lagging", seed, deployment, setup).await;
    run.write();
    run.join(2, Habit::Steady);
    let stays = Duration::from_millis(600);
    run.join(12, Habit::Flaky { stays, away: Duration::from_millis(50) });
    run.received(500).await;
    for _ in 0..2 {
        let late = doc! { "blockConnection": true, "blockTimeMS": 3000 };
        run.deployment.inject(&app(1), "getMore", late).await;
        run.go_on(Duration::from_secs(6)).await;
        run.deployment.heal().await;
        run.received(500).await;
    }
    run.resumed(50, 0, 0).await;
    let outcome = run.finish().await;
    outcome.exactly_once();
    let waited = outcome.clients.iter().map(|client| client.silence).max().unwrap_or_default();
    outcome.check(waited > Duration::from_secs(1), "somebody had to wait");
}
