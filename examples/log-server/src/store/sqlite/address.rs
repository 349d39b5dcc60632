//! What is written behind `sqlite:` as the name of a file.

use std::path::{Path, PathBuf};

use super::error::SqliteError;

/// The file that is meant. `//` at its beginning is that of addresses: `sqlite://logs.db` is
/// `logs.db`, and `sqlite:///var/logs.db` is `/var/logs.db`.
pub(super) fn file(given: &Path) -> Result<PathBuf, SqliteError> {
    let wrong = |what| Err(SqliteError::Address { given: given.to_owned(), what });
    let Some(text) = given.to_str() else { return Ok(given.to_owned()) };
    let path = text.strip_prefix("//").unwrap_or(text);
    if path.is_empty() {
        return wrong("names no file; write sqlite:logs.db");
    }
    if path == ":memory:" || text.starts_with("file:") {
        return wrong("is no file; logs are kept in a file of its own, as in sqlite:logs.db");
    }
    if path.contains('?') {
        return wrong("has options behind `?`, and there are none; name the file alone");
    }
    if Path::new(path).is_dir() || path.ends_with('/') {
        return wrong("is a folder; name a file in it");
    }
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_other_programs_write_them_are_right_or_refused_in_words() {
        for (given, path) in [
            ("logs.db", "logs.db"),
            ("/var/logs.db", "/var/logs.db"),
            ("//logs.db", "logs.db"),
            ("///var/logs.db", "/var/logs.db"),
            ("//./logs.db", "./logs.db"),
        ] {
            assert_eq!(file(Path::new(given)).unwrap(), Path::new(path), "{given}");
        }
        for (given, words) in [
            (":memory:", "is no file"),
            ("//:memory:", "is no file"),
            ("file:logs.db", "is no file"),
            ("logs.db?mode=rwc", "name the file alone"),
            ("//", "names no file"),
            ("/", "is a folder"),
            ("new/", "is a folder"),
        ] {
            let error = file(Path::new(given)).unwrap_err().to_string();
            assert!(error.contains(words), "{given}: {error}");
        }
    }
}
