//! Searches of history: the server narrows, the filter decides, and the effort is bounded.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::time::{Duration, Instant};

use common::{Logs, quick, set, standalone, within};
use futures_util::TryStreamExt;
use gapless_sse_core::Event;
use gapless_sse_core::follow::{Entry, Filter, Record, Scope, SortOrder, Source};
use gapless_sse_mongo::bson::{Bson, DateTime, Document, RawBsonRef, RawDocument, Timestamp, doc};
use gapless_sse_mongo::{Effort, Fields, Key, Mongo, Narrow, Narrowing, json};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// What is looked for; all of it is to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Search {
    levels: Vec<String>,
    text: String,
    /// Something that the server is not told of.
    ends_with: String,
    from: Option<i64>,
    before: Option<i64>,
}

/// Level, text and date of a record.
type Mark = (Option<String>, String, Option<i64>);

impl Filter for Search {
    type Mark = Mark;

    fn admits(&self, (level, text, date): &Mark) -> bool {
        let lower = text.to_lowercase();
        (self.levels.is_empty() || level.as_ref().is_some_and(|level| self.levels.contains(level)))
            && folded(&lower).contains(&folded(&self.text.to_lowercase()))
            && text.ends_with(&self.ends_with)
            && self.from.is_none_or(|from| date.is_some_and(|date| date >= from))
            && self.before.is_none_or(|before| date.is_some_and(|date| date < before))
    }
}

/// The one other small letter that has a partner among those of ASCII.
fn folded(text: &str) -> String {
    text.replace('ſ', "s")
}

impl Narrow for Search {
    fn narrow(&self, _: &Fields) -> Narrowing {
        let mut narrowing = Narrowing::default().containing("message", &self.text);
        if !self.levels.is_empty() {
            let levels = doc! { "level": { "$in": self.levels.clone() } };
            narrowing = narrowing.matching(levels);
        }
        if let Some(from) = self.from {
            narrowing = narrowing.not_before(DateTime::from_millis(from));
        }
        if let Some(before) = self.before {
            narrowing = narrowing.before(DateTime::from_millis(before));
        }
        narrowing
    }
}

#[derive(Debug)]
struct Row {
    id: String,
    mark: Mark,
}

impl Record for Row {
    type Filter = Search;

    fn event(&self) -> Event<'_> {
        Event::new(&self.id)
    }

    fn mark(&self) -> Mark {
        self.mark.clone()
    }
}

fn decode(record: &RawDocument) -> Result<Row, Box<dyn std::error::Error + Send + Sync>> {
    let text = match record.get("message")? {
        Some(RawBsonRef::String(text)) => text.to_owned(),
        Some(other) => json::value(other),
        None => String::new(),
    };
    let level = record.get_str("level").ok().map(ToOwned::to_owned);
    let date = record.get_datetime("date").ok().map(DateTime::timestamp_millis);
    let id = json::id_text(record.get("_id")?.unwrap_or(RawBsonRef::Null));
    Ok(Row { id, mark: (level, text, date) })
}

async fn connect(uri: &str, effort: Effort) -> Mongo<Row> {
    let options = quick().effort(effort);
    Mongo::<Document>::connect(uri, "logs", options).await.unwrap().decode_with(decode)
}

/// What a search finds, page by page, and how much it looked at on how many pages.
#[derive(Debug, Default)]
struct Found {
    rows: Vec<Entry<Key, Row>>,
    scanned: usize,
    /// Those that ended before they were full.
    cut: usize,
    longest: Duration,
}

async fn search(logs: &Mongo<Row>, search: &Search, order: SortOrder, limit: usize) -> Found {
    let scope = Scope::new("a", ["b"]).filtered(search.clone());
    let (mut found, mut as_of, mut after) = (Found::default(), None, None);
    loop {
        let began = Instant::now();
        let asked = common::query(as_of.as_ref(), after.as_ref(), order, limit);
        let page = within(logs.history(&scope, asked)).await.unwrap();
        found.longest = found.longest.max(began.elapsed());
        found.scanned += page.scanned;
        assert!(page.entries.len() <= limit);
        if let (Some(before), Some(now)) = (&after, &page.more_after) {
            let forward = if order == SortOrder::Ascending { now > before } else { now < before };
            assert!(forward, "{before:?}, then {now:?}");
        }
        found.cut += usize::from(page.more_after.is_some() && page.entries.len() < limit);
        found.rows.extend(page.entries);
        as_of = Some(page.as_of);
        after = page.more_after;
        if after.is_none() {
            return found;
        }
    }
}

fn ids(rows: &[Entry<Key, Row>]) -> Vec<&str> {
    rows.iter().map(|row| &*row.record.id).collect()
}

