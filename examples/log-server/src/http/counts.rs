//! `GET …/logs/counts`: how many rows a search finds, by level, type and time.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use gapless_sse_core::follow::{Record, Scope, SortOrder};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::asked::Asked;
use super::known_counts::Question;
use super::logs::Logs;
use super::openapi::parameters;
use super::problem::Problem;
use super::query::{Parameters, SEARCH};
use crate::config;
use crate::search::{Search, Terms};
use crate::store::{Cell, Store, Tally};

/// The most stretches of time of an answer, and how many it has at most unless one asks for others.
const MOST_BUCKETS: i64 = 1000;
const USUAL_BUCKETS: i64 = 200;

/// The most types that an answer names.
const MOST_TYPES: usize = 50;

const SECOND: i64 = 1000;
const DAY: i64 = 24 * 60 * 60 * SECOND;

/// Stretches of time that people think in, in seconds.
const USUAL: [i64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/// How many rows a search finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Counts {
    /// All of them.
    total: u64,
    /// By level, and `none` for rows that have none.
    levels: BTreeMap<&'static str, u64>,
    /// The types that most rows have, the most frequent first.
    types: Vec<OfType>,
    /// Rows of all other types.
    other_types: u64,
    /// Rows without a date, which are in no stretch of time.
    undated: u64,
    histogram: Histogram,
    /// How far was looked, if there is more to count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    incomplete: Option<Uncounted>,
}

/// How many rows have a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct OfType {
    r#type: Box<str>,
    rows: u64,
}

/// How many rows there are in which stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Histogram {
    /// How long each is, such as `1h`. They begin at whole multiples since 1970.
    every: String,
    /// Those that have rows, the earliest first.
    buckets: Vec<Bucket>,
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Bucket {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    rows: u64,
    levels: BTreeMap<&'static str, u64>,
}

/// Rows that were not counted. Who has rules is not told how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Uncounted {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scanned: Option<u64>,
    /// The date of the last row that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    reached: Option<Timestamp>,
    detail: &'static str,
}

/// How many rows a search finds, by level, type and time.
#[utoipa::path(get, path = "", params(parameters::Counts, parameters::Terms), responses(
    (status = 200, description = "How many there are", body = Counts),
))]
pub(super) async fn counts<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
    logs: Logs,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Counts>, Problem> {
    let known = [&["every"], logs.parameters(), &SEARCH[..]].concat();
    let mut parameters = Parameters::new(query, &known)?;
    let every = parameters.take("every").map(|text| every(&text)).transpose()?;
    let terms = parameters.terms()?;
    let (address, rules) = (asked.client().network(), &asked.let_pass()?.rows);
    let times = Terms { from: terms.from, to: terms.to, ..Terms::default() };
    let times = app.searches.open(address, rules, times).await?;
    let search = app.searches.open(address, rules, terms).await?;
    let span = span(&app, &logs.scope().filtered(times)).await?;
    let every = every.unwrap_or_else(|| usual(span));
    let buckets = span / every + 1;
    if buckets > MOST_BUCKETS {
        return Err(Problem::bad_request(format!(
            "`every` makes {buckets} stretches of this time, and {MOST_BUCKETS} are the most; make \
             them longer, or look for less time (`from`, `to`)"
        )));
    }
    let question = Question { scope: logs.scope().filtered(search), every };
    let tally = app.known_counts.of(&app.log, question).await;
    let tally = tally.map_err(|error| Problem::unavailable(&*error))?;
    Ok(Json(Counts::of(&tally, every, rules.is_empty())))
}

/// How long a stretch of time is to be, in milliseconds.
fn every(text: &str) -> Result<i64, Problem> {
    let parsed = text.parse::<config::Duration>().ok();
    let whole = parsed.and_then(|config::Duration(time)| i64::try_from(time.as_millis()).ok());
    whole.filter(|every| *every >= SECOND).ok_or_else(|| {
        Problem::bad_request(format!(
            "`every` is {text:?}; it is a time from 1s on, such as 15m or 1d"
        ))
    })
}

