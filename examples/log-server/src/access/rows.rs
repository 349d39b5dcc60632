//! Which rows a caller may see, of those that he may see at all.

use std::sync::Arc;

use serde::Deserialize;

/// A field that is to have a value, such as `owner` that of the caller's own name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRule {
    /// The field, as a path with dots.
    pub field: Box<str>,
    /// What it is to be, as text; a whole number, `true` or `false` in a row is compared by how
    /// JSON writes it.
    pub value: Box<str>,
}

/// Rules that are all to hold, on every page, stream, count, list and export.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRules(pub Vec<RowRule>);

impl RowRules {
    /// Whether every row may be seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The fields that rules may be about. Of each row in memory their values are kept, and an SQLite
/// file has an index for each; without any, rules cost nothing.
///
/// ```
/// use log_server::access::RowFields;
///
/// let fields = RowFields::new(["owner".to_owned(), "team.name".to_owned()])?;
/// assert!(fields.have("team.name") && !fields.have("team"));
/// # Ok::<(), log_server::access::InvalidField>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct RowFields(Option<Arc<[Box<str>]>>);

/// It is no field that rules may be about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no field for rules on rows: it is the name of a field that writers set, of letters, \
     digits, `_` and `-`, or several of them with dots between"
)]
pub struct InvalidField(String);

/// A rule is about a field that is not kept for rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "your rules are about the field {0:?}, which this server does not keep for rules; whoever runs \
     it is to add it to `row-fields` in its configuration"
)]
pub struct UnkeptField(Box<str>);

/// Fields that the server sets, or that are not for telling whose a row is.
const NOT_RULED: [&str; 7] =
    ["_id", "id", "workspace_id", "workflow_id", "date", "date_text", "message"];

impl RowFields {
    /// These fields.
    ///
    /// # Errors
    ///
    /// When one of them is no path of names, or is set by the server.
    pub fn new(fields: impl IntoIterator<Item = String>) -> Result<Self, InvalidField> {
        let mut known = Vec::new();
        for field in fields {
            let named = |name: &str| {
                let fits = |letter: char| letter.is_alphanumeric() || "_-".contains(letter);
                !name.is_empty() && name.chars().all(fits)
            };
            let first = field.split('.').next().unwrap_or_default();
            if NOT_RULED.contains(&first) || !field.split('.').all(named) {
                return Err(InvalidField(field));
            }
            known.push(field.into_boxed_str());
        }
        known.sort_unstable();
        known.dedup();
        Ok(Self((!known.is_empty()).then(|| known.into())))
    }

    /// All of them, sorted.
    pub fn all(&self) -> &[Box<str>] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether this is one of them.
    pub fn have(&self, field: &str) -> bool {
        self.all().iter().any(|known| **known == *field)
    }

    /// Whether all of the rules are about these.
    ///
    /// # Errors
    ///
    /// The field of one that is not: nobody could say whether it holds.
    pub fn check(&self, rules: &RowRules) -> Result<(), UnkeptField> {
        match rules.0.iter().find(|rule| !self.have(&rule.field)) {
            Some(rule) => Err(UnkeptField(rule.field.clone())),
            None => Ok(()),
        }
    }
}

impl TryFrom<Vec<String>> for RowFields {
    type Error = InvalidField;

    fn try_from(fields: Vec<String>) -> Result<Self, InvalidField> {
        Self::new(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_the_server_or_of_odd_characters_is_refused() {
        let field = |field: &str| RowFields::new([field.to_owned()]);
        for right in ["owner", "team.name", "größe", "a-b_c.0", "level", "type"] {
            assert!(field(right).is_ok_and(|fields| fields.have(right)), "{right}");
        }
        for wrong in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a\"b",
            "$where",
            "a b",
            "a'b",
            "a\0",
            "id",
            "_id",
            "date",
            "workspace_id",
            "workflow_id.x",
            "date_text",
            "message",
        ] {
            assert!(field(wrong).is_err(), "{wrong}");
        }
    }
}
