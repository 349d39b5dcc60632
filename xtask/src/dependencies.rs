//! `cargo xtask dependencies`: what each library brings into the programs of those who use it.
//!
//! Features are united over a whole program. One that a library switches on in a crate it shares
//! with its user changes code that the user wrote, as `serde_json/preserve_order` changes what
//! `json!` prints. So everything a library switches on is in a list that people read.

mod list;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::command::{cargo, read};
use crate::failure::Failure;
use crate::libraries::{self, Library};
use crate::paths;
use list::{BUILDS, List, Part, parts};

/// What `dependencies` may be told.
#[derive(Args, Debug, Default)]
pub(crate) struct Options {
    /// Write the lists anew, instead of comparing with them.
    #[arg(long)]
    accept: bool,
}

/// What cargo is told for each of the [`BUILDS`].
const FLAGS: [&str; BUILDS.len()] = ["--no-default-features", "", "--all-features"];

/// Features that no library may switch on, each with the crates, or features of them, that do so
/// themselves.
const NEVER: &[(&str, &[&str])] = &[
    ("axum/json", &[]),
    ("axum/query", &[]),
    ("serde/derive", &["mongodb", "warp"]),
    ("serde_json/arbitrary_precision", &[]),
    ("serde_json/float_roundtrip", &[]),
    ("serde_json/preserve_order", &["mongodb/bson-2"]),
    ("tracing/attributes", &[]),
    ("tracing/log", &["warp"]),
];

/// Compares each library with its list, or writes the lists.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let libraries = libraries::all()?;
    let ours: Vec<&str> = libraries.iter().map(Library::name).collect();
    let mut wrong = Vec::new();
    for library in &ours {
        let now = list(library, &ours)?;
        wrong.extend(forbidden(&now.0).into_iter().map(|what| {
            format!(
                "{library}: {what} changes the user's own code; switch it off, or only in tests"
            )
        }));
        let file = file(library);
        if options.accept {
            fs::write(&file, now.write(library)).map_err(Failure::io("write a list"))?;
            println!("xtask/dependencies/{library}.txt is written");
            continue;
        }
        // A library without a list is one whose parts are all new.
        let before = List::read(&fs::read_to_string(&file).unwrap_or_default());
        wrong.extend(before.changes(&now).into_iter().map(|what| format!("{library}: {what}")));
    }
    if wrong.is_empty() {
        println!("{} libraries switch on what their lists say", ours.len());
        return Ok(());
    }
    for what in &wrong {
        println!("{what}");
    }
    Err(Failure::Found(format!(
        "{} changes to the builds of those who use the libraries; if they are meant, \
         `cargo xtask dependencies --accept` writes them down",
        wrong.len()
    )))
}

fn file(library: &str) -> PathBuf {
    paths::root().join("xtask").join("dependencies").join(format!("{library}.txt"))
}

fn list(library: &str, ours: &[&str]) -> Result<List, Failure> {
    let mut list = List::default();
    for (build, flags) in list.0.iter_mut().zip(FLAGS) {
        *build = tree(&format!("--package {library} {flags}"), ours)?;
    }
    Ok(list)
}

/// What a package is built of, tests left out, on the platform that all lists are of.
pub(crate) fn tree(arguments: &str, ours: &[&str]) -> Result<BTreeSet<Part>, Failure> {
    let mut tree = cargo("tree --edges normal,build --target x86_64-unknown-linux-gnu");
    tree.args(["--prefix", "none", "--format", "{p} features={f}"]);
    Ok(parts(&read(tree.args(arguments.split_whitespace()))?, ours))
}

fn forbidden(builds: &[BTreeSet<Part>]) -> Vec<&'static str> {
    let is_in = |build: &BTreeSet<Part>, (feature, themselves): &(&str, &[&str])| {
        build.contains(*feature) && !themselves.iter().any(|name| build.contains(*name))
    };
    NEVER
        .iter()
        .filter(|never| builds.iter().any(|build| is_in(build, never)))
        .map(|(feature, _)| *feature)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(parts: &[&str]) -> BTreeSet<Part> {
        parts.iter().map(|&part| part.to_owned()).collect()
    }

    #[test]
    fn what_changes_the_users_code_is_never_accepted() {
        let plain = build(&["serde", "serde/std", "serde_json"]);
        assert!(forbidden(std::slice::from_ref(&plain)).is_empty());
        let ordered = build(&["serde_json", "serde_json/preserve_order"]);
        assert_eq!(forbidden(&[plain, ordered]), ["serde_json/preserve_order"]);
    }

    #[test]
    fn what_a_driver_switches_on_itself_is_not_ours() {
        assert_eq!(forbidden(&[build(&["serde/derive"])]), ["serde/derive"]);
        assert!(forbidden(&[build(&["serde/derive", "mongodb"])]).is_empty());
    }
}
