//! `cargo xtask tidy`: the rules of layout that no compiler knows.
//!
//! Each check is a function from a file's path and text to what is wrong in it.

mod arrows;
mod files;
mod layers;
mod lines;
mod locks;
mod manifest;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::failure::Failure;

pub(crate) use manifest::Manifest;

/// One thing that is wrong, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// A file of the repository, its path relative to the root and with `/`.
#[derive(Debug)]
struct SourceFile {
    path: String,
    text: String,
}

impl SourceFile {
    /// With the line counted from 1.
    fn violation(&self, line: usize, what: impl Into<String>) -> Violation {
        Violation { path: self.path.clone(), line, what: what.into() }
    }

    fn has_extension(&self, extensions: &[&str]) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Lines counted from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}

/// Checks every file and prints what is wrong.
pub(crate) fn run() -> Result<(), Failure> {
    let files = files::all()?;
    let mut found = Vec::new();
    for file in &files {
        found.extend(lines::check(file));
        found.extend(locks::check(file));
        found.extend(arrows::check(file));
    }
    found.extend(layers::check(&files));
    for violation in &found {
        println!("{violation}");
    }
    if found.is_empty() {
        println!("{} files are tidy", files.len());
        return Ok(());
    }
    Err(Failure::Found(format!("{} things to tidy", found.len())))
}

/// The manifests of the workspace's packages, each with its path.
pub(crate) fn manifests() -> Result<Vec<(String, Manifest)>, Failure> {
    let files = files::all()?.into_iter();
    Ok(files
        .filter(|file| file.name() == "Cargo.toml")
        .map(|file| (file.path.clone(), Manifest::parse(&file.text)))
        .filter(|(_, manifest)| !manifest.name().is_empty())
        .collect())
}
