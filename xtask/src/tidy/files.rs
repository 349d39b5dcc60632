//! Which files are looked at.

use std::fs;
use std::path::Path;

use super::source::SourceFile;
use crate::failure::Failure;
use crate::paths;

/// What others wrote, or what is built.
const NOT_OURS: [&str; 7] =
    [".git", "target", "node_modules", "dist", "corpus", "artifacts", "coverage"];

/// Every text file of the repository, in a steady order.
pub(super) fn all() -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    collect(paths::root(), "", &mut files).map_err(Failure::io("read the repository's files"))?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(directory: &Path, prefix: &str, files: &mut Vec<SourceFile>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if kind.is_file() || (kind.is_symlink() && entry.path().is_file()) {
            // Pictures and the like are no text, and no matter of tidiness.
            if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
                files.push(SourceFile { path, text });
            }
        }
    }
    Ok(())
}
