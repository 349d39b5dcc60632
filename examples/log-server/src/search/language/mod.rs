//! The language that people type searches in, read and written.

mod reader;
mod time;
mod write;
mod wrong;

use jiff::Timestamp;

use super::terms::{Comparison, FieldTest, Terms, is_of_name, is_path};
use crate::level::{LEVELS, Level};
use reader::Reader;
pub use wrong::Misread;
use wrong::Wrong;

/// The most characters of a search.
const LONGEST: usize = 4000;

impl Terms {
    /// Reads what somebody has typed, at this time.
    ///
    /// ```
    /// use log_server::search::Terms;
    ///
    /// let typed = r#"level>=error -type=stage "no space left" user=ann details.rows>100"#;
    /// let terms = Terms::read(typed, jiff::Timestamp::now())?;
    /// assert_eq!(terms.texts, ["no space left"]);
    /// assert_eq!(Terms::read(&terms.to_string(), jiff::Timestamp::now())?, terms);
    /// # Ok::<(), log_server::search::Misread>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where it cannot be read, and what to write there.
    pub fn read(text: &str, now: Timestamp) -> Result<Self, Misread> {
        let column = |at: usize| 1 + text.get(..at).unwrap_or(text).chars().count();
        if let Some((at, _)) = text.char_indices().nth(LONGEST) {
            let detail = format!("a search has {LONGEST} characters at most; leave the rest out");
            return Err(Misread { column: column(at), detail });
        }
        let mut typed = Typed { reader: Reader::new(text), now, terms: Self::default() };
        match typed.all() {
            Ok(()) => Ok(typed.terms),
            Err(Wrong { at, detail }) => Err(Misread { column: column(at), detail }),
        }
    }
}

/// Reads a time as `from` and `to` take it, or says what to write.
pub(crate) fn time(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    time::read(text, now)
}

/// What is left to read, and what was read.
struct Typed<'a> {
    reader: Reader<'a>,
    now: Timestamp,
    terms: Terms,
}

