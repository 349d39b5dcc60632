//! Why following a log is not `find({_id: {$gt: last}})`: five kinds of writers, six readers, and
//! the share of documents that each reader never sees.
//!
//! `cargo xtask demo gaps` fetches and starts a MongoDB for it. With a replica set of your own:
//!
//! ```sh
//! cargo run -p gapless-sse-mongo --example gaps -- --mongo 'mongodb://127.0.0.1:27017/test?replicaSet=rs0'
//! ```

mod chart;
mod failure;
mod table;
mod trial;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use failure::Failure;
use trial::{Outcome, Regime};

const PROGRESS: Duration = Duration::from_secs(5);

/// Shows which readers of a MongoDB collection lose documents, under which writers.
///
/// Six programs write 20 documents a second each, in each of five ways at once, while six readers
/// read along. Then the readers look once more, and what each never saw is counted.
#[derive(Parser)]
#[command(name = "gaps")]
struct Options {
    /// Where a replica set is, with the name of a database at its end. Five collections of it,
    /// whose names begin with `gaps_`, are dropped before and afterwards.
    #[arg(long, value_name = "URI")]
    mongo: String,
    /// For how long to write.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Draw the table into this file, as SVG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match show(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            println!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn show(options: &Options) -> Result<(), Failure> {
    let time = Duration::from_secs(options.seconds);
    let mut trials = JoinSet::new();
    for (nth, regime) in Regime::ALL.into_iter().enumerate() {
        let uri = options.mongo.clone();
        trials.spawn(async move { (nth, trial::run(&uri, regime, time, fastrand::u64(..)).await) });
    }
    println!(
        "{} regimes of six writers, {} s; then each reader looks once more",
        trials.len(),
        options.seconds
    );
    let outcomes = wait(trials, time).await?;
    println!("\nThe share of documents that a reader never saw:\n\n{}", table::markdown(&outcomes));
    println!("{}", table::notes(&outcomes));
    if let Some(plot) = &options.plot {
        if let Some(directory) = plot.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(plot, chart::svg(&outcomes))?;
        println!("\ndrawn in {}", plot.display());
    }
    Ok(())
}

/// Tells how far it is until all have come.
async fn wait(
    mut trials: JoinSet<(usize, Result<Outcome, Failure>)>,
    time: Duration,
) -> Result<Vec<Outcome>, Failure> {
    let (began, mut progress) = (Instant::now(), interval(PROGRESS));
    let mut outcomes = Vec::new();
    while !trials.is_empty() {
        tokio::select! {
            Some(done) = trials.join_next() => {
                let (nth, outcome) = done?;
                outcomes.push((nth, outcome?));
            }
            _ = progress.tick() => match time.checked_sub(began.elapsed()) {
                Some(left) => println!("writing, {:.0} s more", left.as_secs_f64()),
                None => println!("the readers look once more, and are compared"),
            }
        }
    }
    outcomes.sort_unstable_by_key(|(nth, _)| *nth);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}
