//! What surely stands in every message in which a pattern is found.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// A text that every match of a pattern has in it: what has it not needs no further look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// In lower case, if it may be in any.
    pub(crate) text: String,
    /// Whether it may stand there in any case, letter by letter, as the simple case folding of
    /// Unicode has it: for `k` also the sign of Kelvin (U+212A), for `s` also `ſ`.
    #[allow(dead_code, reason = "for stores that look for a text as it is written")]
    pub(crate) any_case: bool,
}

impl Literal {
    /// The longest that is known of this pattern.
    pub(super) fn of(pattern: &Hir) -> Option<Self> {
        let letters = Found::of(pattern).longest();
        let text: String = letters.iter().map(|letter| letter.lower).collect();
        let any_case = letters.iter().any(|letter| letter.any_case);
        let text = if any_case { text } else { letters.iter().map(|it| it.written).collect() };
        (!text.is_empty()).then_some(Self { text, any_case })
    }
}

#[derive(Clone, Copy)]
struct Letter {
    written: char,
    lower: char,
    any_case: bool,
}

/// What is known of a part of a pattern.
enum Found {
    /// Its matches are these letters.
    All(Vec<Letter>),
    /// Its matches have these letters in them.
    Within(Vec<Letter>),
}

/// The most letters that are looked at.
const LONGEST: usize = 1000;

impl Found {
    fn longest(self) -> Vec<Letter> {
        let (Self::All(letters) | Self::Within(letters)) = self;
        letters
    }

    fn of(pattern: &Hir) -> Self {
        match pattern.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::All(Vec::new()),
            HirKind::Literal(literal) => match str::from_utf8(&literal.0) {
                Ok(text) => Self::All(text.chars().map(Letter::exactly).collect()),
                Err(_) => Self::Within(Vec::new()),
            },
            HirKind::Class(Class::Unicode(class)) => match Letter::of(class) {
                Some(letter) => Self::All(vec![letter]),
                None => Self::Within(Vec::new()),
            },
            HirKind::Capture(group) => Self::of(&group.sub),
            HirKind::Repetition(repeated) if repeated.min > 0 => match Self::of(&repeated.sub) {
                Self::All(letters) => {
                    let times = repeated.min as usize;
                    let all = letters.len().saturating_mul(times) <= LONGEST;
                    let letters = letters.repeat(if all { times } else { 1 });
                    let exactly = all && repeated.max == Some(repeated.min);
                    if exactly { Self::All(letters) } else { Self::Within(letters) }
                }
                within @ Self::Within(_) => within,
            },
            HirKind::Concat(parts) => Self::of_parts(parts),
            HirKind::Class(Class::Bytes(_)) | HirKind::Repetition(_) | HirKind::Alternation(_) => {
                Self::Within(Vec::new())
            }
        }
    }

    fn of_parts(parts: &[Hir]) -> Self {
        let (mut run, mut longest, mut is_all) = (Vec::new(), Vec::new(), true);
        for part in parts {
            match Self::of(part) {
                Self::All(letters) => run.extend(letters),
                Self::Within(letters) => {
                    is_all = false;
                    for found in [std::mem::take(&mut run), letters] {
                        longest = longer(longest, found);
                    }
                }
            }
        }
        if is_all { Self::All(run) } else { Self::Within(longer(longest, run)) }
    }
}

fn longer(one: Vec<Letter>, other: Vec<Letter>) -> Vec<Letter> {
    if other.len() > one.len() { other } else { one }
}

impl Letter {
    fn exactly(letter: char) -> Self {
        Self { written: letter, lower: lower(letter), any_case: false }
    }

    /// The one that a class stands for, in any case if it has more than that.
    fn of(class: &ClassUnicode) -> Option<Self> {
        let written = class.ranges().first()?.start();
        let one = ClassUnicode::new([ClassUnicodeRange::new(written, written)]);
        if *class == one {
            return Some(Self::exactly(written));
        }
        let mut any_case = one;
        any_case.try_case_fold_simple().ok()?;
        (*class == any_case).then(|| Self { any_case: true, ..Self::exactly(written) })
    }
}

/// In lower case, if that is one letter and means the same.
fn lower(letter: char) -> char {
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use regex_syntax::ParserBuilder;

    use super::*;

    fn literal(pattern: &str) -> Option<(String, bool)> {
        let parsed = ParserBuilder::new().build().parse(pattern).expect("a pattern");
        Literal::of(&parsed).map(|literal| (literal.text, literal.any_case))
    }

    #[test]
    fn what_every_match_has_in_it_is_known() {
        for (pattern, text, any_case) in [
            ("took [0-9]+ ms to (read|write)", " ms to ", false),
            ("(?i)Time-?Out after", "out after", true),
            (r"^\bcode=(\d+)$", "code=", false),
            ("a{3}b", "aaab", false),
            ("x(ab){2,}", "abab", false),
            ("(?:größe)+", "größe", false),
            ("(?i)ok", "ok", true),
            ("err[o]r", "error", false),
            ("(?:a|b)?Timeout: .*x", "Timeout: ", false),
            ("Caused by: .*Exception", "Caused by: ", false),
        ] {
            assert_eq!(literal(pattern), Some((text.to_owned(), any_case)), "{pattern}");
        }
        for pattern in ["a|b", ".*", "(abc)?", "(abc)*", "[a-z]{3}", r"\d+", "", "[ab]c{0}"] {
            assert_eq!(literal(pattern), None, "{pattern}");
        }
    }
}
