//! What a package has with it once it is away from this repository.

use super::manifest::Manifest;
use super::source::{SourceFile, Violation};

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// What each package says, and how.
const STATED: [(&str, &str, &str); 4] = [
    ("package", "repository", "`repository.workspace = true`"),
    ("package", "readme", "`readme = \"README.md\"`"),
    ("package.metadata.docs.rs", "all-features", "`all-features = true`"),
    ("package.metadata.docs.rs", "rustdoc-args", "`rustdoc-args = [\"--cfg\", \"docsrs\"]`"),
];

/// Shows in the documentation which feature an item needs.
const BADGES: &str = "#![cfg_attr(docsrs, feature(doc_cfg))]";

pub(super) fn check(files: &[SourceFile]) -> Vec<Violation> {
    let find = |path: &str| files.iter().find(|file| file.path == path);
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.name() == "Cargo.toml") {
        let manifest = Manifest::parse(&file.text);
        if manifest.name().is_empty() || !manifest.is_published() {
            continue;
        }
        for (table, key, how) in STATED {
            if manifest.line_of(table, key).is_none() {
                found.push(file.violation(1, format!("no `{key}` in [{table}]; say {how}")));
            }
        }
        let folder = file.path.trim_end_matches("Cargo.toml");
        for licence in LICENCES {
            let whole = find(licence).map(|file| &file.text);
            if whole.is_none() || find(&format!("{folder}{licence}")).map(|f| &f.text) != whole {
                let what = format!(
                    "{licence} is not that of the repository; `ln -s` it, which packages follow"
                );
                found.push(file.violation(1, what));
            }
        }
        let root = find(&format!("{folder}src/lib.rs"));
        if let Some(root) = root.filter(|root| root.lines().all(|(_, line)| line != BADGES)) {
            found.push(root.violation(1, format!("no badges of features; add `{BADGES}`")));
        }
        found.extend(find(&format!("{folder}README.md")).into_iter().flat_map(links));
    }
    found
}

/// Links that lead somewhere in the repository only: crates.io shows a readme, and docs.rs does
/// where it is a crate's documentation.
fn links(readme: &SourceFile) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut is_code = false;
    for (number, line) in readme.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        let defined = line.starts_with('[').then(|| line.split_once("]: ")).flatten();
        for target in inline.chain(defined.map(|(_, target)| target)) {
            if !["https://", "#"].iter().any(|start| target.starts_with(start)) {
                let what = format!("{target} is in this repository only; link to its whole URL");
                found.push(readme.violation(number, what));
            }
        }
    }
    found
}
