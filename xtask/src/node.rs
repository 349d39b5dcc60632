//! The page: its packages and its build, by npm.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::command::{command, run};
use crate::failure::Failure;
use crate::paths::{on_path, page};

/// npm with these words as arguments, in the page's directory.
pub(crate) fn npm(arguments: &str) -> Result<Command, Failure> {
    let npm = on_path("npm").ok_or_else(|| Failure::Missing {
        what: "Node with npm",
        advice: "install Node 20.19 or later (https://nodejs.org, or on Debian \
            `apt-get install nodejs npm`)"
            .to_owned(),
    })?;
    let mut npm = command(npm);
    npm.current_dir(page()).args(arguments.split_whitespace());
    Ok(npm)
}

/// Installs the page's packages, unless those of its lock file are there.
pub(crate) fn packages() -> Result<(), Failure> {
    let lock = page().join("package-lock.json");
    let wanted =
        fs::read(&lock).map_err(Failure::io("read examples/log-viewer/package-lock.json"))?;
    if fs::read(stamp()).is_ok_and(|installed| installed == wanted) {
        println!("the packages of package-lock.json are there");
        return Ok(());
    }
    run(&mut npm("ci --no-audit --no-fund")?)?;
    fs::write(stamp(), wanted).map_err(Failure::io("note which packages are installed"))
}

/// Builds the page into `dist/`, from where the server takes it.
pub(crate) fn build() -> Result<(), Failure> {
    run(&mut npm("run build")?)
}

/// A copy of the lock file that was installed last; npm removes it when it installs anew.
fn stamp() -> PathBuf {
    page().join("node_modules").join(".installed-lock.json")
}
