//! `cargo xtask bench`: measures, and writes down what was measured.

use std::fs;

use clap::{Args, ValueEnum};

use crate::command::{cargo, read, run as run_command};
use crate::failure::Failure;
use crate::paths;

/// What `bench` may be told.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// What to measure.
    what: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Parser and encoder beside those of other crates, into BENCHMARKS.md.
    Wire,
}

/// Measures what was asked for.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    match options.what {
        What::Wire => wire(),
    }
}

fn wire() -> Result<(), Failure> {
    let crate_of_peers = "--release --manifest-path benches/Cargo.toml --target-dir target/bench";
    run_command(&mut cargo(&format!("build --bins {crate_of_peers}")))?;
    println!("measuring takes about a minute; leave the machine alone meanwhile");
    let document = read(&mut cargo(&format!("run --quiet {crate_of_peers}")))?;
    fs::write(paths::root().join("BENCHMARKS.md"), document)
        .map_err(Failure::io("write BENCHMARKS.md"))?;
    println!("BENCHMARKS.md is new");
    Ok(())
}
