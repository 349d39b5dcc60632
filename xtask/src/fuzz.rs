//! `cargo xtask fuzz`: every fuzz target for a while, from the seeds that are kept.

use std::fs;

use clap::Args;

use crate::command::{command, run_and_keep};
use crate::failure::Failure;
use crate::paths;
use crate::setup::{self, Need};
use crate::steps::Steps;

/// How long a target runs unless told otherwise.
const SECONDS: u64 = 20;

/// What `fuzz` may be told.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Run each target this long, instead of 20 seconds.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: Option<u32>,
    /// Run this target only.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

/// Runs the targets one after the other, and says whether none of them found anything.
pub(crate) fn run(options: &Options) -> bool {
    let mut steps = Steps::default();
    let mut chosen = Vec::new();
    steps.take("targets", || {
        chosen = choose(options.target.as_deref())?;
        println!("{}", chosen.join(", "));
        Ok(())
    });
    if steps.failed() == 0 {
        Need::CargoFuzz.ensure(&mut steps);
    }
    if steps.failed() == 0 {
        steps.take("build", || cargo_fuzz("build", &[]));
    }
    // Nothing to learn from targets that could not be built.
    if steps.failed() == 0 {
        let seconds = options.minutes.map_or(SECONDS, |minutes| 60 * u64::from(minutes));
        for target in chosen {
            steps.take(&target, || fuzz(&target, seconds));
        }
    }
    steps.summary()
}

/// Every target for its 20 seconds, up to the first that finds something.
pub(crate) fn every_target() -> Result<(), Failure> {
    cargo_fuzz("build", &[])?;
    targets()?.iter().try_for_each(|target| fuzz(target, SECONDS))
}

fn choose(wanted: Option<&str>) -> Result<Vec<String>, Failure> {
    let mut targets = targets()?;
    let Some(wanted) = wanted else { return Ok(targets) };
    if targets.iter().any(|target| target == wanted) {
        targets.retain(|target| target == wanted);
        return Ok(targets);
    }
    let targets = targets.join(", ");
    Err(Failure::Found(format!("there is no target {wanted}; there are {targets}")))
}

fn targets() -> Result<Vec<String>, Failure> {
    let mut targets = Vec::new();
    let files = paths::root().join("fuzz").join("fuzz_targets");
    for file in fs::read_dir(files).map_err(Failure::io("list fuzz/fuzz_targets"))? {
        let path = file.map_err(Failure::io("list fuzz/fuzz_targets"))?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    targets.sort_unstable();
    Ok(targets)
}

fn fuzz(target: &str, seconds: u64) -> Result<(), Failure> {
    // What is found on the way goes into the first directory: the kept seeds stay as they are.
    let scratch = format!("target/fuzz-corpus/{target}");
    let seeds = format!("fuzz/corpus/{target}");
    for corpus in [&scratch, &seeds] {
        fs::create_dir_all(paths::root().join(corpus))
            .map_err(Failure::io(format!("create {corpus}")))?;
    }
    println!("{target} for {seconds} s, from the seeds in {seeds} and what {scratch} has");
    let limit = format!("-max_total_time={seconds}");
    let ran = cargo_fuzz("run", &[target, &scratch, &seeds, "--", &limit, "-print_final_stats=1"]);
    ran.map_err(|failure| match failure {
        Failure::Command { .. } => Failure::Found(format!(
            "{target} found something; the input is kept in fuzz/artifacts/{target} (see above)"
        )),
        other => other,
    })
}

fn cargo_fuzz(act: &str, arguments: &[&str]) -> Result<(), Failure> {
    let mut fuzz = command(setup::find_tool("cargo-fuzz")?);
    // Sanitizers need a nightly compiler, and there is no `unsafe` for them to look at.
    fuzz.args(["fuzz", act, "-s", "none", "--target-dir", "target/fuzz"]).args(arguments);
    // Coverage needs an unstable flag of the compiler.
    run_and_keep(fuzz.env("RUSTC_BOOTSTRAP", "1"))
}
