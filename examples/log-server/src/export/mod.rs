//! Rows as files have them: NDJSON, CSV and text.

mod cells;
mod note;
mod text;

use cells::Cells;
use note::NOTE;
use serde_json::value::RawValue;

use crate::row::Row;

/// What NDJSON says about the export begins with this, and no row does.
const NOTE_OBJECT: &str = "{\"export\"";

/// How rows are written to a file.
///
/// ```
/// use log_server::export::Format;
/// use log_server::row::Row;
///
/// let row = Row::new(r#"{"id":"1","level":"INFO","message":"=1+1"}"#, None);
/// let csv = Format::of("csv", Some("level,message")).unwrap();
/// let (mut out, about) = (Vec::new(), serde_json::json!({ "rows": 1 }));
/// assert_eq!(csv.rows([("orders", &row)], &mut out), 1);
/// csv.note(&about, &mut out);
/// assert_eq!(out, b"INFO,'=1+1\r\n\"#export {\"\"rows\"\":1}\",\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct Format(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Ndjson,
    Csv(Cells),
    Text,
}

impl Format {
    /// The format of this name. `columns` are those of CSV, with commas between.
    ///
    /// # Errors
    ///
    /// In words for the client, when there is no such format, or it has no such columns.
    pub fn of(name: &str, columns: Option<&str>) -> Result<Self, String> {
        let kind = match name {
            "ndjson" => Kind::Ndjson,
            "text" => Kind::Text,
            "csv" => return Cells::new(columns).map(Kind::Csv).map(Self),
            _ => return Err(format!("`format` is {name:?}; it is `ndjson`, `csv` or `text`")),
        };
        match columns {
            None => Ok(Self(kind)),
            Some(_) => Err("`columns` is for `format=csv`; leave it out".to_owned()),
        }
    }

    /// What files of it end in.
    pub fn extension(&self) -> &'static str {
        match self.0 {
            Kind::Ndjson => "ndjson",
            Kind::Csv(_) => "csv",
            Kind::Text => "txt",
        }
    }

    /// What they are to HTTP.
    pub fn content_type(&self) -> &'static str {
        match self.0 {
            Kind::Ndjson => "application/x-ndjson",
            Kind::Csv(_) => "text/csv; charset=utf-8; header=present",
            Kind::Text => "text/plain; charset=utf-8",
        }
    }

    /// What a file begins with.
    pub fn head(&self, out: &mut Vec<u8>) {
        if let Kind::Csv(cells) = &self.0 {
            cells.head(out);
        }
    }

    /// These rows, each with its workflow, and how many of them are written: not those that are no JSON objects, of which
    /// there is nothing that could be written so that it is read back.
    pub fn rows<'r>(
        &self,
        rows: impl IntoIterator<Item = (&'r str, &'r Row)>,
        out: &mut Vec<u8>,
    ) -> usize {
        let line = match &self.0 {
            Kind::Ndjson => line,
            Kind::Csv(cells) => return cells.rows(rows, out),
            Kind::Text => text::line,
        };
        rows.into_iter().filter(|(_, row)| line(row.json(), out).is_ok()).count()
    }

    /// A line about the export, which cannot be taken for a row.
    pub fn note(&self, about: &serde_json::Value, out: &mut Vec<u8>) {
        match &self.0 {
            Kind::Ndjson => out.extend_from_slice(format!("{NOTE_OBJECT}:{about}}}\n").as_bytes()),
            Kind::Csv(cells) => cells.note(&format!("{NOTE}{about}"), out),
            Kind::Text => out.extend_from_slice(format!("{NOTE}{about}\n").as_bytes()),
        }
    }
}

/// A row as it is, on one line: in JSON, line breaks stand only between what it consists of.
fn line(json: &str, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let json = serde_json::from_str::<&RawValue>(json)?.get();
    let start = out.len();
    if json.starts_with(NOTE_OBJECT) {
        out.extend_from_slice(b"{ ");
        out.extend_from_slice(&json.as_bytes()[1..]);
    } else {
        out.extend_from_slice(json.as_bytes());
    }
    if json.contains(['\n', '\r']) {
        for byte in &mut out[start..] {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    out.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_orders(rows: &[Row]) -> impl Iterator<Item = (&str, &Row)> {
        rows.iter().map(|row| ("orders", row))
    }

    fn written(format: &Format, rows: &[&str]) -> String {
        let rows: Vec<_> = rows.iter().map(|row| Row::new(*row, None)).collect();
        let mut out = Vec::new();
        assert_eq!(format.rows(of_orders(&rows), &mut out), rows.len());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_row_is_one_line_of_json_that_none_about_the_export_is() {
        let ndjson = Format::of("ndjson", None).unwrap();
        let rows = ["{\"export\":{\"rows\":1}}", "{\r\n\"message\":\n\"a\\nb\"}", "{}"];
        let text = written(&ndjson, &rows);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), rows.len());
        for (line, row) in lines.iter().zip(rows) {
            assert!(!line.starts_with(NOTE_OBJECT), "{line}");
            let value = |json| serde_json::from_str::<serde_json::Value>(json).unwrap();
            assert_eq!(value(line), value(row));
        }
    }

    #[test]
    fn a_row_that_is_no_json_is_left_out_and_not_counted() {
        for (format, lines) in [("ndjson", 1), ("csv", 1), ("text", 1)] {
            let format = Format::of(format, None).unwrap();
            let rows = ["{", r#"{"message":"a"}"#, "", "{}}"].map(|row| Row::new(row, None));
            let mut out = Vec::new();
            assert_eq!(format.rows(of_orders(&rows), &mut out), 1);
            assert_eq!(String::from_utf8(out).unwrap().lines().count(), lines, "{format:?}");
        }
    }

    #[test]
    fn text_has_a_line_for_each_row_and_sets_off_what_follows() {
        let text = Format::of("text", None).unwrap();
        let row = r#"{"date":"2025-09-22T08:54:01.123Z","level":"ERROR","type":"load",
            "message":"no\n#export {}\r\nspace"}"#;
        let expected = "2025-09-22T08:54:01.123Z ERROR [load] no\n    #export {}\n    space\n";
        assert_eq!(written(&text, &[row]), expected);
        let odd = r##"{"date":"#export {}","message":7}"##;
        assert_eq!(written(&text, &[odd]), " #export {} - [-] 7\n");
    }

    #[test]
    fn a_cell_is_no_formula_and_no_line_about_the_export() {
        let csv = Format::of("csv", None).unwrap();
        let rows = [r##"{"id":"#export {}","message":"@a,\"b\"\nc","x":{"y":1},"level":"-1"}"##];
        let mut file = Vec::new();
        csv.head(&mut file);
        file.extend(written(&csv, &rows).into_bytes());
        csv.note(&serde_json::json!({ "rows": 1 }), &mut file);
        let read: Vec<Vec<String>> = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(&*file)
            .deserialize()
            .map(Result::unwrap)
            .collect();
        assert_eq!(read[0], ["id", "date", "level", "type", "workflow", "message", "more"]);
        let cells = ["'#export {}", "", "'-1", "", "orders", "'@a,\"b\"\nc", r#"{"x":{"y":1}}"#];
        assert_eq!(read[1], cells);
        assert_eq!(read[2][0], r#"#export {"rows":1}"#);
        assert!(Format::of("csv", Some("id,,x")).is_err());
        assert!(Format::of("text", Some("id")).is_err());
    }
}
