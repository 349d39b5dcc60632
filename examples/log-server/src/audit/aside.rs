//! The files of the audit that were put aside: `audit.2026-11-28.1.jsonl` of `audit.jsonl`.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// The beginning and the end of the names of a file's older ones.
fn affixes(path: &Path) -> (String, String) {
    let text =
        |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let stem = text(path.file_stem()).unwrap_or_default();
    let extension = text(path.extension()).map(|extension| format!(".{extension}"));
    (format!("{stem}."), extension.unwrap_or_default())
}

/// Where the next one of a day is put.
pub(super) fn next(path: &Path, day: Date) -> PathBuf {
    let last = all(path).filter(|(of, ..)| *of == day).map(|(_, number, _)| number).max();
    let number = last.unwrap_or(0).saturating_add(1);
    let (before, behind) = affixes(path);
    path.with_file_name(format!("{before}{day}.{number}{behind}"))
}

/// The files that were put aside: their day, their number of that day, and where they are.
pub(super) fn all(path: &Path) -> impl Iterator<Item = (Date, u64, PathBuf)> {
    let (before, behind) = affixes(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let files = fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    files.filter_map(move |file| {
        let name = file.file_name().into_string().ok()?;
        let (day, number) = name.strip_prefix(&before)?.strip_suffix(&behind)?.split_once('.')?;
        Some((day.parse().ok()?, number.parse().ok()?, file.path()))
    })
}
