//! Clients are cut off at any byte: inside history, inside transactions, among equal dates.

use std::time::Duration;

use bson::DateTime;

use crate::deployment::Deployment;
use crate::habit::Habit;
use crate::run::{Run, Setup};
use crate::writers::Habits;

const HISTORY: usize = 6000;
/// So many dates have all of history: thousands share each.
const DATES: i64 = 3;

/// Cut off at any byte, hundreds of times: every record exactly once, and no reset.
pub async fn disconnects(seed: u64) {
    let deployment = Deployment::set(1, &[]).await;
    let habits = Habits {
        transactions_one_in: 3,
        hold: Duration::from_millis(100),
        grain: Duration::from_secs(1),
        batch: 12,
        ..Habits::default()
    };
    let setup = Setup { habits, ..Setup::default() };
    let mut run = Run::begin("disconnects", seed, deployment, setup).await;
    let now = DateTime::now().timestamp_millis();
    run.prefill(HISTORY, |rng| DateTime::from_millis(now - 3_600_000 * rng.i64(1..=DATES))).await;
    run.write();
    let often = Duration::from_millis(250);
    run.join(12, Habit::Flaky { stays: often, away: Duration::from_millis(100) });
    run.join(6, Habit::Flaky { stays: often, away: Duration::from_secs(2) });
    run.received(18 * HISTORY / 2).await;
    run.go_on(Duration::from_secs(10)).await;
    run.resumed(20, 20, 20).await;
    let outcome = run.finish().await;
    outcome.exactly_once();
    let within = outcome.clients.iter().map(|client| client.cut_within_transactions);
    let within: usize = within.sum();
    println!("{within} disconnects within transactions");
    outcome.check(within >= 5, &format!("{within} disconnects within transactions"));
}
