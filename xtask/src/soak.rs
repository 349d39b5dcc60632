//! `cargo xtask soak`: faults on real servers, for as long as is asked for.

use clap::Args;
use testbed::mongod;

use crate::command::{cargo, run as run_command};
use crate::failure::Failure;
use crate::setup::Need;
use crate::steps::Steps;

/// What `soak` may be told.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Go on for so long.
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u32,
    /// Repeat the run that began with this seed; random if not given.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// One kind of fault only; a name that there is none of lists them.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// Brings faults about, and says whether no client lost or doubled anything.
pub(crate) fn run(options: &Options) -> bool {
    let mut steps = Steps::default();
    Need::Mongod.ensure(&mut steps);
    if steps.failed() == 0 {
        steps.take("soak", || soak(options));
    }
    steps.summary()
}

fn soak(Options { minutes, seed, only }: &Options) -> Result<(), Failure> {
    let mut soak = cargo("run --quiet --package faults --");
    soak.arg("--minutes").arg(minutes.to_string()).env("MONGOD", mongod::find()?);
    if let Some(seed) = seed {
        soak.arg("--seed").arg(seed.to_string());
    }
    if let Some(only) = only {
        soak.arg("--only").arg(only);
    }
    run_command(&mut soak)
}