/// Long ago, so that polling takes them for settled.
const YEAR_2023: i64 = 1_700_000_000_000;

fn date() -> impl Strategy<Value = Option<Bson>> {
    prop_oneof![
        8 => (0..40_i64).prop_map(|s| Some(Bson::DateTime(DateTime::from_millis(YEAR_2023 + s)))),
        1 => Just(None),
        1 => prop_oneof![
            Just(Bson::Null),
            Just(Bson::String("2023-11-14T22:13:20.010Z".to_owned())),
            Just(Bson::Int64(YEAR_2023 + 3)),
            Just(Bson::Timestamp(Timestamp { time: 1_700_000_000, increment: 1 })),
            Just(Bson::Boolean(true)),
            Just(Bson::MaxKey),
        ]
        .prop_map(Some),
    ]
}

fn level() -> impl Strategy<Value = Option<Bson>> {
    prop_oneof![
        Just(None),
        prop_oneof![Just("INFO"), Just("ERROR"), Just("error")].prop_map(|l| Some(l.into())),
        Just(Some(Bson::Int32(40))),
        Just(Some(Bson::Array(vec!["ERROR".into()]))),
    ]
}

/// Letters with partners of another case, some of them not of ASCII, and what patterns are made of.
fn text() -> impl Strategy<Value = String> {
    "[kKsſßẞaAÄ.*\\\\(\\[^$ \n\t/'\"é😀]{0,4}"
}

fn message() -> impl Strategy<Value = Option<Bson>> {
    prop_oneof![
        8 => "[kKsSſKßaAäÄ.*\\\\(\\[^$ \n\t/'\"é😀]{0,8}".prop_map(|text| Some(text.into())),
        1 => Just(None),
        1 => text().prop_map(|text| Some(Bson::Array(vec![text.into(), 7.into()]))),
        1 => text().prop_map(|text| Some(doc! { "kas": text }.into())),
        1 => Just(Some(Bson::Null)),
    ]
}

fn record() -> impl Strategy<Value = Document> {
    (date(), level(), message()).prop_map(|(date, level, message)| {
        let mut record = doc! { "workspace_id": "a", "workflow_id": "b" };
        let fields = [("date", date), ("level", level), ("message", message)];
        record.extend(fields.into_iter().filter_map(|(name, value)| Some((name.into(), value?))));
        record
    })
}

fn a_search() -> impl Strategy<Value = Search> {
    let levels = prop::collection::vec("INFO|ERROR|error|none", 0..3);
    let text = prop_oneof![2 => text(), 1 => "[kas]", 1 => Just(String::new())];
    let ends_with = prop_oneof![3 => Just(String::new()), 1 => "k|a|\\]"];
    let bound = || prop::option::of((-2..42_i64).prop_map(|s| YEAR_2023 + s));
    (levels, text, ends_with, bound(), bound()).prop_map(
        |(levels, text, ends_with, from, before)| Search { levels, text, ends_with, from, before },
    )
}

fn made<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_search_finds_what_a_look_at_every_record_finds() {
    for server in [set(), standalone()] {
        let uri = server.database_uri("every_record");
        let other = Logs::connect(&uri).await;
        let all = connect(&uri, Effort::default()).await;
        all.epoch().await.unwrap();
        let mut runner = TestRunner::deterministic();
        let records = prop::collection::vec(record(), 600);
        let records = made(&records, &mut runner).into_iter().zip(0..);
        other
            .insert(records.map(|(mut record, id)| {
                record.insert("_id", id);
                record
            }))
            .await;
        let everything = search(&all, &Search::default(), SortOrder::Ascending, 10_000).await.rows;
        let dates = everything.iter().filter(|row| row.record.mark.2.is_some()).count();
        assert!((300..600).contains(&dates), "{dates} of {}", everything.len());
        let (mut results, mut cut) = (0, 0);
        for _ in 0..100 {
            let looked_for = made(&a_search(), &mut runner);
            let admitted = |row: &&Entry<Key, Row>| looked_for.admits(&row.record.mark);
            let mut expected: Vec<_> =
                everything.iter().filter(admitted).map(|row| &*row.record.id).collect();
            let limit = made(&prop_oneof![Just(1_usize), 2..20_usize, Just(1000)], &mut runner);
            let records = made(&(1..700_usize), &mut runner);
            let logs = connect(&uri, Effort::default().records(records)).await;
            for order in [SortOrder::Ascending, SortOrder::Descending] {
                let found = search(&logs, &looked_for, order, limit).await;
                assert_eq!(ids(&found.rows), expected, "{looked_for:?}, {order:?}, by {limit}");
                expected.reverse();
                cut += found.cut;
            }
            results += expected.len();
        }
        // The searches are only worth something if they find, leave out and stop in between.
        assert!(results > 500 && cut > 100, "{results} found, {cut} cut");
    }
}

