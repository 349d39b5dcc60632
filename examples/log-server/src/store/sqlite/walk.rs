//! A walk over history in its order: over the rows of workflows, or over those that were looked up.

use std::ops::ControlFlow;

use gapless_sse_core::follow::{Entry, Scope, SortOrder};
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Rows, params_from_iter};

use super::candidates::{Candidates, has};
use super::coordinates::Dated;
use super::merged::{InOrder, Merged};
use super::rows::entry;
use super::ruled;
use crate::access::RowFields;
use crate::row::Row;
use crate::search::Search;

/// So many workflows are read side by side. Of more, one sees the whole workspace and passes over
/// the others.
const SIDE_BY_SIDE: usize = 256;

/// What is walked over.
pub(super) struct Stretch<'a> {
    pub(super) scope: &'a Scope<Search>,
    pub(super) fields: &'a RowFields,
    pub(super) order: SortOrder,
    /// Rows up to this `seq`, beyond `after`, and up to the date `end`.
    pub(super) as_of: i64,
    pub(super) after: Dated,
    pub(super) end: i64,
}

/// What is met on the way.
pub(super) enum Seen {
    Row(Box<Entry<Dated, Row>>),
    /// One that is of another workflow.
    Other(Dated),
}

/// What a source has: the row itself, or whether it is worth to be read.
enum Found {
    Row(Box<Entry<Dated, Row>>),
    Key { is_wanted: bool },
}

/// Shows one row after the other until it is told to stop, and says why it was.
pub(super) fn walk<T>(
    snapshot: &Connection,
    stretch: &Stretch<'_>,
    candidates: Option<&Candidates>,
    mut see: impl FnMut(Seen) -> ControlFlow<T>,
) -> rusqlite::Result<Option<T>> {
    let questions = match candidates {
        Some(candidates) => stretch.of_kinds(candidates),
        None => stretch.of_rows(),
    };
    let mut asked: Vec<(CachedStatement<'_>, Vec<Value>)> = questions
        .into_iter()
        .map(|(question, values)| Ok((snapshot.prepare_cached(&question)?, values)))
        .collect::<rusqlite::Result<_>>()?;
    let mut sources: Vec<InOrder<'_, Found>> = Vec::with_capacity(asked.len() + 1);
    for (question, values) in &mut asked {
        let rows = question.query(params_from_iter(values.iter()))?;
        sources.push(if candidates.is_some() { keys(rows, stretch) } else { whole(rows, stretch) });
    }
    if let Some(candidates) = candidates {
        let listed = candidates.listed.iter().filter(|key| stretch.has(**key));
        let mut listed = listed.map(|key| (*key, Found::Key { is_wanted: true }));
        sources.push(Box::new(move || Ok(listed.next())));
    }
    let mut row = snapshot
        .prepare_cached("SELECT seq, date, workspace, workflow, row FROM log WHERE seq = ?1")?;
    let mut merged = Merged::new(stretch.order, sources)?;
    let mut last = None;
    while let Some((key, found)) = merged.next()? {
        // It was listed, and is indexed by now.
        if last.replace(key) == Some(key) {
            continue;
        }
        let seen = match found {
            Found::Row(entry) if stretch.scope.contains(&entry.topic) => Seen::Row(entry),
            Found::Row(_) | Found::Key { is_wanted: false } => Seen::Other(key),
            Found::Key { is_wanted: true } => {
                match row.query_row([key.seq], |row| entry(row, stretch.fields)).optional()? {
                    Some(entry) => Seen::Row(Box::new(entry)),
                    None => continue,
                }
            }
        };
        if let ControlFlow::Break(why) = see(seen) {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

fn whole<'a>(mut rows: Rows<'a>, stretch: &'a Stretch<'_>) -> InOrder<'a, Found> {
    Box::new(move || {
        let Some(row) = rows.next()? else { return Ok(None) };
        let entry = entry(row, stretch.fields)?;
        Ok(Some((entry.key, Found::Row(Box::new(entry)))))
    })
}

fn keys<'a>(mut rows: Rows<'a>, stretch: &'a Stretch<'_>) -> InOrder<'a, Found> {
    Box::new(move || {
        let Some(row) = rows.next()? else { return Ok(None) };
        let key = Dated { seq: row.get(0)?, date: row.get(1)? };
        let is_wanted = has(stretch.scope, row.get_ref(2)?.as_str()?);
        Ok(Some((key, Found::Key { is_wanted })))
    })
}

