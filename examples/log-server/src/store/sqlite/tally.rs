//! How many rows there are, counted by the index of their kinds.

use std::time::Instant;

use gapless_sse_core::follow::{Filter, Record, Scope};
use rusqlite::{Connection, params};

use super::candidates::has;
use super::places::Abandoned;
use super::rows::entry;
use super::{indexed, kinds, lives};
use crate::access::RowFields;
use crate::search::{Checked, Search};
use crate::store::{Cell, Tally, TallyQuery};

/// So many rows may be beyond what is indexed; each of them is looked at.
const BEYOND: i64 = 20_000;

/// So many of its rows are counted before the time is looked at.
const LOOK: u64 = 4096;

/// Counts what is found, if the index knows it and there is time for that.
pub(super) fn of_kinds(
    connection: &Connection,
    scope: &Scope<Search>,
    query: &TallyQuery,
    fields: &RowFields,
    abandoned: &Abandoned,
) -> rusqlite::Result<Option<Tally>> {
    let began = Instant::now();
    let snapshot = connection.unchecked_transaction()?;
    let (through, last) = (indexed::through(&snapshot)?, lives::last_seq(&snapshot)?);
    let terms = scope.filter().terms();
    if !is_known_by_kind(scope.filter()) || last - through > BEYOND {
        return Ok(None);
    }
    let Some(kinds) = kinds::all(&snapshot, scope.space())? else { return Ok(None) };
    let begins = |date: i64| query.every.map(|every| date - date.rem_euclid(every));
    let mut tally = Tally::default();
    let mut keys = snapshot.prepare_cached(
        "SELECT date, workflow FROM kinds
         WHERE workspace = ?1 AND level = ?2 AND type = ?3 AND date >= ?4 AND date < ?5
         ORDER BY date, seq",
    )?;
    let (from, to) = (terms.from.unwrap_or(i64::MIN), terms.to.unwrap_or(i64::MAX));
    for kind in kinds.iter().filter(|kind| kind.is_among(terms)) {
        let mut rows = keys.query(params![scope.space(), kind.level, kind.name, from, to])?;
        let mut cell = Cell { begins: None, level: kind.level(), kind: kind.name.as_str().into() };
        let mut count = 0;
        while let Some(row) = rows.next()? {
            tally.scanned += 1;
            if tally.scanned.is_multiple_of(LOOK)
                && (abandoned.is_so() || began.elapsed() >= query.effort.time)
            {
                return Ok(None);
            }
            if scope.topics().is_some() && !has(scope, row.get_ref(1)?.as_str()?) {
                continue;
            }
            let begins = begins(row.get(0)?);
            if begins != cell.begins && count > 0 {
                tally.add(cell.clone(), std::mem::take(&mut count));
            }
            cell.begins = begins;
            count += 1;
        }
        if count > 0 {
            tally.add(cell, count);
        }
    }
    let mut rest = snapshot.prepare_cached(
        "SELECT seq, date, workspace, workflow, row FROM log WHERE seq > ?1 ORDER BY seq",
    )?;
    let mut rest = rest.query([through])?;
    while let Some(row) = rest.next()? {
        let found = entry(row, fields)?;
        tally.scanned += 1;
        let mark = found.record.mark();
        if scope.contains(&found.topic) && scope.filter().admits(&mark) {
            let begins = begins(found.key.date);
            tally.add(Cell { begins, level: mark.level, kind: mark.kind().into() }, 1);
        }
    }
    Ok(Some(tally))
}

/// Whether it is known of all rows of a kind at a time whether they are found.
fn is_known_by_kind(search: &Search) -> bool {
    let Checked { texts, regexes, fields, without, .. } = search.terms();
    search.rules().is_empty()
        && fields.is_empty()
        && [texts, regexes, &without.texts, &without.regexes].into_iter().all(Vec::is_empty)
}
