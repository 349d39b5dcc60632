//! Counts by MongoDB itself.

use bson::{Bson, Document, doc};
use gapless_sse_core::follow::{Filter, Record, Scope};
use gapless_sse_mongo::{Effort, Error, Fields, Mongo};
use jiff::Timestamp;

use super::fields::{KIND, LEVEL};
use super::row::row;
use crate::fields::FieldMap;
use crate::row::Row;
use crate::search::{Checked, Search};
use crate::store::tally::{Cell, Tally, TallyQuery};

/// What the types of rows may be stored as where equal values are shown alike.
const PLAIN: [&str; 8] =
    ["string", "missing", "null", "undefined", "int", "long", "bool", "objectId"];

/// How many rows there are, unless the server cannot tell which of them are looked for.
pub(super) async fn tally(
    store: &Mongo<Row>,
    scope: &Scope<Search>,
    query: &TallyQuery,
) -> Result<Option<Tally>, Error> {
    if !is_of_groups(scope.filter()) {
        return Ok(None);
    }
    let effort = Effort::default().records(query.effort.rows).time(query.effort.time);
    let Some(groups) = store.group(scope, by(&store.options().fields, query.every), effort).await?
    else {
        return Ok(None);
    };
    let reached = groups.before.map(|before| before.timestamp_millis().saturating_sub(1));
    let mut tally = Tally {
        scanned: groups.scanned,
        incomplete: groups.incomplete,
        reached: reached.and_then(|reached| Timestamp::from_millisecond(reached).ok()),
        ..Tally::default()
    };
    let Checked { from, to, .. } = scope.filter().terms();
    // All of them are of the time that is looked for, and one date stands for theirs.
    let date = from.or(to.map(|to| to.saturating_sub(1)));
    let shown = FieldMap::default();
    for (group, rows) in &groups.counts {
        let is_plain = group.get_str("type_is").is_ok_and(|kind| PLAIN.contains(&kind));
        // What lies within an array is no level, but the server reads it.
        if !is_plain || group.get_str("level_is").is_ok_and(|level| level == "array") {
            return Ok(None);
        }
        let mark = Row::new(row(group, &shown), date).mark();
        if scope.filter().admits(&mark) {
            let begins = group.get_i64("begins").ok();
            tally.add(Cell { begins, level: mark.level, kind: mark.kind().into() }, *rows);
        }
    }
    Ok(Some(tally))
}

/// Whether all rows of a group are found or none is, but for their dates.
fn is_of_groups(search: &Search) -> bool {
    let Checked { levels: _, types: _, texts, regexes, fields, without, from: _, to: _ } =
        search.terms();
    let patterns = [texts, regexes, &without.texts, &without.regexes];
    search.rules().is_empty() && fields.is_empty() && patterns.into_iter().all(Vec::is_empty)
}

/// What rows are counted by: the level and the type as they are stored, since numbers that are equal
/// may be shown in several ways, and when their stretch of time begins.
fn by(fields: &Fields, every: Option<i64>) -> Document {
    let [level, kind, date] =
        [fields.stored(LEVEL), fields.stored(KIND), &fields.date].map(|field| format!("${field}"));
    let mut by = doc! {
        LEVEL: &level,
        KIND: &kind,
        "level_is": { "$type": level },
        "type_is": { "$type": kind },
    };
    if let Some(every) = every {
        let at = doc! { "$toLong": &date };
        let since = doc! { "$mod": [&at, every] };
        let before_1970 = doc! { "$cond": [{ "$lt": [&since, 0_i64] }, every, 0_i64] };
        let begins = doc! { "$subtract": [at, { "$add": [since, before_1970] }] };
        let is_date = doc! { "$eq": [{ "$type": date }, "date"] };
        by.insert("begins", doc! { "$cond": [is_date, begins, Bson::Null] });
    }
    by
}