type Question = (String, Vec<Value>);

impl Stretch<'_> {
    fn has(&self, key: Dated) -> bool {
        let Self { after, end, as_of, .. } = self;
        key.seq <= *as_of
            && match self.order {
                SortOrder::Ascending => key > *after && key.date < *end,
                SortOrder::Descending => key < *after && key.date >= *end,
            }
    }

    /// The questions for the rows of each workflow, or of all of them.
    fn of_rows(&self) -> Vec<Question> {
        let space = || Value::from(self.scope.space().to_owned());
        let what = "seq, date, workspace, workflow, row";
        let topics = self.scope.topics().filter(|topics| topics.len() <= SIDE_BY_SIDE);
        let Some(topics) = topics else {
            return vec![self.question(what, "log WHERE workspace = ?", vec![space()])];
        };
        let rules = self.scope.filter().rules();
        let (index, condition) = (ruled::index(rules, self.fields), ruled::condition(rules));
        let from = format!("log{index} WHERE workspace = ? AND workflow = ?{condition}");
        let of_topic = |name: &str| {
            let values = [space(), Value::from(name.to_owned())].into_iter();
            let values = values.chain(rules.0.iter().map(|rule| rule.value.to_string().into()));
            self.question(what, &from, values.collect())
        };
        topics.iter().map(|topic| of_topic(topic.name())).collect()
    }

    /// The questions for the keys of each kind.
    fn of_kinds(&self, candidates: &Candidates) -> Vec<Question> {
        let from = "kinds WHERE workspace = ? AND level = ? AND type = ?";
        let kinds = candidates.kinds.iter().map(|kind| {
            let space = self.scope.space().to_owned();
            let values = vec![space.into(), kind.level.into(), kind.name.clone().into()];
            self.question("seq, date, workflow", from, values)
        });
        kinds.collect()
    }

    fn question(&self, what: &str, from: &str, mut values: Vec<Value>) -> Question {
        let (beyond, order, within) = match self.order {
            SortOrder::Ascending => (">", "ASC", "<"),
            SortOrder::Descending => ("<", "DESC", ">="),
        };
        let Dated { date, seq } = self.after;
        values.extend([self.as_of, date, seq, self.end].map(Value::from));
        let question = format!(
            "SELECT {what} FROM {from} AND seq <= ?
               AND (date, seq) {beyond} (?, ?) AND date {within} ?
             ORDER BY date {order}, seq {order}"
        );
        (question, values)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use super::super::file;
    use super::super::kinds::Kind;
    use super::*;

    #[test]
    fn every_question_is_answered_by_an_index_in_its_order_and_nothing_is_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let fields = RowFields::default();
        let file = file::open(&folder.path().join("logs.db"), &fields).unwrap().writer;
        let many = (0..1000).map(|n| n.to_string());
        let candidates =
            Candidates { listed: Vec::new(), kinds: vec![Kind { level: 3, name: "x".to_owned() }] };
        for (scope, index, count) in [
            (Scope::new("w", ["f"]), "INDEX tail", 1),
            (Scope::new("w", ["f", "g", "h"]), "INDEX tail", 3),
            (Scope::new("w", many), "INDEX whole", 1),
            (Scope::whole("w"), "INDEX whole", 1),
        ] {
            let scope = scope.filtered(Search::default());
            for order in [SortOrder::Ascending, SortOrder::Descending] {
                let (after, end) = (Dated { date: 1, seq: 1 }, 1);
                let stretch =
                    Stretch { scope: &scope, fields: &fields, order, as_of: 9, after, end };
                let rows = stretch.of_rows();
                assert_eq!(rows.len(), count);
                let kinds = stretch.of_kinds(&candidates);
                let all = rows.into_iter().map(|question| (index, question));
                for (index, (question, values)) in
                    all.chain(kinds.into_iter().map(|question| ("PRIMARY KEY", question)))
                {
                    let plan: Vec<String> = file
                        .prepare(&format!("EXPLAIN QUERY PLAN {question}"))
                        .unwrap()
                        .query_map(params_from_iter(values), |row| row.get(3))
                        .unwrap()
                        .map(Result::unwrap)
                        .collect();
                    assert_eq!(plan.len(), 1, "it is sorted: {plan:?}");
                    let by = plan[0].contains(index) && plan[0].contains("date");
                    assert!(by, "not in order by {index}: {plan:?}");
                }
            }
        }
    }
}
