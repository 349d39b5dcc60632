//! What rules on rows are looked up by: an index for each field that they may be about.

use rusqlite::{Connection, params_from_iter};

use crate::access::{RowFields, RowRules};

/// What the names of the indexes begin with.
const INDEX: &str = "ruled ";

/// The value of a field in a row, as text. Where Rust knows one (`crate::ruled`), it is that one;
/// where Rust knows none, it may be anything.
///
/// Fields are made of letters, digits, `_` and `-`: nothing in them ends a name.
fn value(field: &str) -> String {
    let path: String = field.split('.').map(|name| format!(".\"{name}\"")).collect();
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
    rules.0.iter().map(|rule| format!(" AND {} = ?", value(&rule.field))).collect()
}

/// Makes the indexes of these fields, and removes those of others.
pub(super) fn make_indexes(writer: &Connection, fields: &RowFields) -> rusqlite::Result<()> {
    let wanted: Vec<_> = fields.all().iter().map(|field| format!("{INDEX}{field}")).collect();
    let found: Vec<String> = writer
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE ? || '%'")?
        .query_map(params_from_iter([INDEX]), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for name in found.iter().filter(|name| !wanted.contains(name)) {
        writer.execute_batch(&format!("DROP INDEX \"{name}\""))?;
    }
    for (field, name) in fields.all().iter().zip(&wanted).filter(|(_, name)| !found.contains(name))
    {
        writer.execute_batch(&format!(
            "CREATE INDEX \"{name}\" ON log (workspace, workflow, {}, date, seq)",
            value(field)
        ))?;
    }
    Ok(())
}
