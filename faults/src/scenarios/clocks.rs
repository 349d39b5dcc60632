//! Writers whose clocks are off, and transactions that are held.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gapless_sse_mongo::Mode;

use crate::crowd::Crowd;
use crate::deployment::{Deployment, PATIENCE};
use crate::fleet::{Fleet, options};
use crate::habit::Habit;
use crate::run::{Run, Setup};
use crate::writers::Habits;

const SKEW: Duration = Duration::from_secs(5);
const HOLD: Duration = Duration::from_secs(3);
const LATENESS: Duration = Duration::from_secs(2);

/// Clocks that are off by up to 5 s and transactions held for up to 3 s: change streams lose
/// nothing; polling shows late what became visible later than it was told to wait, and nothing else.
pub async fn clocks(seed: u64) {
    let deployment = Deployment::set(1, &[]).await;
    let habits = Habits { writers: 8, hold: HOLD, skew: SKEW, ..Habits::default() };
    let mut run =
        Run::begin("clocks", seed, deployment, Setup { habits, ..Setup::default() }).await;
    let options =
        options().mode(Mode::Poll).lateness(LATENESS).interval(Duration::from_millis(200));
    let log = Setup::default().log;
    let polling = Arc::new(Fleet::start(vec![run.deployment.uri("poll")], options, log).await);
    let mut pollers = Crowd::new(Arc::clone(&polling), &mut run.rng);
    let flaky = Habit::Flaky { stays: Duration::from_secs(1), away: Duration::from_millis(300) };
    run.write();
    run.join(6, flaky);
    pollers.join(1, Habit::Steady, &["orders", "customers", "stock"]);
    pollers.join(3, flaky, &["orders", "customers", "stock"]);
    run.go_on(Duration::from_secs(10)).await;
    let outcome = run.finish().await;
    outcome.exactly_once();

    // Until the last record's date has settled, be it 5 s ahead, and an audit was made of that.
    let settled = SKEW + LATENESS + 2 * 3 * LATENESS;
    let pollers = pollers.finish(Arc::clone(&outcome.truth), settled + PATIENCE).await;
    let written: BTreeMap<_, _> = outcome.written.iter().map(|w| (w.id, w)).collect();
    for client in &pollers {
        let given: Vec<_> = client.records.iter().chain(&client.late).copied().collect();
        let difference = outcome.truth.compare(&client.scope, &given);
        // Who is cut off in the midst of late ones has been told how many there are.
        let lost = client.announced - client.late.len();
        let once = difference.duplicated.is_empty() && difference.phantom.is_empty();
        let once = once && difference.lost.len() == lost && client.resets.is_empty();
        let steady = client.habit == Habit::Steady;
        outcome.check(once && !(steady && lost > 0), &format!("polling: {difference:?}"));
        for id in &client.late {
            let Some(written) = written.get(id) else { continue };
            let after = written.acknowledged.timestamp_millis() - written.date.timestamp_millis();
            let late = after > i64::try_from(LATENESS.as_millis()).unwrap();
            outcome.check(late, &format!("polling says late of {after} ms: {written:?}"));
        }
    }
    let steady = pollers.iter().find(|client| client.habit == Habit::Steady);
    let steady = steady.map_or(0, |client| client.late.len());
    let counted = polling.counted().late;
    println!(
        "polling showed {steady} records late, visible {LATENESS:?} after their date or later"
    );
    outcome.check(steady > 0, "the clocks were off enough to show");
    outcome.check(steady as u64 == counted, &format!("{counted} are counted as late"));
}
