//! Rules a file follows or breaks line by line.

use super::source::{SourceFile, Violation};

const LONGEST: usize = 500;

// Written in two parts, so that this file does not break the rules it states.
const UNFINISHED: [&str; 3] =
    [concat!("to", "do!"), concat!("unimpl", "emented!"), concat!("db", "g!")];
const SLEEPS: [&str; 2] = [concat!("sle", "ep("), concat!("waitFor", "Timeout")];
const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];

pub(super) fn check(file: &SourceFile) -> Vec<Violation> {
    let mut found = Vec::new();
    found.extend(length(file));
    found.extend(module_docs(file));
    found.extend(unfinished(file));
    found.extend(sleeps(file));
    found.extend(machine_paths(file));
    found
}

fn length(file: &SourceFile) -> Option<Violation> {
    let lines = file.text.lines().count();
    (file.has_extension(&["rs", "ts", "tsx", "mjs", "css"]) && lines > LONGEST).then(|| {
        file.violation(
            LONGEST + 1,
            format!("{lines} lines are more than {LONGEST}; split the file by concept"),
        )
    })
}

fn module_docs(file: &SourceFile) -> Option<Violation> {
    if !file.has_extension(&["rs"]) {
        return None;
    }
    // A readme may be the documentation of a crate; other attributes may come before it.
    let is_docs = |line: &str| line.starts_with("//!") || line.starts_with("#![doc");
    let may_precede = |line: &str| line.trim().is_empty() || line.starts_with("#![");
    let first = file.lines().find(|(_, line)| is_docs(line) || !may_precede(line));
    let (number, line) = first.unwrap_or((1, ""));
    (!is_docs(line)).then(|| {
        file.violation(number, "no module documentation; say in a first `//!` line what it is for")
    })
}

fn unfinished(file: &SourceFile) -> Vec<Violation> {
    if !file.has_extension(&["rs"]) {
        return Vec::new();
    }
    matches(file, &UNFINISHED)
        .map(|(line, what)| file.violation(line, format!("`{what}`; finish it or take it out")))
        .collect()
}

fn sleeps(file: &SourceFile) -> Vec<Violation> {
    let mut directories = file.path.split('/').rev().skip(1);
    let is_test = directories.any(|name| ["tests", "test", "e2e"].contains(&name));
    if !is_test || !file.has_extension(&["rs", "ts", "tsx", "js", "mjs"]) {
        return Vec::new();
    }
    matches(file, &SLEEPS)
        .map(|(line, what)| {
            let what = what.trim_end_matches('(');
            let advice = "pause the clock, or wait for what must happen, with a deadline";
            file.violation(line, format!("a test that calls `{what}`; {advice}"))
        })
        .collect()
}

fn machine_paths(file: &SourceFile) -> Vec<Violation> {
    let is_path = |line: &str| {
        HOMES.iter().any(|home| {
            line.match_indices(home).any(|(at, _)| {
                // Within a longer path, as of a URL, it is none of a machine.
                !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '}')
            })
        })
    };
    file.lines()
        .filter(|(_, line)| is_path(line))
        .map(|(line, _)| {
            file.violation(line, "a path of one machine; make it relative, or an argument")
        })
        .collect()
}

/// Where one of the words is used, comments left out.
fn matches<'a>(
    file: &'a SourceFile,
    words: &'a [&str],
) -> impl Iterator<Item = (usize, &'a str)> + 'a {
    file.lines().filter(|(_, line)| !line.trim_start().starts_with("//")).flat_map(
        move |(number, line)| {
            words.iter().filter(move |word| line.contains(**word)).map(move |word| (number, *word))
        },
    )
}
