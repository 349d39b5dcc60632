//! Who writes rows, as far as it shows in them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::NewRow;
use crate::access::{Caller, Place, Right, RowFields, RowRule, RowRules, UnkeptField};
use crate::ruled::scalar;

/// Who writes rows in some place: what his rules say of them, and which ids are his own.
///
/// ```
/// use log_server::access::{RowFields, RowRule, RowRules};
/// use log_server::row::{NewRow, Writer};
///
/// let rules = RowRules(vec![RowRule { field: "owner".into(), value: "ann".into() }]);
/// let fields = RowFields::new(["owner".to_owned()]).unwrap();
/// let ann = Writer::under(&rules, &fields).unwrap();
/// let row = |json| NewRow::from_json(json, jiff::Timestamp::now()).unwrap();
/// let mut row_of_hers = row(r#"{"message":"a"}"#);
/// ann.sign(&mut row_of_hers).unwrap();
/// assert_eq!(row_of_hers.more["owner"], "ann");
/// assert!(ann.sign(&mut row(r#"{"message":"a","owner":"bob"}"#)).is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Writer {
    rules: RowRules,
    /// What makes an id his own, if there are rows in the place that he may not see.
    mark: Option<String>,
}

impl Writer {
    /// Who writes in this place.
    ///
    /// # Errors
    ///
    /// When one of his rules is about a field that is not kept for rules.
    pub fn of(caller: &Caller, place: &Place, fields: &RowFields) -> Result<Self, UnkeptField> {
        let writer = Self::under(&caller.rows, fields)?;
        if caller.rows.is_empty() && caller.grants.allow(Right::Read, place) {
            return Ok(writer);
        }
        Ok(Self { mark: Some(mark(&caller.user, &caller.rows)), ..writer })
    }

    /// Someone of whom only the rules are known.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn under(rules: &RowRules, fields: &RowFields) -> Result<Self, UnkeptField> {
        fields.check(rules)?;
        let mark = (!rules.is_empty()).then(|| mark("", rules));
        Ok(Self { rules: rules.clone(), mark })
    }

    /// Makes a row his: it gets the fields of his rules, and an id that nobody else's has.
    ///
    /// # Errors
    ///
    /// In words for the client, when the row is another's by what a field of it says.
    pub fn sign(&self, row: &mut NewRow) -> Result<(), String> {
        self.rules.0.iter().try_for_each(|rule| keep(rule, row))?;
        if let (Some(id), Some(mark)) = (&mut row.id, &self.mark) {
            id.push('~');
            id.push_str(mark);
        }
        Ok(())
    }
}

/// The same for the same user under the same rules, whatever his token is.
fn mark(user: &str, RowRules(rules): &RowRules) -> String {
    let mut rules: Vec<_> = rules.iter().map(|rule| (&*rule.field, &*rule.value)).collect();
    rules.sort_unstable();
    rules.dedup();
    let hash = Sha256::digest(json!([user, rules]).to_string());
    URL_SAFE_NO_PAD.encode(&hash[..12])
}

