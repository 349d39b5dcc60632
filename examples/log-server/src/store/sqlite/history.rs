//! Pages of the SQLite log, of all rows or of those that are searched for.

use std::time::Instant;

use gapless_sse_core::follow::{Filter, HistoryQuery, Page, Record, Scope, SortOrder};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::coordinates::{Dated, Seq};
use super::database::{LARGEST_PAGE, entry};
use super::file::last;
use super::store::SqliteStore;
use crate::search::{Effort, Search};

/// SQLite keeps to the time that is searched; the search decides over each of its rows.
pub(super) fn history(
    connection: &Connection,
    scope: &Scope<Search>,
    query: &HistoryQuery<Seq, Dated>,
    effort: Effort,
) -> rusqlite::Result<Page<SqliteStore>> {
    let began = Instant::now();
    let snapshot = connection.unchecked_transaction()?;
    let as_of = match query.as_of {
        Some(as_of) => as_of,
        None => last(&snapshot)?,
    };
    let search = scope.filter();
    let (beyond, order, within) = match query.order {
        SortOrder::Ascending => (">", "ASC", "<"),
        SortOrder::Descending => ("<", "DESC", ">="),
    };
    let (from, to) = (search.terms().from, search.terms().to);
    let (start, end) = match query.order {
        SortOrder::Ascending => (
            from.map_or(Dated::LEAST, |from| Dated { date: from, seq: i64::MIN }),
            to.unwrap_or(i64::MAX),
        ),
        SortOrder::Descending => (
            to.map_or(Dated::GREATEST, |to| Dated { date: to, seq: i64::MIN }),
            from.unwrap_or(i64::MIN),
        ),
    };
    let after = match query.order {
        SortOrder::Ascending => query.after.map_or(start, |after| after.max(start)),
        SortOrder::Descending => query.after.map_or(start, |after| after.min(start)),
    };
    let workflows = vec!["?"; scope.topics().len()].join(", ");
    let mut values = vec![Value::from(scope.space().to_owned())];
    values.extend(scope.topics().iter().map(|topic| Value::from(topic.name().to_owned())));
    // Of a search, nobody knows how many rows it takes.
    let everything = search.is_everything();
    let limit = i64::try_from(query.limit).ok().filter(|_| everything).unwrap_or(-1);
    values.extend([as_of.0, after.date, after.seq, end, limit].map(Value::from));
    let mut question = snapshot.prepare_cached(&format!(
        "SELECT seq, date, workspace, workflow, row FROM log
         WHERE workspace = ? AND workflow IN ({workflows}) AND seq <= ?
           AND (date, seq) {beyond} (?, ?) AND date {within} ?
         ORDER BY date {order}, seq {order} LIMIT ?"
    ))?;
    let mut page = Page { as_of, entries: Vec::new(), more_after: None, scanned: 0 };
    if query.limit == 0 {
        return Ok(page);
    }
    let mut bytes = 0;
    for found in question.query_map(params_from_iter(values), entry)? {
        let found = found?;
        let key = found.key;
        page.scanned += 1;
        if everything || search.admits(&found.record.mark()) {
            bytes += found.record.json().len();
            page.entries.push(found);
        }
        let full = page.entries.len() == query.limit || bytes > LARGEST_PAGE;
        let left_out = page.scanned > page.entries.len();
        if full || left_out && (page.scanned >= effort.rows || began.elapsed() >= effort.time) {
            page.more_after = Some(key);
            break;
        }
    }
    Ok(page)
}
