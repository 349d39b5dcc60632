//! A text or pattern that a message is held against, at one look-up for each byte.

use std::fmt;
use std::hash::{Hash, Hasher};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::{Input, MatchKind};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::error::{LARGEST_PATTERN, LONGEST, SearchError};
use super::literal::literal;

/// The table of a text grows with its length only, and this is enough for the longest.
const LARGEST_TEXT: usize = 4 << 20;

/// How large a pattern may be before its table is made: bounds the making.
const LARGEST_NFA: usize = 256 * 1024;

/// Something to be found in a message. Equal ones were written alike.
///
/// What it costs depends on the length of the message alone: a table says for each state and byte
/// what the next state is, and all of it is made before the pattern is accepted.
#[derive(Clone)]
pub(crate) struct Pattern {
    pub(crate) source: String,
    /// What every message has in it in which it is found, for stores to look for; none if nothing
    /// is sure.
    pub(crate) literal: Option<String>,
    table: dense::DFA<Vec<u32>>,
}

impl Pattern {
    /// A text, as it is; case counts if it has a capital letter.
    pub(super) fn text(text: String) -> Result<Self, SearchError> {
        let any_case = !text.chars().any(char::is_uppercase);
        let parsed = parse(&text, &regex_syntax::escape(&text), any_case)?;
        Self::compile(text, &parsed, LARGEST_TEXT)
    }

    /// A pattern in the syntax of the `regex` crate.
    pub(super) fn regex(pattern: String) -> Result<Self, SearchError> {
        let parsed = parse(&pattern, &pattern, false)?;
        let words = parsed.properties().look_set().contains_word_unicode();
        if words && has_letters_beyond_ascii(&parsed) {
            return Err(SearchError::WordEdge);
        }
        Self::compile(pattern, &words_of_ascii(parsed), LARGEST_PATTERN)
    }

    fn compile(source: String, parsed: &Hir, largest: usize) -> Result<Self, SearchError> {
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .which_captures(WhichCaptures::None)
                    .nfa_size_limit(Some(LARGEST_NFA)),
            )
            .build_from_hir(parsed)
            .map_err(|_| SearchError::TooLarge)?;
        let table = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Unanchored)
                    .match_kind(MatchKind::All)
                    .dfa_size_limit(Some(largest))
                    .determinize_size_limit(Some(largest)),
            )
            .build_from_nfa(&nfa)
            .map_err(|_| SearchError::TooLarge)?;
        Ok(Self { source, literal: literal(parsed), table })
    }

    /// Whether it is found in the message.
    pub(super) fn is_in(&self, message: &str) -> bool {
        // It does not fail: no byte makes such a table give up, and no anchor was asked for.
        let found = self.table.try_search_fwd(&Input::new(message).earliest(true));
        found.is_ok_and(|end| end.is_some())
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        2 * self.source.len() + self.table.memory_usage()
    }
}

fn parse(written: &str, pattern: &str, any_case: bool) -> Result<Hir, SearchError> {
    let length = written.chars().count();
    if length > LONGEST {
        return Err(SearchError::TooLong(length));
    }
    let mut parser = ParserBuilder::new().case_insensitive(any_case).build();
    parser.parse(pattern).map_err(|error| SearchError::Pattern(Box::new(error)))
}

/// Whether a character is asked for that is none of ASCII.
fn has_letters_beyond_ascii(pattern: &Hir) -> bool {
    match pattern.kind() {
        HirKind::Literal(literal) => !literal.0.is_ascii(),
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().first().is_some_and(|range| !range.start().is_ascii())
        }
        HirKind::Repetition(repeated) => has_letters_beyond_ascii(&repeated.sub),
        HirKind::Capture(group) => has_letters_beyond_ascii(&group.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().any(has_letters_beyond_ascii)
        }
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => false,
    }
}

