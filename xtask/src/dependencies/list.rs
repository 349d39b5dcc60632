//! What a library is built of and which features it switches on, as text and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The ways in which a library is built, each with all that the one before it has.
pub(super) const BUILDS: [&str; 3] = ["no default features", "default features", "all features"];

/// A crate, or one of its features as `crate/feature`.
pub(super) type Part = String;

/// What a library is built of in each of the [`BUILDS`].
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct List(pub(super) [BTreeSet<Part>; BUILDS.len()]);

/// The parts that `cargo tree --prefix none --format '{p} {f}'` prints, without versions, which
/// change at every update, and without `ours`.
pub(super) fn parts(tree: &str, ours: &[&str]) -> BTreeSet<Part> {
    let mut parts = BTreeSet::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let Some(name) = words.next().filter(|name| !ours.contains(name)) else { continue };
        parts.insert(name.to_owned());
        // The version, where it is from and "(*)" come as words of their own, features as one.
        let features = words.filter_map(|word| word.strip_prefix("features=")).next_back();
        let features = features.into_iter().flat_map(|all| all.split(','));
        parts.extend(features.filter(|feature| !feature.is_empty()).map(|f| format!("{name}/{f}")));
    }
    parts
}

impl List {
    /// As it is kept: a line for each crate with its features; a build shows only what it has more
    /// than the one before it.
    pub(super) fn write(&self, library: &str) -> String {
        let mut text = format!(
            "# What {library} is built of and the features it switches on, in every program that\n\
             # uses it. Written by `cargo xtask dependencies --accept`.\n"
        );
        let nothing = BTreeSet::new();
        let before = std::iter::once(&nothing).chain(&self.0);
        for ((build, parts), before) in BUILDS.iter().zip(&self.0).zip(before) {
            let mut crates: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for part in parts.difference(before) {
                let (name, feature) = part.split_once('/').unwrap_or((part, ""));
                let features = crates.entry(name).or_default();
                features.extend(Some(feature).filter(|feature| !feature.is_empty()));
            }
            let _ = write!(text, "\n[{build}]\n");
            for (name, features) in crates {
                let _ = writeln!(text, "{}", [&[name], &*features].concat().join(" "));
            }
        }
        text
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(super) fn read(text: &str) -> Self {
        let mut list = Self::default();
        let mut build = 0;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                let known = BUILDS.iter().position(|build| *build == name);
                build = known.unwrap_or(BUILDS.len());
                continue;
            }
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else { continue };
            let features: Vec<_> = words.map(|feature| format!("{name}/{feature}")).collect();
            for parts in list.0.iter_mut().skip(build) {
                parts.insert(name.to_owned());
                parts.extend(features.iter().cloned());
            }
        }
        list
    }

    /// In words, what `now` has that this list has not, and the other way around; each in the first
    /// build that shows it.
    pub(super) fn changes(&self, now: &Self) -> Vec<String> {
        let more = news(&now.0, &self.0).map(|(part, build)| format!("{part} is new with {build}"));
        let less =
            news(&self.0, &now.0).map(|(part, build)| format!("{part} is gone with {build}"));
        more.chain(less).collect()
    }
}

/// What each build of `one` has that the same of `other` has not, and no earlier one had either.
fn news<'a>(
    one: &'a [BTreeSet<Part>],
    other: &'a [BTreeSet<Part>],
) -> impl Iterator<Item = (&'a Part, &'static str)> {
    let mut told = BTreeSet::new();
    BUILDS.into_iter().zip(one.iter().zip(other)).flat_map(move |(build, (one, other))| {
        let more: Vec<_> = one.difference(other).filter(|part| told.insert(*part)).collect();
        more.into_iter().map(move |part| (part, build))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(parts: &str) -> BTreeSet<Part> {
        parts.split_whitespace().map(str::to_owned).collect()
    }

    fn list() -> List {
        let all = "bytes bytes/std serde serde/std serde_json serde_json/std tokio";
        List([set("bytes bytes/std"), set("bytes bytes/std tokio"), set(all)])
    }

    #[test]
    fn a_tree_is_read_as_crates_and_features_without_versions_and_without_ours() {
        let tree = "ours v0.1.0 (/some where) features=a\n\
                    serde v1.0.229 features=std,derive\nserde v1.0.229 features=std (*)\n\
                    macros v2.0.0 (proc-macro) features=\n";
        assert_eq!(parts(tree, &["ours"]), set("macros serde serde/derive serde/std"));
    }

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let text = list().write("a-library");
        assert!(text.contains("\n[no default features]\nbytes std\n\n[default features]\ntokio\n"));
        assert_eq!(List::read(&text), list());
    }

    #[test]
    fn a_feature_that_is_switched_on_is_named_once_with_the_first_build_that_has_it() {
        let mut now = list();
        for parts in &mut now.0[1..] {
            parts.extend(set("serde_json serde_json/preserve_order"));
        }
        now.0[2].remove("tokio");
        assert_eq!(
            list().changes(&now),
            [
                "serde_json is new with default features",
                "serde_json/preserve_order is new with default features",
                "tokio is gone with all features",
            ]
        );
        assert!(list().changes(&list()).is_empty());
    }
}
