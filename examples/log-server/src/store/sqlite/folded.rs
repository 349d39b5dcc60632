//! Messages and texts as they are indexed: alike if they differ in case only.

use std::collections::HashMap;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use crate::search::Checked;

/// Folds texts letter by letter: whatever a search takes for the same letter becomes the same one.
#[derive(Debug, Default)]
pub(super) struct Folding {
    /// Those that were met, of which there are as many as there are characters.
    known: HashMap<char, char>,
}

impl Folding {
    /// The text with each letter as the first of those that are the same but for case.
    pub(super) fn fold(&mut self, text: &str) -> String {
        text.chars().map(|letter| self.letter(letter)).collect()
    }

    fn letter(&mut self, letter: char) -> char {
        match letter {
            // It would end the text for FTS5.
            '\0' => '\u{1}',
            'A'..='Z' => letter,
            'a'..='z' => letter.to_ascii_uppercase(),
            _ if letter.is_ascii() => letter,
            _ => *self.known.entry(letter).or_insert_with(|| first_alike(letter)),
        }
    }
}

/// The first of the letters that Unicode's simple case folding takes for the same.
fn first_alike(letter: char) -> char {
    let mut alike = ClassUnicode::new([ClassUnicodeRange::new(letter, letter)]);
    match alike.try_case_fold_simple() {
        Ok(()) => alike.ranges().first().map_or(letter, ClassUnicodeRange::start),
        Err(_) => letter,
    }
}

/// The letters of an entry of the index.
const LETTERS: usize = 3;

/// What is to be asked of the index for every message in which all texts and patterns may be found;
/// none if they are too short to be looked up.
pub(super) fn question(terms: &Checked) -> Option<String> {
    let mut folding = Folding::default();
    let patterns = terms.texts.iter().chain(&terms.regexes);
    let sure = patterns.filter_map(|pattern| pattern.literal.as_deref());
    let mut entries: Vec<String> = Vec::new();
    for text in sure {
        let letters: Vec<char> = folding.fold(text).chars().collect();
        entries.extend(letters.windows(LETTERS).map(|letters| letters.iter().collect()));
    }
    entries.sort_unstable();
    entries.dedup();
    let quoted = |entry: &String| format!("\"{}\"", entry.replace('"', "\"\""));
    let quoted: Vec<_> = entries.iter().take(MOST).map(quoted).collect();
    (!quoted.is_empty()).then(|| quoted.join(" AND "))
}

/// So many entries say enough.
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_a_search_takes_for_the_same_are_folded_to_the_same() {
        let mut folding = Folding::default();
        for alike in ["kK\u{212a}", "sSſ", "σςΣ", "µμΜ", "ßẞ", "öÖ", "жЖ"] {
            let folded = folding.fold(alike);
            let first = folded.chars().next().expect("a letter");
            assert!(folded.chars().all(|letter| letter == first), "{alike} to {folded}");
        }
        assert_eq!(folding.fold("a\0界"), "A\u{1}界");
    }
}
