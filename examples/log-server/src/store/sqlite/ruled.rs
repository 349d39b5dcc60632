//! What rules on rows are looked up by: an index for each field that they may be about.

use rusqlite::Connection;

use crate::access::{RowFields, RowRules};

/// The value of a field in a row, as text. Where Rust knows one (`crate::ruled`), it is that one;
/// where Rust knows none, it may be anything.
///
/// Fields are made of letters, digits, `_` and `-`: nothing in them ends a name.
fn value(field: &str) -> String {
    let path = format!(".\"{}\"", field.replace('.', "\".\""));
    let found = format!("json_extract(row, '${path}')");
    format!(
        "CASE WHEN json_valid(row) THEN CASE json_type(row, '${path}')
           WHEN 'text' THEN {found}
           WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'
           WHEN 'integer' THEN CAST({found} AS TEXT)
           WHEN 'real' THEN CAST(CAST({found} AS INTEGER) AS TEXT)
         END END"
    )
}

/// A condition that every row meets which these rules show; `?` stands for each of their values.
pub(super) fn condition(rules: &RowRules) -> String {
    rules
        .0
        .iter()
        .fold(String::new(), |conditions, rule| conditions + " AND " + &value(&rule.field) + " = ?")
}

/// The index by which one's own rows are read, if there is one for the first rule's field: SQLite would
/// choose any that has the order.
pub(super) fn index(rules: &RowRules, fields: &RowFields) -> String {
    let first = rules.0.first().filter(|rule| fields.all().contains(&rule.field));
    first.map_or_else(String::new, |rule| format!(" INDEXED BY \"ruled {}\"", rule.field))
}

/// Makes the indexes of these fields. Those of others stay: another server may use them.
pub(super) fn make_indexes(writer: &Connection, fields: &RowFields) -> rusqlite::Result<()> {
    fields.all().iter().try_for_each(|field| {
        writer.execute_batch(&format!(
            "CREATE INDEX IF NOT EXISTS \"ruled {field}\"
             ON log (workspace, workflow, {}, date, seq)",
            value(field)
        ))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use super::super::file;
    use super::*;
    use crate::access::RowRule;

    #[test]
    fn rows_of_one_are_read_by_the_index_of_their_field_in_the_order_of_dates() {
        let folder = tempfile::tempdir().unwrap();
        let fields = RowFields::new(["owner".to_owned(), "team.name".to_owned()]).unwrap();
        let file = file::open(&folder.path().join("logs.db"), &fields).unwrap().writer;
        for field in fields.all() {
            let rule = RowRule { field: field.clone(), value: "ann".into() };
            let rules = RowRules(vec![rule]);
            let (index, condition) = (index(&rules, &fields), condition(&rules));
            let question = format!(
                "EXPLAIN QUERY PLAN SELECT row FROM log{index} WHERE workspace = 'w' AND workflow = 'f'
                 {condition} AND seq <= 9 AND (date, seq) < (9, 9) AND date >= 1
                 ORDER BY date DESC, seq DESC LIMIT -1"
            );
            let mut plan = file.prepare(&question.replace("= ?", "= 'ann'")).unwrap();
            let plan: Vec<String> =
                plan.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            assert_eq!(plan.len(), 1, "it is not sorted: {plan:?}");
            assert!(plan[0].contains(&format!("ruled {field} ")), "{plan:?}");
        }
    }
}
