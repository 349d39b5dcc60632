//! Which crate may depend on which: the core on none of ours, adapters and sources on the core
//! and never on each other; what hands all of them on, and programs, on libraries.

use std::collections::BTreeSet;

use super::manifest::Manifest;
use super::source::{SourceFile, Violation};

const LIBRARIES: &[&str] = &[
    "gapless-sse-core",
    "gapless-sse-hyper",
    "gapless-sse-axum",
    "gapless-sse-warp",
    "gapless-sse-mongo",
];

/// Each crate with those of ours it may be built with; tests may use more.
const ALLOWED: &[(&str, &[&str])] = &[
    ("gapless-sse-core", &[]),
    ("gapless-sse-hyper", &["gapless-sse-core"]),
    ("gapless-sse-axum", &["gapless-sse-core", "gapless-sse-hyper"]),
    ("gapless-sse-warp", &["gapless-sse-core", "gapless-sse-hyper"]),
    ("gapless-sse-mongo", &["gapless-sse-core"]),
    // One name for all of them, by feature.
    ("gapless-sse", LIBRARIES),
    ("log-server", LIBRARIES),
    ("sse-cli", LIBRARIES),
    ("testbed", &[]),
    ("faults", &["gapless-sse-core", "gapless-sse-mongo", "testbed"]),
    ("xtask", &["testbed"]),
    ("conformance", &[]),
    ("sse-fuzz", &["gapless-sse-core", "gapless-sse-mongo"]),
    ("sse-bench", &["gapless-sse-core"]),
    ("sse-bench-machine", &[]),
    ("sse-bench-server", &["testbed"]),
    ("sse-fanout", &["sse-bench-machine", "gapless-sse-axum", "gapless-sse-warp"]),
    ("sse-neighbours", &["sse-bench-machine", "testbed"]),
    ("sse-history", &["sse-bench-machine", "sse-bench-server", "testbed"]),
    ("sse-spaces", &["sse-bench-machine", "sse-bench-server", "testbed"]),
    ("sse-tls-bench", &["sse-bench-machine", "gapless-sse-axum"]),
    (
        "sse-mongo-bench",
        &[
            "sse-bench-machine",
            "gapless-sse-core",
            "gapless-sse-axum",
            "gapless-sse-mongo",
            "testbed",
        ],
    ),
];

pub(super) fn check(files: &[SourceFile]) -> Vec<Violation> {
    let manifests: Vec<(&SourceFile, Manifest)> = files
        .iter()
        .filter(|file| file.name() == "Cargo.toml")
        .map(|file| (file, Manifest::parse(&file.text)))
        .filter(|(_, manifest)| !manifest.name().is_empty())
        .collect();
    let ours: BTreeSet<&str> = manifests.iter().map(|(_, manifest)| manifest.name()).collect();
    let mut found = Vec::new();
    for (file, manifest) in &manifests {
        found.extend(stated(file, manifest));
        let name = manifest.name();
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            let what = format!("{name} has no place among the crates; give it one in {}", file!());
            found.push(file.violation(1, what));
            continue;
        };
        for (dependency, line) in manifest.dependencies() {
            if ours.contains(dependency) && !allowed.contains(&dependency) {
                let what = format!(
                    "{name} may not depend on {dependency}; move what both need into a crate \
                     below both, or let the program bring them together"
                );
                found.push(file.violation(line, what));
            }
        }
    }
    found
}

/// What every package of the workspace says about itself.
fn stated(file: &SourceFile, manifest: &Manifest) -> Vec<Violation> {
    let needed = [
        ("package", "rust-version", "state the oldest compiler: `rust-version.workspace = true`"),
        ("lints", "workspace", "take the shared lints: `[lints]` with `workspace = true`"),
    ];
    // These are outside of the workspace and inherit nothing; a workspace is no package.
    let outside = file.path.starts_with("fuzz/") || file.path.starts_with("benches/");
    let inherits = manifest.line_of("workspace", "members").is_none() && !outside;
    needed
        .into_iter()
        .filter(|(table, key, _)| inherits && manifest.line_of(table, key).is_none())
        .map(|(_, key, advice)| file.violation(1, format!("no `{key}`; {advice}")))
        .collect()
}
