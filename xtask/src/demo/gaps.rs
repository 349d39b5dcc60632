//! `cargo xtask demo gaps`: which readers lose documents, as a table and a plot.

use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use clap::Args;
use testbed::{Mongod, Program, mongod};

use super::signals::{GLANCE, signals};
use crate::command::{cargo, run as run_command};
use crate::failure::Failure;
use crate::paths;

/// What `demo gaps` may be told.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// For how long to write; what comes before and after takes about 15 s, building apart.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// How many members the replica set has, 3 at most.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    members: u8,
}

/// Builds the example, starts a MongoDB for it, and ends both, whoever wants them to.
pub(super) fn run(options: &Options) -> Result<(), Failure> {
    println!("\n=== building the example");
    run_command(&mut cargo("build --package gapless-sse-mongo --example gaps"))?;

    // From here on something runs that must be ended: a signal becomes a message.
    let signals = signals()?;
    println!("\n=== starting MongoDB (its data gone afterwards)");
    mongod::fetch(|progress| println!("{progress}"))?;
    let mongod = Mongod::replica_set(usize::from(options.members))?;
    let plot = paths::target().join("demo").join("gaps.svg");
    println!("\n=== writing and reading");
    let mut command = Command::new(paths::example("gaps"));
    command.args(["--mongo", &mongod.database_uri("gaps"), "--seconds"]);
    command.arg(options.seconds.to_string()).arg("--plot").arg(plot);
    let mut example = Program::spawn(command, |line| println!("{line}"))?;
    wait(&mut example, &signals)
}

/// Waits for its end, or for a signal, which is its end too.
fn wait(example: &mut Program, signals: &Receiver<()>) -> Result<(), Failure> {
    loop {
        match signals.recv_timeout(GLANCE) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                println!("\nending what was started");
                return Ok(());
            }
        }
        match example.status() {
            None => {}
            Some(status) if status.success() => return Ok(()),
            Some(status) => {
                let what = format!("the example ended with {status}; its last lines say why");
                return Err(Failure::Found(what));
            }
        }
    }
}
