//! The parts of a typed search, one after the other.

use super::wrong::Wrong;

/// What is left to read of a text.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Whether anything follows white space.
    pub(super) fn skip_space(&mut self) -> bool {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.at < self.text.len()
    }

    pub(super) fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    /// Refuses what follows without a space.
    pub(super) fn ends(&self, what: &str) -> Result<(), Wrong> {
        if self.rest().chars().next().is_none_or(char::is_whitespace) {
            return Ok(());
        }
        Wrong::new(
            self.at,
            format!("{what} ends before this; put a space between, or all of it in quotes"),
        )
    }

    /// What is there up to a space or one of these, without quotes.
    pub(super) fn bare(&mut self, ends: &str) -> Result<&'a str, Wrong> {
        let rest = self.rest();
        let end = |letter: char| letter.is_whitespace() || letter == '"' || ends.contains(letter);
        let found = &rest[..rest.find(end).unwrap_or(rest.len())];
        self.at += found.len();
        if self.rest().starts_with('"') {
            return Wrong::new(
                self.at,
                "quotes begin and end a whole text; put a space before them, or all of it in \
                 quotes, those that belong to it as \\\"",
            );
        }
        Ok(found)
    }

    /// A value, with or without quotes, up to a space or one of these.
    pub(super) fn value(&mut self, ends: &str) -> Result<String, Wrong> {
        if self.rest().starts_with('"') {
            let value = self.quoted()?;
            if !self.rest().starts_with(|letter| ends.contains(letter)) {
                self.ends("a value")?;
            }
            return Ok(value);
        }
        let at = self.at;
        let value = self.bare(ends)?;
        if value.is_empty() {
            return Wrong::new(at, "a value is missing here; write \"\" for an empty one");
        }
        if value.starts_with(['=', '<', '>']) {
            return Wrong::new(
                at,
                "there are =, !=, <, <=, > and >=; put a value in quotes that begins like this",
            );
        }
        Ok(value.to_owned())
    }

    /// A text in quotes, in which `\"` is a quote and `\\` a backslash.
    pub(super) fn quoted(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at = start + at + 1;
                    return Ok(text);
                }
                '\\' => match letters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    _ => {
                        return Wrong::new(
                            start + at,
                            r#"write \\ for a backslash, \" for a quote"#,
                        );
                    }
                },
                letter => text.push(letter),
            }
        }
        Wrong::new(start, "the quotes that begin here do not end; put \" behind the text")
    }

    /// A pattern between slashes, in which `\/` is a slash.
    pub(super) fn pattern(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        let mut pattern = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '/' => {
                    self.at = start + at + 1;
                    return Ok(pattern);
                }
                '\\' => match letters.next() {
                    Some((_, '/')) => pattern.push('/'),
                    Some((_, escaped)) => pattern.extend(['\\', escaped]),
                    None => break,
                },
                letter => pattern.push(letter),
            }
        }
        Wrong::new(
            start,
            "the pattern that begins here does not end; put / behind it, or the text in quotes",
        )
    }
}
