//! What was looked for, without the words.

use jiff::Timestamp;
use serde::Serialize;

use super::{digest, short};
use crate::search::Level;

/// The most levels or types that are named.
const MOST_NAMES: usize = 16;

/// What was looked for. Of texts and patterns, which may be those of messages, only how long they
/// are and what tells equal ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    levels: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex: Option<Words>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Words {
    characters: usize,
    sha256: String,
}

impl Filter {
    /// That of the parameters of a request, right or not; `None` if they look for nothing.
    pub fn of(parameters: &[(String, String)]) -> Option<Self> {
        let all = |name: &'static str| {
            let of =
                parameters.iter().filter(move |(known, value)| known == name && !value.is_empty());
            of.map(|(_, value)| value.as_str())
        };
        let words = |name| all(name).next().map(Words::of);
        // What is no date or level may be anything.
        let date = |name| {
            let date = all(name).next()?.parse::<Timestamp>();
            Some(date.map_or_else(|_| "?".to_owned(), |date| date.to_string()))
        };
        let level = |name: &str| {
            Level::of(name).map_or_else(|| "?".to_owned(), |_| name.to_ascii_uppercase())
        };
        let levels =
            all("level").flat_map(|levels| levels.split(',')).filter(|one| !one.is_empty());
        let filter = Self {
            levels: levels.take(MOST_NAMES).map(level).collect(),
            types: all("type").take(MOST_NAMES).map(short).collect(),
            from: date("from"),
            to: date("to"),
            q: words("q"),
            regex: words("regex"),
        };
        (filter != Self::default()).then_some(filter)
    }
}

impl Words {
    fn of(text: &str) -> Self {
        Self { characters: text.chars().count(), sha256: digest(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(parameters: &[(&str, &str)]) -> Option<String> {
        let owned = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let filter = Filter::of(&owned.collect::<Vec<_>>())?;
        Some(serde_json::to_string(&filter).unwrap())
    }

    #[test]
    fn words_are_told_by_their_length_and_digest() {
        let asked = [("level", "error,WARNING"), ("type", "stage"), ("q", "abc"), ("after", "x")];
        let expected = r#"{"levels":["ERROR","WARNING"],"types":["stage"],"#.to_owned()
            + r#""q":{"characters":3,"sha256":"ba7816bf8f01cfea"}}"#;
        assert_eq!(json(&asked), Some(expected));
    }

    #[test]
    fn what_is_no_level_or_date_is_not_repeated() {
        let asked = [("level", "hunter2"), ("from", "hunter2"), ("to", "2026-11-28T00:00:00Z")];
        let expected = r#"{"levels":["?"],"from":"?","to":"2026-11-28T00:00:00Z"}"#;
        assert_eq!(json(&asked).as_deref(), Some(expected));
        assert_eq!(json(&[("q", ""), ("ticket", "hunter2")]), None);
    }
}
