//! `cargo xtask tidy`: the rules of layout that no compiler knows.
//!
//! Each check is a function from a file's path and text to what is wrong in it.

mod arrows;
mod circles;
mod files;
mod layers;
mod lines;
mod locks;
mod manifest;
mod packages;
mod source;
#[cfg(test)]
mod tests;

use crate::failure::Failure;

pub(crate) use manifest::Manifest;

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
    found.extend(packages::check(&files));
    found.extend(circles::check(&files));
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
