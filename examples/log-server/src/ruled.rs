//! What rules on rows look at.

use std::borrow::Cow;
use std::sync::Arc;

use crate::access::{RowFields, RowRule};
use crate::json::{self, Text};

/// What is longer is not kept, and no rule holds of it.
const LONGEST: usize = 256;

/// Whole numbers up to here are exact as 64-bit floats, and 7.0 is written as 7.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The values of a row that rules look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ruled {
    fields: RowFields,
    /// One for each field.
    values: Box<[Option<Box<str>>]>,
}

impl Ruled {
    /// Those of these fields, if there are any; `value` is the text of what is in one of them.
    pub(crate) fn new<'a>(
        fields: &RowFields,
        value: impl Fn(&str) -> Option<Cow<'a, str>>,
    ) -> Option<Arc<Self>> {
        if fields.all().is_empty() {
            return None;
        }
        let kept =
            |field: &str| value(field).filter(|value| value.len() <= LONGEST).map(Into::into);
        let values = fields.all().iter().map(|field| kept(field)).collect();
        Some(Arc::new(Self { fields: fields.clone(), values }))
    }

    /// Those of a row of JSON.
    pub(crate) fn of_json(row: &str, fields: &RowFields) -> Option<Arc<Self>> {
        Self::new(fields, |field| scalar(json::at(row, field)?))
    }

    /// Whether the rule holds: of what is not known, none does.
    pub(crate) fn meet(&self, rule: &RowRule) -> bool {
        let known = self.fields.all().iter().zip(&self.values);
        let value = known.filter(|(field, _)| **field == rule.field).map(|(_, value)| value);
        value.flatten().any(|value| *value == rule.value)
    }

    /// How many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        let texts: usize = self.values.iter().flatten().map(|value| value.len()).sum();
        size_of_val(self) + size_of_val(&*self.values) + texts
    }
}

/// A value as rules compare it, if it is a text, a whole number, `true` or `false`.
pub(crate) fn scalar(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok().map(|Text(text)| text),
        b't' | b'f' => Some(json.into()),
        b'-' | b'0'..=b'9' => {
            let whole = json.parse().ok().or_else(|| whole(json.parse().ok()?));
            whole.map(|whole| whole.to_string().into())
        }
        _ => None,
    }
}

/// The number as a whole one, if it is.
#[allow(clippy::cast_possible_truncation, reason = "it is known to fit")]
pub(crate) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(row: &str, field: &str) -> Option<Box<str>> {
        let fields = RowFields::new([field.to_owned()]).expect("a field");
        Ruled::of_json(row, &fields).expect("one field").values[0].clone()
    }

    #[test]
    fn a_value_is_known_by_how_json_writes_it() {
        for (row, known) in [
            (r#"{"owner":"ann"}"#, "ann"),
            (r#"{"\u006fwner":"\u0061nn"}"#, "ann"),
            (r#"{"owner":7}"#, "7"),
            (r#"{"owner":7.0}"#, "7"),
            (r#"{"owner":-70e-1}"#, "-7"),
            (r#"{"owner":9223372036854775807}"#, "9223372036854775807"),
            (r#"{"owner":true}"#, "true"),
            (r#"{"owner":""}"#, ""),
        ] {
            assert_eq!(value(row, "owner").as_deref(), Some(known), "{row}");
        }
        assert_eq!(value(r#"{"owner":{"name":"ann"}}"#, "owner.name").as_deref(), Some("ann"));
    }

    #[test]
    fn what_is_missing_ambiguous_or_no_value_is_nobodys() {
        let long = format!(r#"{{"owner":"{}"}}"#, "x".repeat(LONGEST + 1));
        for row in [
            "{}",
            "[]",
            "\"ann\"",
            "",
            r#"{"owner":"ann""#,
            r#"{"owner":"ann"} {}"#,
            r#"{"owner":null}"#,
            r#"{"owner":["ann"]}"#,
            r#"{"owner":{"ann":1}}"#,
            r#"{"owner":0.5}"#,
            r#"{"owner":1e300}"#,
            r#"{"owner":"ann","owner":"ann"}"#,
            r#"{"owner":"ann","own\u0065r":"bob"}"#,
            r#"{"owner":{"$oid":"650d5c1b2f8e4a0012345678"}}"#,
            r#"{"Owner":"ann"}"#,
            &long,
        ] {
            assert_eq!(value(row, "owner"), None, "{row}");
        }
        assert_eq!(value(r#"{"owner.name":"ann"}"#, "owner.name"), None);
        assert_eq!(value(r#"{"owner":{"name":"a","name":"a"}}"#, "owner.name"), None);
        assert_eq!(value(r#"{"owner":[{"name":"a"}]}"#, "owner.name"), None);
    }
}
