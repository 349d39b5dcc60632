//! Which stored field is which of a row.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::FieldName;
use crate::dates::StoredDates;

/// What the fields of a log are called, and how its dates are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldMap {
    named: BTreeMap<FieldName, String>,
    constants: BTreeMap<FieldName, String>,
    dates: StoredDates,
}

/// Why fields cannot be called so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFields {
    /// There is no such thing in a row.
    #[error(
        "{0:?} is nothing that a row has for the server; there are workspace, workflow, date, \
         level, type, message, run and user"
    )]
    NoSuchField(String),
    /// Not `NAME=FIELD`.
    #[error("{0:?} is no assignment; write it as in level=severity")]
    NoAssignment(String),
    /// No name of a field.
    #[error(
        "{0:?} cannot be the name of a field: it is made of names with dots between them, none of \
         which is empty, `_id` or begins with `$`"
    )]
    BadPath(String),
    /// Two would be one.
    #[error("{0} and {1} would be the same field, or one within the other: {2}")]
    Overlap(FieldName, FieldName, String),
    /// Only a place can be a constant.
    #[error("{0} cannot be a constant: only workspace and workflow can")]
    NoConstant(FieldName),
    /// A constant and a field.
    #[error("{0} is a field and a constant: leave one out")]
    Both(FieldName),
    /// A workspace has a name.
    #[error("the constant {0} is empty")]
    Empty(FieldName),
}

impl FieldMap {
    /// Fields of these names, those constants, and dates that are written so.
    ///
    /// # Errors
    ///
    /// When they contradict each other.
    pub fn new(
        named: BTreeMap<FieldName, String>,
        constants: BTreeMap<FieldName, String>,
        dates: StoredDates,
    ) -> Result<Self, InvalidFields> {
        for path in named.values() {
            let good = |name: &str| {
                !(name.is_empty() || name == "_id" || name.starts_with('$') || name.contains('\0'))
            };
            if !path.split('.').all(good) {
                return Err(InvalidFields::BadPath(path.clone()));
            }
        }
        for (name, value) in &constants {
            if !matches!(name, FieldName::Workspace | FieldName::Workflow) {
                return Err(InvalidFields::NoConstant(*name));
            }
            if named.contains_key(name) {
                return Err(InvalidFields::Both(*name));
            }
            if value.is_empty() {
                return Err(InvalidFields::Empty(*name));
            }
        }
        let map = Self { named, constants, dates };
        let fields = || FieldName::ALL.into_iter().filter(|name| map.constant(*name).is_none());
        for name in fields() {
            let path = map.field(name);
            let within = |other: &FieldName| {
                let rest = path.strip_prefix(map.field(*other));
                *other != name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            if let Some(other) = fields().find(within) {
                return Err(InvalidFields::Overlap(name, other, path.to_owned()));
            }
        }
        Ok(map)
    }

    /// The field, or the path with dots, that has this.
    pub fn field(&self, name: FieldName) -> &str {
        self.named.get(&name).map_or_else(|| name.shown(), String::as_str)
    }

    /// What stands for it in all rows, if it is no field.
    pub fn constant(&self, name: FieldName) -> Option<&str> {
        self.constants.get(&name).map(String::as_str)
    }

    /// How dates are written.
    pub fn dates(&self) -> &StoredDates {
        &self.dates
    }

    /// Whether fields are called as the server shows them.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// `NAME=VALUE`, as on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// What is assigned.
    pub name: FieldName,
    /// The field, or the constant.
    pub value: String,
}

impl FromStr for Assignment {
    type Err = InvalidFields;

    fn from_str(text: &str) -> Result<Self, InvalidFields> {
        let no_assignment = || InvalidFields::NoAssignment(text.to_owned());
        let (name, value) = text.split_once('=').ok_or_else(no_assignment)?;
        let known = FieldName::ALL.into_iter().find(|known| known.as_str() == name);
        let name = known.ok_or_else(|| InvalidFields::NoSuchField(name.to_owned()))?;
        Ok(Self { name, value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&str, &str)], constants: &[(&str, &str)]) -> Result<FieldMap, InvalidFields> {
        let read = |given: &[(&str, &str)]| -> Result<BTreeMap<_, _>, InvalidFields> {
            let parse = |(name, value): &(&str, &str)| format!("{name}={value}").parse();
            let parsed: Result<Vec<Assignment>, _> = given.iter().map(parse).collect();
            Ok(parsed?.into_iter().map(|assigned| (assigned.name, assigned.value)).collect())
        };
        FieldMap::new(read(fields)?, read(constants)?, StoredDates::default())
    }

    #[test]
    fn fields_are_called_as_usual_unless_they_are_given_names() {
        let map = map(&[("level", "meta.severity"), ("date", "ts")], &[("workspace", "etl")]);
        let map = map.expect("a map");
        let names = FieldName::ALL.map(|name| map.field(name));
        let expected = ["workspace_id", "workflow_id", "ts", "meta.severity", "type", "message"];
        assert_eq!(names[..6], expected);
        assert_eq!(map.constant(FieldName::Workspace), Some("etl"));
        assert!(!map.is_usual() && FieldMap::default().is_usual());
    }

    #[test]
    fn what_contradicts_itself_is_refused_in_words() {
        for (fields, constants, words) in [
            (vec![("level", "type")], vec![], "level and type would be the same field"),
            (vec![("date", "meta"), ("level", "meta.sev")], vec![], "one within the other"),
            (vec![("level", "a..b")], vec![], "cannot be the name of a field"),
            (vec![("level", "")], vec![], "cannot be the name of a field"),
            (vec![("level", "$where")], vec![], "cannot be the name of a field"),
            (vec![("date", "_id.date")], vec![], "cannot be the name of a field"),
            (vec![("workflow", "job")], vec![("workflow", "x")], "leave one out"),
            (vec![], vec![("level", "INFO")], "only workspace and workflow can"),
            (vec![], vec![("workspace", "")], "is empty"),
            (vec![("severity", "level")], vec![], "there are workspace, workflow, date"),
        ] {
            let refused = map(&fields, &constants).expect_err(words).to_string();
            assert!(refused.contains(words), "{refused}");
        }
        assert!("level".parse::<Assignment>().is_err());
    }
}