impl Typed<'_> {
    fn all(&mut self) -> Result<(), Wrong> {
        while self.reader.skip_space() {
            let left_out = self.reader.take("-");
            self.term(left_out)?;
        }
        Ok(())
    }

    fn term(&mut self, left_out: bool) -> Result<(), Wrong> {
        let at = self.reader.at();
        match self.reader.rest().chars().next() {
            Some('"') => {
                let text = self.reader.quoted()?;
                if let Some(is) = self.comparison() {
                    return self.test(at, &text, is, left_out);
                }
                self.reader.ends("a text")?;
                self.text(text, left_out);
            }
            Some('/') => {
                let pattern = self.reader.pattern()?;
                self.reader.ends("a pattern")?;
                let without = &mut self.terms.without.regexes;
                add(if left_out { without } else { &mut self.terms.regexes }, pattern);
            }
            Some(other) if !other.is_whitespace() && other != '-' => {
                let rest = self.reader.rest();
                let name = rest.find(|letter| letter != '.' && !is_of_name(letter));
                let name = &rest[..name.unwrap_or(rest.len())];
                self.reader.skip(name.len());
                if !name.is_empty()
                    && let Some(is) = self.comparison()
                {
                    return self.named(at, name, is, left_out);
                }
                let word = self.word(at, name)?;
                self.text(word, left_out);
            }
            _ => {
                return Wrong::new(
                    at,
                    "`-` leaves out what follows it without a space, as in -word; to look for it, \
                     put it in quotes: \"-\"",
                );
            }
        }
        Ok(())
    }

    /// The rest of a word that begins with `name`.
    fn word(&mut self, at: usize, name: &str) -> Result<String, Wrong> {
        let rest = self.reader.bare("")?;
        if rest.starts_with(':') && ["level", "type", "from", "to"].contains(&name) {
            return Wrong::new(
                at + name.len(),
                format!("write {name}= for the {name} of a row, or \"{name}:\" for that text"),
            );
        }
        let word = format!("{name}{rest}");
        if Comparison::ALL.iter().any(|is| word.starts_with(is.sign())) {
            return Wrong::new(
                at,
                "a field stands before this without a space, as in rows>100; to look for it in \
                 messages, put it in quotes",
            );
        }
        if ["AND", "OR", "NOT"].contains(&&*word) {
            return Wrong::new(
                at,
                format!(
                    "all that is written is to hold, `-` leaves out, and level=error,warning is \
                     either; to look for this word, write \"{word}\""
                ),
            );
        }
        Ok(word)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        Comparison::ALL.into_iter().find(|is| self.reader.take(is.sign()))
    }

    /// What follows a name that is not in quotes.
    fn named(
        &mut self,
        at: usize,
        name: &str,
        is: Comparison,
        left_out: bool,
    ) -> Result<(), Wrong> {
        match name {
            "level" => self.levels(at, is, left_out),
            "type" => self.types(at, is, left_out),
            "from" | "to" => self.time(at, name, is, left_out),
            _ => self.test(at, name, is, left_out),
        }
    }

    fn levels(&mut self, at: usize, is: Comparison, left_out: bool) -> Result<(), Wrong> {
        let mut names = Vec::new();
        loop {
            let at = self.reader.at();
            let name = self.reader.value(",")?;
            let Some(level) = Level::of(&name) else {
                let all = LEVELS.join(", ");
                return Wrong::new(at, format!("there is no level {name:?}; there are {all}"));
            };
            names.push((name, level));
            if !self.reader.take(",") {
                break;
            }
        }
        let equal = matches!(is, Comparison::Equal | Comparison::NotEqual);
        let mut names: Vec<String> = match (&*names, equal) {
            (_, true) => names.into_iter().map(|(name, _)| name).collect(),
            ([(_, bound)], false) => {
                let within = Level::all().filter(|level| is.holds(level.cmp(bound)));
                within.map(|level| level.name().to_owned()).collect()
            }
            _ => return Wrong::new(at, "levels have their order one by one: level>=warning"),
        };
        if names.is_empty() {
            return Wrong::new(
                at,
                format!("there is no such level; there are {}", LEVELS.join(", ")),
            );
        }
        if is_left_out(at, is, left_out)? {
            // So that it is not much longer when it is written than when it was typed.
            let known = &mut self.terms.without.levels;
            names.retain(|name| equal || !known.contains(name));
            known.extend(names);
        } else if self.terms.levels.is_empty() {
            self.terms.levels = names;
        } else {
            return Wrong::new(at, twice("level", "level=error,warning"));
        }
        Ok(())
    }

    fn types(&mut self, at: usize, is: Comparison, left_out: bool) -> Result<(), Wrong> {
        if !matches!(is, Comparison::Equal | Comparison::NotEqual) {
            return Wrong::new(at, "types have no order; write type=stage or -type=stage");
        }
        let mut names = Vec::new();
        loop {
            names.push(self.reader.value(",")?);
            if !self.reader.take(",") {
                break;
            }
        }
        if is_left_out(at, is, left_out)? {
            self.terms.without.types.extend(names);
        } else if self.terms.types.is_empty() {
            self.terms.types = names;
        } else {
            return Wrong::new(at, twice("type", "type=stage,progress"));
        }
        Ok(())
    }

    fn time(&mut self, at: usize, name: &str, is: Comparison, left_out: bool) -> Result<(), Wrong> {
        if left_out || is != Comparison::Equal {
            return Wrong::new(
                at,
                "from= is the first time and to= the one before which rows are; a field that is \
                 called so is written in quotes: \"from\"=ann",
            );
        }
        let value_at = self.reader.at();
        let value = self.reader.value("")?;
        let time = time::read(&value, self.now).or_else(|detail| Wrong::new(value_at, detail))?;
        let place = if name == "from" { &mut self.terms.from } else { &mut self.terms.to };
        if place.replace(time).is_some() {
            return Wrong::new(at, format!("`{name}` is given twice; leave one out"));
        }
        Ok(())
    }

    fn test(&mut self, at: usize, path: &str, is: Comparison, left_out: bool) -> Result<(), Wrong> {
        if !is_path(path) {
            return Wrong::new(
                at,
                format!(
                    "{path:?} is no field: one has letters, digits, `_`, `-` and `@`, with dots \
                     between names; to look for it as text, put all of it in quotes"
                ),
            );
        }
        if left_out && is != Comparison::Equal {
            let opposite = is.opposite().sign();
            return Wrong::new(
                at,
                format!("`-` leaves out what is equal; write {path}{opposite}… without it"),
            );
        }
        let value = self.reader.value(",")?;
        if self.reader.rest().starts_with(',') {
            return Wrong::new(
                self.reader.at(),
                "a field is compared with one value; put it in quotes if the comma belongs to it",
            );
        }
        self.reader.ends("a value")?;
        let is = if left_out { Comparison::NotEqual } else { is };
        self.terms.fields.push(FieldTest { path: path.into(), is, value: value.into() });
        Ok(())
    }

    fn text(&mut self, text: String, left_out: bool) {
        let without = &mut self.terms.without.texts;
        add(if left_out { without } else { &mut self.terms.texts }, text);
    }
}

fn is_left_out(at: usize, is: Comparison, left_out: bool) -> Result<bool, Wrong> {
    let not_equal = is == Comparison::NotEqual;
    if left_out && not_equal {
        return Wrong::new(at, "`-` and `!=` both leave out; write one of them, or `=`");
    }
    Ok(left_out || not_equal)
}

/// Nothing is looked for by what is empty.
fn add(texts: &mut Vec<String>, text: String) {
    if !text.is_empty() {
        texts.push(text);
    }
}

fn twice(name: &str, either: &str) -> String {
    format!("`{name}` is given twice, and a row has one; for either, write {either}")
}

#[cfg(test)]
mod tests;
