//! Lock and configuration files name no host: who builds decides where from.

use super::source::{SourceFile, Violation};

/// How Cargo.lock says "crates.io", whichever mirror it came from.
const CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

pub(super) fn check(file: &SourceFile) -> Vec<Violation> {
    let (names_a_host, advice): (fn(&str) -> bool, _) = match file.name() {
        "Cargo.lock" => (
            |line| line.starts_with("source = ") && line != CRATES_IO,
            "depend on crates.io or on a path",
        ),
        "package-lock.json" | "npm-shrinkwrap.json" => (
            |line| line.trim_start().starts_with("\"resolved\": \"http"),
            "run `npm install --omit-lockfile-registry-resolved`",
        ),
        ".npmrc" | "config.toml" | "pip.conf" => (
            |line| line.contains("registry") && line.contains("://"),
            "leave registries to each machine's own configuration",
        ),
        _ => return Vec::new(),
    };
    file.lines()
        .filter(|(_, line)| names_a_host(line))
        .map(|(line, _)| file.violation(line, format!("a registry's host; {advice}")))
        .collect()
}