/// The pattern with the edges of words where letters, digits and `_` of ASCII begin and end: a
/// table sees one byte to each side, which is not enough to know a letter of another alphabet.
fn words_of_ascii(pattern: Hir) -> Hir {
    let all = |parts: Vec<Hir>| parts.into_iter().map(words_of_ascii).collect();
    match pattern.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            other => other,
        }),
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(words_of_ascii(*sub)) })
        }
        HirKind::Capture(group) => words_of_ascii(*group.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn regex(pattern: &str) -> Pattern {
        Pattern::regex(pattern.to_owned()).unwrap_or_else(|error| panic!("{pattern}: {error}"))
    }

    const AS_PEOPLE_WRITE_THEM: [&str; 36] = [
        r"(?i)\berror\b.*\bcode=\d+\b",
        r"^\w+@\w+\.\w+$",
        r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}",
        r"(?i)(timeout|timed out|deadline exceeded) after \d+(\.\d+)? ?(ms|s|min)",
        r"\p{L}+ wrote [\w/.-]+\.(parquet|csv) \(\d+ rows\)",
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        r"\b\d{1,3}(\.\d{1,3}){3}\b",
        r"(?i)exception|error|fail(ed|ure)?",
        r"took \d{4,} ?ms",
        r#"user[_-]?id[=:]\s*"?\w+"?"#,
        r"\[(WARN|ERROR)\]",
        r"^\[?\d+\] ",
        r"(GET|POST|PUT|DELETE) /\S+ [45]\d\d",
        r"at [\w.$]+\([\w.]+:\d+\)",
        r"Caused by: .*Exception",
        r"\$\{[^}]+\}",
        r"[\w.+-]+@[\w-]+\.[\w.-]+",
        r#"https?://[^\s"'<>]+"#,
        r#""[^"]*""#,
        r"[A-Z]{2,5}-\d+",
        r"rows?: ?\d{1,3}(,\d{3})*",
        r"(?i)out of memory|oom.?killed?",
        r"^\s*$",
        r"\bjob\s+\S+\s+(started|finished|failed)\b",
        r"[0-9a-f]{40}",
        r"(?:\d+\.)?\d+ (KiB|MiB|GiB)",
        r".{200,}",
        r"partition \d+ of \d+",
        r"(\w+\.)+\w+Error",
        r"(?i)größe|straße",
        r"\d{2}:\d{2}:\d{2}[.,]\d{3}",
        r"error.{0,20}timeout",
        r"(foo|bar|baz).{0,10}(err|fail)",
        r"lag.*[1-9]\d{3,}",
        r"0x[0-9A-Fa-f]+",
        r"(?s)Traceback.*(KeyError|ValueError): ",
    ];

    /// Those that take the largest tables.
    const COSTLY: [&str; 6] = [
        r"error.{0,20}timeout",
        r"(.*a.{6}){3}[XYZ]",
        r"(.*[aeiou].{3}){2}[\d]{3}",
        r"\p{L}+ wrote [\w/.-]+\.(parquet|csv) \(\d+ rows\)",
        r"[\w.+-]+@[\w-]+\.[\w.-]+",
        r"(?i)(error|warn|fail).*[A-Za-z0-9]{30}",
    ];

    fn lines() -> [String; 5] {
        let mut rng = fastrand::Rng::with_seed(12);
        let mut random =
            |letters: &[char]| (0..16_000).map(|_| *rng.choice(letters).unwrap()).collect();
        [
            "a".repeat(16_000),
            random(&['a', 'b', 'e', 'r', 'o', 't', ' ', '.', '@', '1']),
            random(&['a', 'X', 'e']),
            random(&['ö', 'é', 'a', '界', '😯', '-']),
            "errorerror timeou ".repeat(900),
        ]
    }

    #[test]
    fn patterns_as_people_write_them_are_accepted() {
        for pattern in AS_PEOPLE_WRITE_THEM {
            regex(pattern);
        }
    }

    #[test]
    fn a_text_of_any_letters_is_accepted_as_long_as_it_may_be() {
        let letters = ['ö', 'é', 'a', 'k', 's', '界', '😯', '-', 'ж', 'щ'];
        let mut rng = fastrand::Rng::with_seed(12);
        let mixed = (0..LONGEST).map(|_| *rng.choice(&letters).unwrap()).collect();
        let chinese = (0..LONGEST).map(|_| rng.char('一'..='鿿')).collect();
        for text in [mixed, chinese, "a".repeat(LONGEST), "größe ".repeat(166)] {
            let pattern = Pattern::text(text.clone()).expect("a text");
            assert!(pattern.is_in(&format!("in {text}.")), "{text}");
            let (cut, _) = text.char_indices().last().unwrap();
            assert!(!pattern.is_in(&text[..cut]), "{text}");
        }
    }

    #[test]
    fn a_pattern_that_would_be_slow_is_refused_in_words() {
        for pattern in [
            r"(.*a.{60}){3}[XYZ]",
            r"(.*[aeiou].{30}){5}[\d]{3}",
            r"(x{1000}){1000}",
            r"error.{0,200}timeout",
            r"(a|b)*a(a|b){24}",
            r"\w{3,200} failed",
        ] {
            let error = Pattern::regex(pattern.to_owned()).expect_err(pattern);
            assert!(matches!(error, SearchError::TooLarge), "{pattern}: {error}");
            assert!(error.to_string().contains("repeat less"), "{error}");
        }
    }

    #[test]
    fn a_table_finds_what_the_regex_crate_finds() {
        let mut messages: Vec<_> = lines().iter().map(|line| line[..200].to_owned()).collect();
        for pattern in AS_PEOPLE_WRITE_THEM {
            messages.push(pattern.replace('\\', ""));
        }
        messages.extend(
            ["", " ", "took 12000 ms", "Größe", "STRASSE", "error code=7", "10.0.0.1", "a@b.de"]
                .map(str::to_owned),
        );
        let mut found = 0;
        for pattern in AS_PEOPLE_WRITE_THEM.iter().chain(&COSTLY) {
            let (table, oracle) = (regex(pattern), regex::Regex::new(pattern).expect("a pattern"));
            for message in &messages {
                assert_eq!(table.is_in(message), oracle.is_match(message), "{pattern}: {message}");
                found += usize::from(oracle.is_match(message));
            }
        }
        assert!(found > 30, "{found} found");
    }

    #[test]
    fn edges_of_words_are_those_of_ascii_and_others_are_refused() {
        assert!(regex(r"\bcode\b").is_in("größe code=7"));
        assert!(!regex(r"\bcode\b").is_in("größe codes"));
        for pattern in [r"\bübung\b", r"\bcode\b [äöü]", r"(?i)\bошибка\b|x"] {
            let error = Pattern::regex(pattern.to_owned()).expect_err(pattern);
            assert!(matches!(error, SearchError::WordEdge), "{pattern}: {error}");
        }
        let written = regex(r"(^|\W)übung(\W|$)");
        assert!(written.is_in("eine übung.") && !written.is_in("eine übungen"));
    }

    /// How long it takes to look at all lines, without what else the machine does meanwhile.
    fn time(pattern: &Pattern, lines: &[String]) -> Duration {
        let once = || {
            let started = Instant::now();
            for line in lines {
                std::hint::black_box(pattern.is_in(line));
            }
            started.elapsed()
        };
        (0..10).map(|_| once()).min().expect("ten times")
    }

    #[test]
    fn the_costliest_pattern_takes_about_as_long_as_a_plain_text() {
        let lines = lines();
        // It begins with what the lines have much of, so that it has to look at them.
        let plain = Pattern::text("aerror timeoutx".to_owned()).expect("a text");
        let plain = time(&plain, &lines);
        for pattern in COSTLY {
            let taken = time(&regex(pattern), &lines);
            assert!(taken < plain * 20, "{pattern}: {taken:?} instead of {plain:?}");
        }
    }
}