/// A hundred thousand records, one in a thousand of them an error.
async fn many(uri: &str) {
    let logs = Logs::connect(uri).await;
    for start in (0..100_000).step_by(10_000) {
        let record = |id: i32| {
            let level = if id % 1000 == 0 { "ERROR" } else { "INFO" };
            let date = DateTime::from_millis(YEAR_2023 + i64::from(id));
            let message = format!("stage {id} has read 12,345 rows from warehouse.orders");
            doc! {
                "_id": id, "workspace_id": "a", "workflow_id": "b", "date": date,
                "level": level, "message": message,
            }
        };
        logs.insert((start..start + 10_000).map(record)).await;
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_search_for_what_is_not_there_ends_in_time_and_goes_on_to_the_end() {
    let uri = set().database_uri("not_there");
    connect(&uri, Effort::default()).await.epoch().await.unwrap();
    many(&uri).await;
    let level = Search { levels: vec!["CRITICAL".to_owned()], ..Search::default() };
    let text = Search { text: "deadlock".to_owned(), ..Search::default() };
    let pattern = Search { ends_with: "deadlock".to_owned(), ..Search::default() };
    for looked_for in [level, text, pattern] {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            // By how much is looked at.
            let time = Duration::from_secs(30);
            let effort = Effort::default().records(30_000).time(time);
            let found = search(&connect(&uri, effort).await, &looked_for, order, 50).await;
            assert_eq!((found.rows.len(), found.cut), (0, 3), "{looked_for:?}: {found:?}");
            assert!(found.scanned >= 90_000, "{looked_for:?}: {found:?}");
            // By how long it is looked for: a machine that is busy takes longer for one step.
            let effort = Effort::default().time(Duration::from_millis(20));
            let found = search(&connect(&uri, effort).await, &looked_for, order, 50).await;
            assert!(found.rows.is_empty() && found.cut > 1, "{looked_for:?}: {found:?}");
            assert!(found.longest < Duration::from_secs(2), "{looked_for:?}: {found:?}");
            // By how many bytes: the server left out nothing of the last one only.
            if !looked_for.ends_with.is_empty() {
                let effort = Effort::default().bytes(1 << 20).time(time);
                let found = search(&connect(&uri, effort).await, &looked_for, order, 50).await;
                assert!(found.rows.is_empty() && found.cut > 5, "{looked_for:?}: {found:?}");
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_search_reads_the_index_of_history_and_sorts_nothing() {
    for server in [set(), standalone()] {
        let uri = server.database_uri("search_plan");
        let logs = connect(&uri, Effort::default()).await;
        logs.epoch().await.unwrap();
        many(&uri).await;
        let other = Logs::connect(&uri).await;
        other.db.run_command(doc! { "profile": 2 }).await.unwrap();
        let (from, before) = (YEAR_2023 + 40_000, YEAR_2023 + 60_000);
        let errors = Search {
            levels: vec!["ERROR".to_owned()],
            text: "READ".to_owned(),
            from: Some(from),
            before: Some(before),
            ..Search::default()
        };
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            assert_eq!(search(&logs, &errors, order, 100).await.rows.len(), 20);
        }
        other.db.run_command(doc! { "profile": 0 }).await.unwrap();
        let profile = other.db.collection::<Document>("system.profile");
        let reads = profile.find(doc! { "ns": "search_plan.logs", "op": "query" });
        let reads: Vec<Document> = reads.await.unwrap().try_collect().await.unwrap();
        let (mut keys, mut records, mut given) = (0, 0, 0);
        for read in &reads {
            assert!(!read.contains_key("hasSortStage"), "{read}");
            let plan = read.get_str("planSummary").unwrap();
            let tail = "IXSCAN { workspace_id: 1, workflow_id: 1, date: 1, _id: 1 }";
            assert_eq!(plan, tail, "{read}");
            keys += read.get_i32("keysExamined").unwrap();
            records += read.get_i32("docsExamined").unwrap();
            given += read.get_i32("nreturned").unwrap();
        }
        // Only what is in the range, once to know how far it goes and once to look at it.
        assert!(keys <= 2 * (40_000 + 2 * 20), "{keys} keys");
        assert!((40_000..=40_040).contains(&records), "{records} records");
        // And what is left out stays there.
        assert!(given <= 40 + 4 * 20, "{given} of {records}");
    }
}
