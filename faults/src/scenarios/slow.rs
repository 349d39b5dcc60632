//! Clients that read slowly, or not at all.

use std::fs;
use std::time::Duration;

use bson::DateTime;

use crate::deployment::Deployment;
use crate::habit::Habit;
use crate::run::{Run, Setup};
use crate::writers::Habits;

const FROZEN: usize = 24;
/// What is there when they come.
const BEFORE: usize = 100;
/// What is written while they are frozen; were it kept for each of them, it would be 24 times that.
const MEGABYTES: usize = 8;
const RECORD: usize = 4000;
/// Far less than all frozen clients' shares.
const GROWTH: usize = 64 << 20;
/// For how long slow ones pause, at most; the ring has room for eight records, which even a slow
/// machine writes meanwhile.
const PAUSE: Duration = Duration::from_secs(3);
/// What each of those who read is sent while the others do not.
const READ_ON: usize = 400;

/// Slow and frozen consumers hold bounded memory and delay nobody, and go on where they were.
pub async fn slow(seed: u64) {
    frozen("slow", seed, Habit::Frozen).await;
}

/// The same with consumers that freeze in the midst of catching up, when their stream has asked
/// the database for more.
pub async fn stalled(seed: u64) {
    frozen("stalled", seed, Habit::FrozenLate).await;
}

async fn frozen(name: &'static str, seed: u64, habit: Habit) {
    let deployment = Deployment::set(1, &[]).await;
    let habits = Habits {
        writers: 3,
        batch: 40,
        bytes: RECORD,
        pause: Duration::from_millis(30),
        workflows: vec!["orders"],
        ..Habits::default()
    };
    let setup = Setup { instances: 1, habits, ..Setup::default() };
    let mut run = Run::begin(name, seed, deployment, setup).await;
    run.prefill(BEFORE, |_| DateTime::now()).await;
    run.join(FROZEN, habit);
    run.join(3, Habit::Slow { pause: PAUSE });
    run.received(FROZEN * BEFORE / 8).await;
    run.write();
    run.join(3, Habit::Steady);
    let (stays, away) = (Duration::from_millis(500), Duration::from_secs(1));
    run.join(3, Habit::Flaky { stays, away });
    run.received(3 * BEFORE).await;
    let before = resident();
    run.received(6 * (MEGABYTES << 20) / RECORD).await;
    let grown = resident().saturating_sub(before);
    let reads = |habit| matches!(habit, Habit::Steady | Habit::Flaky { .. });
    run.each_received(READ_ON, reads).await;
    // How many do is for the machine to say.
    run.lagged(1).await;

    let outcome = run.finish().await;
    outcome.exactly_once();
    outcome.check(grown < GROWTH, &format!("memory grew by {} MiB", grown >> 20));
    println!("memory grew by {} MiB with {FROZEN} frozen clients", grown >> 20);
}

/// The memory of this process, where the system tells it.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|statm| statm.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or_default() * 4096
}
