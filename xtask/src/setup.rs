//! What tests and demos need, and how to get what is missing.

use std::path::PathBuf;
use std::process::Command;

use testbed::mongod;

use crate::command::{cargo, command, run};
use crate::failure::Failure;
use crate::paths::{on_path, target};
use crate::steps::Steps;
use crate::{chromium, nginx, node, python, schemathesis};

/// One thing to be there before steps can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Mongod,
    Chromium,
    Nginx,
    Python,
    Schemathesis,
    Nextest,
    CargoFuzz,
    Packages,
    SemverChecks,
}

impl Need {
    /// What the tests need. cargo-semver-checks takes seven minutes of a processor to build, and
    /// only `cargo xtask semver` needs it.
    pub(crate) const ALL: [Self; 8] = [
        Self::Mongod,
        Self::Chromium,
        Self::Nginx,
        Self::Python,
        Self::Schemathesis,
        Self::Nextest,
        Self::CargoFuzz,
        Self::Packages,
    ];

    /// Looks for it, and gets it if it is missing: as a step of its own.
    pub(crate) fn ensure(self, steps: &mut Steps) {
        match self {
            Self::Mongod => steps.take("setup: mongod", || {
                let found = mongod::fetch(|progress| println!("{progress}"))?;
                found_at(&found);
                Ok(())
            }),
            Self::Chromium => steps.take("setup: chromium", || {
                found_at(&chromium::ensure()?);
                Ok(())
            }),
            Self::Nginx => steps.take("setup: nginx", || {
                found_at(&nginx::ensure()?);
                Ok(())
            }),
            Self::Python => steps.take("setup: python with flask", || {
                found_at(&python::ensure()?);
                Ok(())
            }),
            Self::Schemathesis => steps.take("setup: schemathesis", || {
                found_at(&schemathesis::ensure()?);
                Ok(())
            }),
            Self::Nextest => steps.take("setup: cargo-nextest", || ensure_tool("cargo-nextest")),
            Self::CargoFuzz => steps.take("setup: cargo-fuzz", || ensure_tool("cargo-fuzz")),
            Self::SemverChecks => {
                steps.take("setup: cargo-semver-checks", || ensure_tool("cargo-semver-checks"));
            }
            Self::Packages => steps.take("setup: page packages", node::packages),
        }
    }
}

/// Gets all that the tests need and that is missing.
pub(crate) fn everything(steps: &mut Steps) {
    for need in Need::ALL {
        need.ensure(steps);
    }
}

/// `cargo nextest` with these words as arguments.
pub(crate) fn nextest(arguments: &str) -> Result<Command, Failure> {
    let mut nextest = command(find_tool("cargo-nextest")?);
    nextest.arg("nextest").args(arguments.split_whitespace());
    Ok(nextest)
}

/// Looks for one of cargo's own tools, and builds it if it is missing.
fn ensure_tool(name: &'static str) -> Result<(), Failure> {
    if find_tool(name).is_err() {
        println!("building {name}: some minutes, once");
        let root = target().join("tools");
        run(cargo("install --locked --root").arg(root).arg(name))?;
    }
    found_at(&find_tool(name)?);
    Ok(())
}

/// One of cargo's own tools, on the `PATH` or built by us.
pub(crate) fn find_tool(name: &'static str) -> Result<PathBuf, Failure> {
    let kept = target().join("tools").join("bin").join(name);
    on_path(name).or_else(|| Some(kept).filter(|kept| kept.is_file())).ok_or_else(|| {
        let advice = format!("`cargo install --locked {name} --root target/tools` builds it");
        Failure::Missing { what: name, advice }
    })
}

fn found_at(path: &std::path::Path) {
    println!("found {}", path.display());
}
