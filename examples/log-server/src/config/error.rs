//! What is wrong with the configuration file, and where.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Why the configuration is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The command line, which is explained by clap.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// The file.
    #[error("cannot read the configuration file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A part of it. No value is repeated, since it may be secret.
    #[error("{path}:{line}:{column}: {words}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character of the line, from 1.
        column: usize,
        /// What is wrong, and what to write.
        words: String,
    },
}

impl ConfigError {
    /// What the parser has found.
    pub(super) fn wrong(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().unwrap_or(text.len()..text.len());
        Self::at(path, text, at, in_words(error.message()))
    }

    /// Something wrong at a part of the text.
    pub(super) fn at(path: &Path, text: &str, at: Range<usize>, words: String) -> Self {
        let before = text.get(..at.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self::Wrong { path: path.to_owned(), line, column, words }
    }
}

/// What the parser says, without the values of the file.
fn in_words(message: &str) -> String {
    let message = message.trim_end();
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (key, rest) = rest.split_once('`').unwrap_or((rest, ""));
        let known = ["one of ", "expected "].iter().find_map(|start| rest.split_once(start));
        return match known {
            Some((_, known)) => {
                let known = known.replace("` or `", "`, `");
                format!("there is no key `{key}` here; there are {known}")
            }
            None => format!("there is no key `{key}` here; there are none"),
        };
    }
    for kind in ["invalid type: ", "invalid value: "] {
        if let Some(found) = message.strip_prefix(kind)
            && let Some((found, expected)) = found.rsplit_once(", expected ")
        {
            let of = found.split([' ', '(']).next().unwrap_or_default();
            let of = if of == "string" { "text" } else { of };
            return format!("this is {of}; write {}", expectation(expected));
        }
    }
    if let Some(rest) = message.strip_prefix("unknown variant `")
        && let Some((_, expected)) = rest.rsplit_once("`, expected ")
    {
        return format!("this is not {expected}");
    }
    message.replace('\n', "; ")
}

/// What is to be written, in words for who knows no Rust.
fn expectation(expected: &str) -> &str {
    match expected {
        "u16" | "u32" | "u64" | "usize" => "a whole number",
        "a nonzero u16" | "a nonzero u32" | "a nonzero u64" => "a whole number above 0",
        "a sequence" => "a list: [\"…\"]",
        "a boolean" => "true or false",
        _ if expected.starts_with("struct ") => "a section of keys",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_parser_says_is_said_without_values() {
        for (said, words) in [
            (
                "unknown field `file`, expected one of `to`, `keep-days`",
                "there is no key `file` here; there are `to`, `keep-days`",
            ),
            ("unknown field `a`, expected `b`", "there is no key `a` here; there are `b`"),
            (
                "unknown field `a`, expected `b` or `c`",
                "there is no key `a` here; there are `b`, `c`",
            ),
            ("unknown field `a`, there are no fields", "there is no key `a` here; there are none"),
            (
                "invalid type: string \"hunter2, expected\", expected u32",
                "this is text; write a whole number",
            ),
            (
                "invalid value: integer `0`, expected a nonzero u16",
                "this is integer; write a whole number above 0",
            ),
            (
                "invalid type: string \"hunter2\", expected struct Settings",
                "this is text; write a section of keys",
            ),
            ("unknown variant `hunter2`, expected `a` or `b`", "this is not `a` or `b`"),
            ("unknown variant `hunter2`, expected one of `a`, `b`", "this is not one of `a`, `b`"),
            ("unknown variant `x`, expected y`, expected `a`", "this is not `a`"),
            ("missing field `url`", "missing field `url`"),
        ] {
            assert_eq!(in_words(said), words);
        }
    }

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "a = 1\nü = ä\n";
        let at = text.find('ä').expect("it is there");
        let error = ConfigError::at(Path::new("x"), text, at..at + 1, "no".to_owned());
        assert_eq!(error.to_string(), "x:2:5: no");
        let beyond = ConfigError::at(Path::new("x"), text, 99..100, "no".to_owned());
        assert_eq!(beyond.to_string(), "x:3:1: no");
    }
}