/// Keeps to a rule: sets its field where it is missing.
fn keep(rule: &RowRule, row: &mut NewRow) -> Result<(), String> {
    let RowRule { field, value } = rule;
    let others = |found: &str| {
        Err(format!("`{field}` is {found}; you may write rows whose `{field}` is {value:?}"))
    };
    match &**field {
        "level" if *row.level != **value => return others(&format!("{:?}", row.level)),
        "type" if *row.kind != **value => return others(&format!("{:?}", row.kind)),
        "level" | "type" => return Ok(()),
        _ => {}
    }
    let (parents, name) = field.rsplit_once('.').unwrap_or(("", field));
    let mut fields = &mut row.more;
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        let found = fields.entry(parent).or_insert(Value::Null);
        if found.is_null() {
            *found = Map::new().into();
        }
        match found {
            Value::Object(found) => fields = found,
            other => return others(&other.to_string()),
        }
    }
    let found = fields.entry(name).or_insert(Value::Null);
    if found.is_null() {
        *found = (**value).into();
    }
    let found = found.to_string();
    if scalar(&found).is_some_and(|found| found == **value) { Ok(()) } else { others(&found) }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::access::Grants;

    fn rule(field: &str, value: &str) -> RowRule {
        RowRule { field: field.into(), value: value.into() }
    }

    fn signed(rules: &[RowRule], json: &str) -> Result<NewRow, String> {
        let fields = rules.iter().map(|rule| rule.field.to_string());
        let fields = RowFields::new(fields).expect("fields");
        let writer = Writer::under(&RowRules(rules.to_vec()), &fields).expect("kept fields");
        let mut row = NewRow::from_json(json, Timestamp::now())?;
        writer.sign(&mut row).map(|()| row)
    }

    #[test]
    fn a_row_gets_what_rules_say_and_keeps_what_meets_them() {
        let rules = [rule("owner", "7"), rule("team.name", "x")];
        for (row, more) in [
            (r#"{"message":"m"}"#, json!({"owner": "7", "team": {"name": "x"}})),
            (r#"{"message":"m","owner":7}"#, json!({"owner": 7, "team": {"name": "x"}})),
            (r#"{"message":"m","owner":7.0}"#, json!({"owner": 7.0, "team": {"name": "x"}})),
            (
                r#"{"message":"m","owner":null,"team":{"size":1}}"#,
                json!({"owner": "7", "team": {"size": 1, "name": "x"}}),
            ),
        ] {
            let signed = signed(&rules, row).expect("it is his");
            assert_eq!(Value::Object(signed.more), more, "{row}");
        }
    }

    #[test]
    fn a_row_of_another_is_refused_whatever_it_writes_there() {
        for (field, row) in [
            ("owner", r#""owner":"8""#),
            ("owner", r#""owner":["7"]"#),
            ("owner", r#""owner":{"a":"7"}"#),
            ("owner", r#""owner":7.5"#),
            ("owner", r#""owner":false"#),
            ("owner", r#""owner":"7 ""#),
            ("owner", r#""owner":"7","owner":"8""#),
            ("owner.name", r#""owner":"7""#),
            ("owner.name", r#""owner":{"name":"8"}"#),
            ("owner.name", r#""owner":[{"name":"7"}]"#),
            ("type", r#""type":"8""#),
            ("level", r#""level":"ERROR""#),
        ] {
            let refused = signed(&[rule(field, "7")], &format!(r#"{{"message":"m",{row}}}"#));
            let words = refused.expect_err(row);
            assert!(words.contains(field) && words.contains("you may write"), "{words}");
        }
    }

    #[test]
    fn an_id_is_ones_own_where_there_are_rows_that_one_may_not_see() {
        let fields = RowFields::new(["owner".to_owned()]).expect("a field");
        let place = Place::workflow("etl", "orders");
        let id = |user: &str, rules: &[RowRule], grants: Grants| {
            let caller = Caller {
                user: user.into(),
                grants,
                rows: RowRules(rules.to_vec()),
                ..Caller::anyone()
            };
            let writer = Writer::of(&caller, &place, &fields).expect("a field");
            let row = r#"{"message":"m","id":"mine"}"#;
            let mut row = NewRow::from_json(row, Timestamp::now()).expect("a row");
            writer.sign(&mut row).expect("his");
            row.id.expect("an id")
        };
        let (all, none) = (Grants::all, Grants::default);
        assert_eq!(id("ann", &[], all()), "mine");
        assert_eq!(id("bob", &[], all()), "mine");
        let rules = [rule("owner", "ann")];
        let his = [id("ann", &[], none()), id("bob", &[], none()), id("ann", &rules, all())];
        assert!(his.iter().all(|id| id.starts_with("mine~") && id.len() == 21), "{his:?}");
        assert!(his[0] != his[1] && his[0] != his[2]);
        assert_eq!(his[2], id("ann", &rules, none()), "whatever his token is");
    }

    #[test]
    fn rules_about_a_field_that_none_is_for_let_nothing_be_written() {
        let rules = RowRules(vec![rule("owner", "ann")]);
        let refused = Writer::under(&rules, &RowFields::default()).expect_err("no such field");
        let refused = refused.to_string();
        assert!(refused.contains("\"owner\"") && refused.contains("row-fields"), "{refused}");
    }
}
