//! Names, several at once.

use serde::Deserialize;

/// A name of a workspace or workflow, or, with `*` in it for any text, many of them.
///
/// ```
/// use log_server::access::Pattern;
///
/// let pattern = Pattern::from("etl-*-eu".to_owned());
/// assert!(pattern.admits("etl-orders-eu"));
/// assert!(!pattern.admits("etl-eu"));
/// assert!(Pattern::any().admits("whatever"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub struct Pattern(Box<str>);

impl Pattern {
    /// Every name.
    pub fn any() -> Self {
        Self("*".into())
    }

    /// What all its names begin with.
    pub fn prefix(&self) -> &str {
        self.0.split('*').next().unwrap_or_default()
    }

    /// Whether it admits every name.
    pub fn is_any(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|byte| byte == b'*')
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This one name, whatever characters it has.
    ///
    /// A name with a `*` in it is admitted by no pattern but those that admit it by their own `*`.
    pub fn admits(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        let Some(last) = self.0.rsplit_once('*').map(|(_, last)| last) else {
            return rest.is_empty();
        };
        let Some(inner) = rest.strip_suffix(last) else { return false };
        rest = inner;
        let between = parts.collect::<Vec<_>>();
        for part in between.iter().take(between.len() - 1) {
            let Some((_, after)) = rest.split_once(part) else { return false };
            rest = after;
        }
        true
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}
