//! `cargo xtask semver`: the libraries' API beside the one that was promised.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::command::{command, read, run as run_command};
use crate::failure::Failure;
use crate::setup::{self, Need};
use crate::steps::Steps;
use crate::{libraries, paths};

/// What `semver` may be told.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Promise the API of the last commit from now on, instead of comparing.
    #[arg(long)]
    accept: bool,
}

/// Compares with the revision in `xtask/semver-baseline`, or writes it anew.
pub(crate) fn run(options: &Options) -> bool {
    let mut steps = Steps::default();
    if options.accept {
        steps.take("baseline", accept);
        return steps.summary();
    }
    Need::SemverChecks.ensure(&mut steps);
    if steps.failed() == 0 {
        steps.take("semver", compare);
    }
    steps.summary()
}

fn baseline() -> PathBuf {
    paths::root().join("xtask").join("semver-baseline")
}

fn accept() -> Result<(), Failure> {
    let head = read(command("git").args(["rev-parse", "HEAD"]))?;
    fs::write(baseline(), &head).map_err(Failure::io("write xtask/semver-baseline"))?;
    println!("the API of {} is promised", head.trim());
    Ok(())
}

fn compare() -> Result<(), Failure> {
    let revision =
        fs::read_to_string(baseline()).map_err(Failure::io("read xtask/semver-baseline"))?;
    let revision = revision.trim();
    let promised = read(command("git").args(["ls-tree", "-r", "--name-only", revision]))?;
    let mut checks = command(setup::find_tool("cargo-semver-checks")?);
    checks.args(["semver-checks", "--all-features", "--baseline-rev", revision]);
    for library in libraries::all()? {
        let manifest = format!("{}/Cargo.toml", library.folder);
        if promised.lines().any(|file| file == manifest) {
            checks.args(["--package", library.name()]);
        } else {
            println!("{} is new since {revision}", library.name());
        }
    }
    run_command(&mut checks)
}