/// From the first to the last row of these times, in milliseconds.
async fn span<S: Store>(app: &App<S>, scope: &Scope<Search>) -> Result<i64, Problem> {
    let mut ends = [None; 2];
    for (end, order) in ends.iter_mut().zip([SortOrder::Ascending, SortOrder::Descending]) {
        let page = app.log.page(scope, None, order, 1).await?;
        *end = page.records.first().and_then(|row| row.mark().date);
    }
    let [first, last] = ends;
    Ok(first.zip(last).map_or(0, |(first, last)| last.saturating_sub(first).max(0)))
}

/// How long stretches are of which so much time has no more than are usual.
fn usual(span: i64) -> i64 {
    let fits = |every: &i64| span / every < USUAL_BUCKETS;
    let known = USUAL.into_iter().map(|seconds| seconds * SECOND).find(fits);
    known.unwrap_or_else(|| (span / USUAL_BUCKETS / DAY + 1) * DAY)
}

impl Counts {
    fn of(tally: &Tally, every: i64, of_all: bool) -> Self {
        let mut counts = Self {
            total: tally.total(),
            levels: BTreeMap::new(),
            types: Vec::new(),
            other_types: 0,
            undated: 0,
            histogram: Histogram { every: text(every), buckets: Vec::new() },
            incomplete: None,
        };
        let mut types = BTreeMap::<&str, u64>::new();
        for (Cell { begins, level, kind }, rows) in &tally.rows {
            let level = level.map_or("none", |level| level.name());
            *counts.levels.entry(level).or_default() += rows;
            *types.entry(kind).or_default() += rows;
            let Some(from) = begins.and_then(|at| Timestamp::from_millisecond(at).ok()) else {
                counts.undated += rows;
                continue;
            };
            let buckets = &mut counts.histogram.buckets;
            if buckets.last().is_none_or(|last| last.from != from) {
                buckets.push(Bucket { from, rows: 0, levels: BTreeMap::new() });
            }
            let Some(bucket) = buckets.last_mut() else { continue };
            bucket.rows += rows;
            *bucket.levels.entry(level).or_default() += rows;
        }
        let mut types: Vec<_> = types.into_iter().collect();
        types.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        counts.other_types = types.iter().skip(MOST_TYPES).map(|(_, rows)| rows).sum();
        let named = types.into_iter().take(MOST_TYPES);
        counts.types = named.map(|(name, rows)| OfType { r#type: name.into(), rows }).collect();
        counts.incomplete = tally.incomplete.then(|| Uncounted {
            scanned: of_all.then_some(tally.scanned),
            reached: tally.reached.filter(|_| of_all),
            detail: "there is more to count than is looked at for one answer: these are the oldest \
                     rows; look for less time (`from`, `to`)",
        });
        counts
    }
}

/// A time as people write it.
fn text(every: i64) -> String {
    let days = every / DAY;
    if days > 0 && every % DAY == 0 {
        return format!("{days}d");
    }
    format!("{:#}", SignedDuration::from_millis(every))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_as_many_stretches_as_can_be_looked_at() {
        for seconds in [0, 59, 3600, 86_400, 7 * 86_400, 365 * 86_400, 50 * 365 * 86_400] {
            let every = usual(seconds * SECOND);
            let buckets = seconds * SECOND / every + 1;
            assert!(buckets <= USUAL_BUCKETS, "{seconds}: {buckets} of {every}");
            assert!(seconds < 120 || buckets >= 60, "{seconds}: {buckets} of {every}");
        }
        assert_eq!(
            [1000, 90_000, 3_600_000, DAY, 7 * DAY].map(text),
            ["1s", "1m 30s", "1h", "1d", "7d"]
        );
    }

    #[test]
    fn rows_are_in_one_level_one_type_and_one_stretch_each() {
        let mut tally = Tally::default();
        for nth in 0..60_u64 {
            let kind = format!("{nth}").into();
            tally.add(Cell { begins: Some(0), level: None, kind }, nth + 1);
        }
        tally.add(Cell { begins: None, level: None, kind: "59".into() }, 1);
        let counts = Counts::of(&tally, 1000, true);
        assert_eq!((counts.total, counts.undated), (60 * 61 / 2 + 1, 1));
        assert_eq!(counts.levels.get("none"), Some(&counts.total));
        assert_eq!((counts.types.len(), counts.types[0].rows), (50, 61));
        assert_eq!(counts.other_types, (1..=10).sum::<u64>());
        assert_eq!(counts.histogram.buckets.len(), 1);
        assert_eq!(counts.levels.len(), 1);
    }
}
