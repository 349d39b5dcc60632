//! What tests and demos need, and how to get what is missing.

use std::path::PathBuf;
use std::process::Command;

use testbed::mongod;

use crate::command::{cargo, command, run};
use crate::failure::Failure;
use crate::paths::{on_path, target};
use crate::steps::Steps;
use crate::{chromium, node};

/// One thing to be there before steps can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Mongod,
    Chromium,
    Nextest,
    Packages,
}

impl Need {
    pub(crate) const ALL: [Self; 4] = [Self::Mongod, Self::Chromium, Self::Nextest, Self::Packages];

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
            Self::Nextest => steps.take("setup: cargo-nextest", || {
                if find_nextest().is_none() {
                    println!("building cargo-nextest: some minutes, once");
                    let root = target().join("tools");
                    run(cargo("install --locked cargo-nextest --root").arg(root))?;
                }
                found_at(&nextest_binary()?);
                Ok(())
            }),
            Self::Packages => steps.take("setup: page packages", node::packages),
        }
    }
}

/// Gets all that is missing.
pub(crate) fn everything(steps: &mut Steps) {
    for need in Need::ALL {
        need.ensure(steps);
    }
}

/// `cargo nextest` with these words as arguments.
pub(crate) fn nextest(arguments: &str) -> Result<Command, Failure> {
    let mut nextest = command(nextest_binary()?);
    nextest.arg("nextest").args(arguments.split_whitespace());
    Ok(nextest)
}

fn nextest_binary() -> Result<PathBuf, Failure> {
    find_nextest().ok_or_else(|| Failure::Missing {
        what: "cargo-nextest",
        advice: "`cargo xtask setup` builds it, or see https://nexte.st for a binary".to_owned(),
    })
}

fn find_nextest() -> Option<PathBuf> {
    let kept = target().join("tools").join("bin").join("cargo-nextest");
    on_path("cargo-nextest").or_else(|| Some(kept).filter(|kept| kept.is_file()))
}

fn found_at(path: &std::path::Path) {
    println!("found {}", path.display());
}
