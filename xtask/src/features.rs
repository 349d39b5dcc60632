//! The libraries without features, and with each of them alone.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::command::{cargo, read, run as run_command};
use crate::failure::Failure;
use crate::{dependencies, libraries};

/// The libraries that need one feature of each of these lists, as what they stand on does.
const NEEDED: &[(&str, &[&[&str]])] =
    &[("gapless-sse-mongo", &[&["bson-3", "bson-2"], &["rustls-tls"]])];

/// What is checked with other features on, as a workspace is, may still need one of them.
pub(crate) fn check() -> Result<(), Failure> {
    for library in libraries::all()? {
        let name = library.name();
        let needed = NEEDED.iter().find(|(needs, _)| *needs == name);
        let needed = needed.map_or(&[][..], |(_, needed)| *needed);
        for features in alone(library.manifest.features(), needed) {
            let mut check = cargo("check --no-default-features --package");
            run_command(check.args([name, "--features", &features.join(",")]))?;
        }
    }
    bare_core()
}

/// The smallest set of features, and the smallest with each; the first of those that are needed.
fn alone<'a>(
    features: impl Iterator<Item = &'a str>,
    needed: &[&[&'a str]],
) -> BTreeSet<Vec<&'a str>> {
    let with = |feature: Option<&'a str>| -> Vec<&'a str> {
        let others = needed.iter().filter(|any| !any.iter().any(|one| Some(*one) == feature));
        feature.into_iter().chain(others.filter_map(|any| any.first().copied())).collect()
    };
    let sorted = |mut set: Vec<&'a str>| {
        set.sort_unstable();
        set
    };
    features.map(Some).chain([None]).map(|feature| sorted(with(feature))).collect()
}

fn bare_core() -> Result<(), Failure> {
    wasm()?;
    let tree = dependencies::tree("--package gapless-sse-core --no-default-features", &[])?;
    let crates: Vec<_> = tree.iter().filter(|part| !part.contains('/')).collect();
    if crates == ["bytes", "gapless-sse-core", "memchr"] {
        println!("without features the core depends on bytes and memchr only");
        return Ok(());
    }
    Err(Failure::Found(format!(
        "without features gapless-sse-core may depend on bytes and memchr only, and is built of {crates:?}"
    )))
}

/// A browser's or an edge's runtime, where the toolchain has what it takes.
fn wasm() -> Result<(), Failure> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let library =
        read(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(library.trim()).exists() {
        return run_command(&mut cargo(&format!(
            "check --package gapless-sse-core --target {TARGET}"
        )));
    }
    println!("not checked for {TARGET}, which is not installed (rustup target add {TARGET})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_checked_alone_with_what_cannot_be_left_out() {
        let sets = alone(["a", "b"].into_iter(), &[]);
        assert_eq!(sets, BTreeSet::from([vec![], vec!["a"], vec!["b"]]));
        let sets = alone(["new", "old", "tls", "more"].into_iter(), &[&["new", "old"], &["tls"]]);
        let least = ["new", "tls"];
        let more = vec!["more", "new", "tls"];
        assert_eq!(sets, BTreeSet::from([least.to_vec(), vec!["old", "tls"], more]));
    }
}
