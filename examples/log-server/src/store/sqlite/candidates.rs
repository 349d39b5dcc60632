//! Rows that a search may find, looked up by what they say or of what kind they are.

use gapless_sse_core::follow::{Scope, SortOrder};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::coordinates::Dated;
use super::kinds::{self, Kind};
use super::{folded, indexed};
use crate::search::Search;

/// So many rows are looked up at most before they are put in order. Of what more rows say, the next
/// one is near wherever one looks.
const MOST: usize = 20_000;

/// So many kinds are read side by side.
const MOST_KINDS: usize = 64;

/// Every row that a search can find at a snapshot is among these.
#[derive(Debug)]
pub(super) struct Candidates {
    /// In the order of history.
    pub(super) listed: Vec<Dated>,
    /// And all of these kinds, as far as they are indexed.
    pub(super) kinds: Vec<Kind>,
}

impl Candidates {
    /// Those of a search, where looking them up is less than looking at all rows.
    pub(super) fn of(
        snapshot: &Connection,
        scope: &Scope<Search>,
        as_of: i64,
        order: SortOrder,
    ) -> rusqlite::Result<Option<Self>> {
        let through = indexed::through(snapshot)?;
        let Some(beyond) = seqs(snapshot, BEYOND, vec![through.into(), as_of.into()])? else {
            return Ok(None);
        };
        let terms = scope.filter().terms();
        let said = match folded::question(terms) {
            Some(question) => seqs(snapshot, SAID, vec![question.into()])?,
            None => None,
        };
        let (seqs, kinds) = if let Some(said) = said {
            let indexed = said.into_iter().filter(|seq| *seq <= through.min(as_of));
            (indexed.chain(beyond).collect(), Vec::new())
        } else {
            let Some(all) = kinds::all(snapshot, scope.space())? else { return Ok(None) };
            let count = all.len();
            let kinds: Vec<_> = all.into_iter().filter(|kind| kind.is_among(terms)).collect();
            if kinds.len() == count || kinds.len() > MOST_KINDS {
                return Ok(None);
            }
            (beyond, kinds)
        };
        let mut listed = dated(snapshot, scope, seqs)?;
        listed.sort_unstable();
        if order == SortOrder::Descending {
            listed.reverse();
        }
        Ok(Some(Self { listed, kinds }))
    }
}

/// Rows that are not indexed yet.
const BEYOND: &str = "SELECT seq FROM log WHERE seq > ? AND seq <= ? LIMIT ?";

const SAID: &str = "SELECT rowid FROM words WHERE words MATCH ? LIMIT ?";

/// What a question finds, unless it is too much.
fn seqs(
    snapshot: &Connection,
    question: &str,
    values: Vec<Value>,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let mut question = snapshot.prepare_cached(question)?;
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    let values = values.into_iter().chain([most.into()]);
    let found = question.query_map(params_from_iter(values), |row| row.get(0))?;
    let found: Vec<i64> = found.collect::<rusqlite::Result<_>>()?;
    Ok((found.len() < MOST).then_some(found))
}

/// The keys of those that are in the scope.
fn dated(
    snapshot: &Connection,
    scope: &Scope<Search>,
    seqs: Vec<i64>,
) -> rusqlite::Result<Vec<Dated>> {
    let mut question =
        snapshot.prepare_cached("SELECT workspace, workflow, date FROM log WHERE seq = ?1")?;
    let mut key = |seq| {
        let found = question.query_row([seq], |row| {
            let (space, name) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            let date = row.get(2)?;
            Ok((space == scope.space() && has(scope, name)).then_some(Dated { date, seq }))
        });
        Ok(found.optional()?.flatten())
    };
    seqs.into_iter().filter_map(|seq| key(seq).transpose()).collect()
}

/// Whether a workflow of its workspace is one of the scope.
pub(super) fn has(scope: &Scope<Search>, workflow: &str) -> bool {
    scope
        .topics()
        .is_none_or(|topics| topics.binary_search_by(|topic| topic.name().cmp(workflow)).is_ok())
}
