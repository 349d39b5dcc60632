//! A search as it would be typed.

use std::fmt;

use super::super::terms::{Comparison, FieldTest, Terms, is_of_name};

impl fmt::Display for Terms {
    /// What [`Terms::read`] reads as the same, but for empty texts, which are not looked for, and
    /// for patterns with `\/`, which is `/`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { levels, types, texts, regexes, fields, without, from, to } = self;
        let mut line = Line { f, begun: false };
        for (left_out, levels, types) in
            [("", levels, types), ("-", &without.levels, &without.types)]
        {
            line.list(left_out, "level", levels)?;
            line.list(left_out, "type", types)?;
        }
        for (left_out, texts, regexes) in
            [("", texts, regexes), ("-", &without.texts, &without.regexes)]
        {
            for text in texts.iter().filter(|text| !text.is_empty()) {
                line.term(format_args!("{left_out}{}", Text(text)))?;
            }
            for regex in regexes.iter().filter(|regex| !regex.is_empty()) {
                line.term(format_args!("{left_out}{}", Regex(regex)))?;
            }
        }
        for FieldTest { path, is, value } in fields {
            let odd = NAMED.contains(&&**path) || path.starts_with('-');
            let quote = if odd { "\"" } else { "" };
            line.term(format_args!("{quote}{path}{quote}{}{}", is.sign(), Value(value)))?;
        }
        for (name, time) in [("from", from), ("to", to)] {
            if let Some(time) = time {
                line.term(format_args!("{name}={time}"))?;
            }
        }
        Ok(())
    }
}

/// What is no field unless it is in quotes.
const NAMED: [&str; 4] = ["level", "type", "from", "to"];

struct Line<'l, 'f> {
    f: &'l mut fmt::Formatter<'f>,
    begun: bool,
}

impl Line<'_, '_> {
    fn term(&mut self, term: fmt::Arguments<'_>) -> fmt::Result {
        if std::mem::replace(&mut self.begun, true) {
            self.f.write_str(" ")?;
        }
        self.f.write_fmt(term)
    }

    fn list(&mut self, left_out: &str, name: &str, values: &[String]) -> fmt::Result {
        let Some((first, more)) = values.split_first() else { return Ok(()) };
        self.term(format_args!("{left_out}{name}={}", Value(first)))?;
        more.iter().try_for_each(|value| write!(self.f, ",{}", Value(value)))
    }
}

/// In quotes where it would be read as something else.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let behind_name = text.trim_start_matches(|letter| letter == '.' || is_of_name(letter));
        let test = Comparison::ALL.iter().any(|is| behind_name.starts_with(is.sign()));
        let name = &text[..text.len() - behind_name.len()];
        let hinted = behind_name.starts_with(':') && NAMED.contains(&name);
        let odd = text.starts_with(['-', '/']) || hinted;
        let word = ["AND", "OR", "NOT"].contains(&text);
        if test || odd || word || has_breaks(text) { quoted(f, text) } else { f.write_str(text) }
    }
}

struct Value<'a>(&'a str);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        let odd = value.is_empty() || value.starts_with(['=', '<', '>']) || value.contains(',');
        if odd || has_breaks(value) { quoted(f, value) } else { f.write_str(value) }
    }
}

struct Regex<'a>(&'a str);

impl fmt::Display for Regex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        let mut letters = self.0.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '/' => f.write_str("\\/")?,
                '\\' => {
                    f.write_str("\\")?;
                    letters.next().map_or(Ok(()), |escaped| write!(f, "{escaped}"))?;
                }
                letter => write!(f, "{letter}")?,
            }
        }
        f.write_str("/")
    }
}

/// Whether it cannot be written without quotes.
fn has_breaks(text: &str) -> bool {
    text.contains(|letter: char| letter == '"' || letter.is_whitespace())
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            f.write_str("\\")?;
        }
        write!(f, "{letter}")?;
    }
    f.write_str("\"")
}
