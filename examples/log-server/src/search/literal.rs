//! What surely stands in every message in which a pattern is found.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// The longest text, in lower case, that every match of this pattern has in it, in upper or lower
/// case: what has it not needs no further look.
pub(super) fn literal(pattern: &Hir) -> Option<String> {
    let text: String = Found::of(pattern).longest().into_iter().collect();
    (!text.is_empty()).then_some(text)
}

/// What is known of a part of a pattern.
enum Found {
    /// Its matches are these letters.
    All(Vec<char>),
    /// Its matches have these letters in them.
    Within(Vec<char>),
}

/// The most letters that are looked at.
const LONGEST: usize = 1000;

impl Found {
    fn longest(self) -> Vec<char> {
        let (Self::All(letters) | Self::Within(letters)) = self;
        letters
    }

    fn of(pattern: &Hir) -> Self {
        match pattern.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::All(Vec::new()),
            HirKind::Literal(literal) => match str::from_utf8(&literal.0) {
                Ok(text) => Self::All(text.chars().map(lower).collect()),
                Err(_) => Self::Within(Vec::new()),
            },
            HirKind::Class(Class::Unicode(class)) => match letter(class) {
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

fn longer(one: Vec<char>, other: Vec<char>) -> Vec<char> {
    if other.len() > one.len() { other } else { one }
}

/// The one letter that a class stands for, be it in any case.
fn letter(class: &ClassUnicode) -> Option<char> {
    let written = class.ranges().first()?.start();
    let one = ClassUnicode::new([ClassUnicodeRange::new(written, written)]);
    if *class == one {
        return Some(lower(written));
    }
    let mut any_case = one;
    any_case.try_case_fold_simple().ok()?;
    (*class == any_case).then(|| lower(written))
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

    fn found(pattern: &str) -> Option<String> {
        literal(&ParserBuilder::new().build().parse(pattern).expect("a pattern"))
    }

    #[test]
    fn what_every_match_has_in_it_is_known() {
        for (pattern, text) in [
            ("took [0-9]+ ms to (read|write)", " ms to "),
            ("(?i)Time-?Out after", "out after"),
            (r"^\bcode=(\d+)$", "code="),
            ("a{3}b", "aaab"),
            ("x(ab){2,}", "abab"),
            ("(?:größe)+", "größe"),
            ("(?i)ok", "ok"),
            ("err[o]r", "error"),
            ("(?:a|b)?Timeout: .*x", "timeout: "),
            ("Caused by: .*Exception", "caused by: "),
        ] {
            assert_eq!(found(pattern).as_deref(), Some(text), "{pattern}");
        }
        for pattern in ["a|b", ".*", "(abc)?", "(abc)*", "[a-z]{3}", r"\d+", "", "[ab]c{0}"] {
            assert_eq!(found(pattern), None, "{pattern}");
        }
    }
}
