//! The long form of the faults: every scenario with ever new seeds, until the time is over.
//!
//! The first failure ends it, with the seed that `--only` and `--seed` repeat.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use fastrand::Rng;
use faults::scenarios::{self, Scenario};
use faults::within_deadline;

/// Faults on real servers, at random.
#[derive(Parser)]
struct Options {
    /// Go on for so long; what has begun by then is brought to its end.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Repeat the run that began with this seed; random if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// This scenario only.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let chosen: Vec<&(&str, Scenario)> = scenarios::ALL
        .iter()
        .filter(|(name, _)| options.only.as_deref().is_none_or(|only| only == *name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<_> = scenarios::ALL.iter().map(|(name, _)| *name).collect();
        println!("no scenario has this name; there are {}", names.join(", "));
        return ExitCode::FAILURE;
    }
    let mut seed = options.seed.unwrap_or_else(|| Rng::new().u64(..1 << 32));
    println!("the seed is {seed}");
    let end = Instant::now() + Duration::from_secs(60 * options.minutes);
    let mut runs = 0;
    while Instant::now() < end {
        for (name, scenario) in &chosen {
            if Instant::now() >= end {
                break;
            }
            if tokio::spawn(within_deadline(scenario(seed))).await.is_err() {
                println!(
                    "{name} failed after {runs} runs; `--only {name} --seed {seed}` repeats it"
                );
                return ExitCode::FAILURE;
            }
            runs += 1;
        }
        seed += 1;
    }
    println!("{runs} runs without a record lost, doubled or made up");
    ExitCode::SUCCESS
}
