//! No two files of a crate need each other, be it by way of others: what both need is below both.

mod modules;
mod syntax;

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::Manifest;
use super::source::{SourceFile, Violation};
use modules::{Import, Modules};

pub(super) fn check(files: &[SourceFile]) -> Vec<Violation> {
    let by_path: BTreeMap<&str, &SourceFile> =
        files.iter().map(|file| (file.path.as_str(), file)).collect();
    let text = |path: &str| by_path.get(path).map(|file| file.text.as_str());
    let manifests = files.iter().filter(|file| file.name() == "Cargo.toml");
    manifests
        .filter(|file| !Manifest::parse(&file.text).name().is_empty())
        .flat_map(|file| roots(file.path.trim_end_matches("Cargo.toml"), files))
        .flat_map(|root| circles(&Modules::read(root, text).imports()))
        .collect()
}

/// The roots of a package's crates, tests left out.
fn roots<'a>(folder: &str, files: &'a [SourceFile]) -> Vec<&'a str> {
    let is_root = |path: &str| {
        let Some(path) = path.strip_prefix(folder) else { return false };
        let Some(path) = path.strip_suffix(".rs") else { return false };
        let parts: Vec<&str> = path.split('/').collect();
        matches!(
            parts[..],
            ["src", "lib" | "main"]
                | ["src", "bin", _]
                | ["src", "bin", _, "main"]
                | ["examples", _]
                | ["examples", _, "main"]
        )
    };
    files.iter().map(|file| file.path.as_str()).filter(|path| is_root(path)).collect()
}

/// One violation for each set of files that can all be reached from each other.
fn circles(imports: &[Import]) -> Vec<Violation> {
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Import { from, to, .. } in imports {
        reached.entry(from).or_default().insert(to);
    }
    loop {
        let further = |to: &BTreeSet<&str>| -> BTreeSet<&str> {
            to.iter().filter_map(|file| reached.get(file)).flatten().copied().collect()
        };
        let more: Vec<_> = reached.iter().map(|(from, to)| (*from, further(to))).collect();
        let before: usize = reached.values().map(BTreeSet::len).sum::<usize>();
        for (from, more) in more {
            reached.entry(from).or_default().extend(more);
        }
        if before == reached.values().map(BTreeSet::len).sum::<usize>() {
            break;
        }
    }
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|all| all.contains(to));
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for file in reached.keys().copied().filter(|file| reaches(file, file)) {
        if !told.insert(file) {
            continue;
        }
        let circle: BTreeSet<&str> =
            reached[file].iter().copied().filter(|other| reaches(other, file)).collect();
        told.extend(&circle);
        found.push(violation(file, &circle, imports));
    }
    found
}

fn violation(file: &str, circle: &BTreeSet<&str>, imports: &[Import]) -> Violation {
    let mut lines: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for Import { from, line, to } in imports {
        if circle.contains(from.as_str()) && circle.contains(to.as_str()) {
            lines.entry((from, to)).or_insert(*line);
        }
    }
    // Without the folder they share, to be read more easily.
    let shared = file.rfind('/').map_or(0, |at| at + 1);
    let shared = (0..=shared)
        .rev()
        .find(|&at| {
            (at == 0 || file[..at].ends_with('/'))
                && circle.iter().all(|f| f.starts_with(&file[..at]))
        })
        .unwrap_or(0);
    let needs: Vec<String> = lines
        .iter()
        .map(|((from, to), line)| format!("{}:{line} → {}", &from[shared..], &to[shared..]))
        .collect();
    let line = lines.iter().find(|((from, _), _)| *from == file).map_or(1, |(_, line)| *line);
    let what = format!(
        "files that import each other in a circle: {}; move what they share into a file below",
        needs.join(", ")
    );
    Violation { path: file.to_owned(), line, what }
}
