//! Rows as CSV.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::note::NOTE;
use crate::row::Row;

/// The columns of files whose columns were not chosen; what else a row has is one object in `more`.
const COLUMNS: [&str; 7] = ["id", "date", "level", "type", "workflow", "message", MORE];
const MORE: &str = "more";

/// So many columns are enough for anybody.
const MOST: usize = 100;

/// How rows become the cells of a table.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    columns: Arc<[Box<str>]>,
    /// Whether `more` has what no other column has.
    rest: bool,
}

impl Cells {
    pub(super) fn new(columns: Option<&str>) -> Result<Self, String> {
        let rest = columns.is_none();
        let columns: Arc<[Box<str>]> = match columns {
            None => COLUMNS.into_iter().map(Box::from).collect(),
            Some(columns) => columns.split(',').map(|name| name.trim().into()).collect(),
        };
        if columns.iter().any(|name| name.is_empty()) || columns.len() > MOST {
            return Err(format!(
                "`columns` are 1 to {MOST} names of fields with commas between, as in \
                 `columns=date,message,details.rows`"
            ));
        }
        Ok(Self { columns, rest })
    }

    pub(super) fn head(&self, out: &mut Vec<u8>) {
        write(out, |writer| writer.write_record(self.columns.iter().map(|name| &**name)));
    }

    pub(super) fn rows<'r>(
        &self,
        rows: impl IntoIterator<Item = (&'r str, &'r Row)>,
        out: &mut Vec<u8>,
    ) -> usize {
        let mut written = 0;
        write(out, |writer| {
            rows.into_iter().try_for_each(|(workflow, row)| {
                let Ok(row) = serde_json::from_str(row.json()) else { return Ok(()) };
                written += 1;
                writer.write_record(self.cells(row, workflow))
            })
        });
        written
    }

    pub(super) fn note(&self, note: &str, out: &mut Vec<u8>) {
        let empty = (1..self.columns.len()).map(|_| "");
        write(out, |writer| writer.write_record([note].into_iter().chain(empty)));
    }

    fn cells(&self, mut row: Map<String, Value>, workflow: &str) -> Vec<String> {
        let mut cells: Vec<_> =
            self.columns.iter().map(|name| cell(&row, name, workflow)).collect();
        if self.rest {
            row.retain(|name, _| !COLUMNS.contains(&&**name) || name == MORE);
            if let Some(cell) = cells.last_mut() {
                *cell = if row.is_empty() { String::new() } else { Value::Object(row).to_string() };
            }
        }
        cells
    }
}

fn cell(row: &Map<String, Value>, name: &str, workflow: &str) -> String {
    let mut names = name.split('.');
    let first = names.next().and_then(|first| row.get(first));
    let within = || names.try_fold(first?, |value, name| value.get(name));
    let text = match row.get(name).or_else(within) {
        None if name == "workflow" => Cow::Borrowed(workflow),
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Borrowed(&**text),
        // A number is no formula, whatever its sign.
        Some(Value::Number(number)) => return number.to_string(),
        Some(other) => Cow::Owned(other.to_string()),
    };
    harmless(&text)
}

/// A spreadsheet takes some texts for formulas, unless there is an apostrophe before them.
fn harmless(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let apostrophe = if formula || text.starts_with(NOTE) { "'" } else { "" };
    format!("{apostrophe}{text}")
}

/// Writing to memory does not fail.
fn write(
    out: &mut Vec<u8>,
    records: impl FnOnce(&mut csv::Writer<&mut Vec<u8>>) -> Result<(), csv::Error>,
) {
    let mut builder = csv::WriterBuilder::new();
    let mut writer = builder.terminator(csv::Terminator::CRLF).from_writer(out);
    if let Err(error) = records(&mut writer).and_then(|()| Ok(writer.flush()?)) {
        tracing::error!(%error, "rows cannot be written as CSV; please report it");
    }
}
