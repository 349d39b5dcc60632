//! The options of the command line, in the configuration file.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Options of the command line by their names, each as it would be written there. They hold where
/// neither the command line nor the environment says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Options(BTreeMap<String, toml::Spanned<Given>>);

/// What an option is given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "text, a whole number, `true` or `false`")]
enum Given {
    Switch(bool),
    Number(i64),
    Text(String),
}

impl Options {
    /// Each option: its name, and what stands behind it on a command line, if anything does.
    /// Switches that are off are not there.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        self.0.iter().filter_map(|(name, given)| match given.get_ref() {
            Given::Switch(false) => None,
            Given::Switch(true) => Some((name.as_str(), None)),
            Given::Number(number) => Some((name.as_str(), Some(number.to_string()))),
            Given::Text(text) => Some((name.as_str(), Some(text.clone()))),
        })
    }

    /// Where in the file an option stands.
    pub(crate) fn place(&self, name: &str) -> Option<std::ops::Range<usize>> {
        self.0.get(name).map(toml::Spanned::span)
    }
}
