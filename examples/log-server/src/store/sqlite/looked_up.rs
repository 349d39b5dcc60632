//! What is looked up is what a look at every row finds, however far the index has come.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use gapless_sse_core::follow::{Filter, HistoryQuery, Record, Scope, SortOrder};
use rusqlite::{Connection, params};

use super::coordinates::Dated;
use super::history::{Reading, Step};
use super::places::Abandoned;
use super::{file, find, indexed, tally};
use crate::access::{RowFields, RowRule, RowRules};
use crate::row::Row;
use crate::search::{Effort, Search, Terms, Without};
use crate::store::{Cell, Tally, TallyQuery};

const LEVELS: [&str; 7] = ["DEBUG", "INFO", "warn", "45", "ERROR", "odd", "CRITICAL"];
const TYPES: [&str; 4] = ["stage", "progress", "a, b", ""];
const WORDS: [&str; 10] = [
    "timeout",
    "Timeout",
    "größe",
    "GRÖSSE",
    "100%",
    "\"quoted\"\\",
    "Kelvin \u{212a}g",
    "ſet",
    "nul\0within",
    "Ψυχής",
];
const TEXTS: [&str; 12] = [
    "timeout",
    "Timeout",
    "größe",
    "00%",
    "\"quoted\"\\",
    "kg",
    "set",
    "l\0w",
    "ψυχησ",
    "nowhere",
    " timeout 1",
    "n kg",
];
const REGEXES: [&str; 6] =
    ["(?i)TIME-?out", "gr(ö|Ö)", "(?i)kelvin k", r"100% \d|Time", "timeout|größe", "(?i)Ψυχής"];

fn some(rng: &mut Rng, of: &[&str]) -> Vec<String> {
    let count = if rng.u8(..3) == 0 { rng.usize(1..3) } else { 0 };
    (0..count).map(|_| (*rng.choice(of).unwrap()).to_owned()).collect()
}

fn write(file: &Connection, rng: &mut Rng, seq: i64) {
    let words: Vec<_> = (0..3).map(|_| *rng.choice(&WORDS).unwrap()).collect();
    let message = format!("{} {}", words.join(" "), rng.u8(..));
    let id = format!("{seq:016x}00000000");
    let row = serde_json::json!({
        "id": id, "level": rng.choice(&LEVELS), "type": rng.choice(&TYPES), "message": message,
        "owner": rng.choice(["ann", "bob"]),
    });
    let row = if rng.u8(..20) == 0 { "no row".to_owned() } else { row.to_string() };
    let (space, name) = (*rng.choice(&["w", "w", "w", "v"]).unwrap(), rng.u8(..5).to_string());
    file.execute(
        "INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5)",
        params![seq, space, name, rng.i64(0..60), row],
    )
    .unwrap();
}

fn search(rng: &mut Rng) -> Search {
    let without = Without {
        levels: some(rng, &["info", "error"]),
        types: some(rng, &TYPES),
        texts: some(rng, &TEXTS),
        ..Without::default()
    };
    let time = |rng: &mut Rng, from| {
        let at = jiff::Timestamp::from_millisecond(from + rng.i64(0..30)).unwrap();
        (rng.u8(..4) == 0).then_some(at)
    };
    let terms = Terms {
        levels: some(rng, &["debug", "warning", "error", "critical"]),
        types: some(rng, &TYPES),
        texts: some(rng, &TEXTS),
        regexes: some(rng, &REGEXES),
        from: time(rng, 0),
        to: time(rng, 31),
        without,
        ..Terms::default()
    };
    let rules = match rng.u8(..5) {
        0 => vec![RowRule { field: "owner".into(), value: "ann".into() }],
        _ => Vec::new(),
    };
    Search::new(terms).unwrap().under(&RowRules(rules))
}

fn scope(rng: &mut Rng) -> Scope<Search> {
    let search = search(rng);
    match rng.u8(..3) {
        0 => Scope::whole("w").filtered(search),
        1 => Scope::new("w", ["3"]).filtered(search),
        _ => Scope::new("w", (0..rng.u8(1..5)).map(|n| n.to_string())).filtered(search),
    }
}

/// All rows of a scope, by hand.
fn every(file: &Connection, scope: &Scope<Search>, fields: &RowFields) -> Vec<(Dated, Row)> {
    let mut question = file.prepare("SELECT seq, date, workspace, workflow, row FROM log").unwrap();
    let rows = question.query_map([], |row| super::rows::entry(row, fields)).unwrap();
    let mut rows: Vec<_> = rows
        .map(Result::unwrap)
        .filter(|row| scope.contains(&row.topic) && scope.filter().admits(&row.record.mark()))
        .map(|row| (row.key, row.record))
        .collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    rows
}

#[test]
fn what_is_looked_up_is_what_a_look_at_every_row_finds() {
    let folder = tempfile::tempdir().unwrap();
    let fields = RowFields::new(["owner".to_owned()]).unwrap();
    let mut file = file::open(&folder.path().join("logs.db"), &fields).unwrap().writer;
    let mut rng = Rng::with_seed(14);
    let (mut written, mut found, mut looked_up) = (0, 0, 0);
    for _ in 0..120 {
        for _ in 0..rng.usize(..3) {
            written += 1;
            write(&file, &mut rng, written);
        }
        if rng.u8(..8) == 0 {
            while indexed::step(&mut file).unwrap() > 0 {}
        }
        let scope = scope(&mut rng);
        let expected = every(&file, &scope, &fields);
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let mut keys: Vec<_> = expected.iter().map(|(key, _)| *key).collect();
            if order == SortOrder::Descending {
                keys.reverse();
            }
            let (limit, max_bytes) = (rng.usize(1..30), rng.usize(100..4000));
            let mut query = HistoryQuery { as_of: None, after: None, order, limit, max_bytes };
            let effort = Effort { rows: rng.usize(1..100), time: Duration::from_secs(60) };
            let mut read = Vec::new();
            loop {
                let reading = Reading::new(scope.clone(), query.clone(), effort, &fields);
                let mut reading = reading.looking_up();
                let page = loop {
                    let abandoned = Abandoned::default();
                    if rng.bool() {
                        abandoned.tell();
                    }
                    match reading.step(&file, &abandoned).unwrap() {
                        Step::Done(page) => break page,
                        Step::Unfinished(unfinished) => reading = *unfinished,
                        Step::Gone => panic!("it has but one life"),
                    }
                    // What is written and indexed meanwhile changes nothing.
                    if rng.u8(..20) == 0 {
                        written += 1;
                        write(&file, &mut rng, written);
                    }
                    if rng.u8(..20) == 0 {
                        indexed::step(&mut file).unwrap();
                    }
                };
                looked_up += page.scanned;
                read.extend(page.entries.iter().map(|entry| entry.key));
                (query.as_of, query.after) = (Some(page.as_of), page.more_after);
                if query.after.is_none() {
                    break;
                }
            }
            let as_of = query.as_of.unwrap().seq;
            let keys: Vec<_> = every(&file, &scope, &fields)
                .into_iter()
                .map(|(key, _)| key)
                .filter(|key| key.seq <= as_of)
                .collect();
            read.sort_unstable();
            assert_eq!(read, keys, "{:?} {order:?}", scope.filter());
            found += read.len();
        }
        counts_as_a_look_at_every_row(&file, &scope, &mut rng, &fields);
    }
    assert!(found > 100 && looked_up > found, "{found} of {looked_up}");
}

fn counts_as_a_look_at_every_row(
    file: &Connection,
    scope: &Scope<Search>,
    rng: &mut Rng,
    fields: &RowFields,
) {
    let query = TallyQuery {
        every: (rng.bool()).then_some(rng.i64(1..20)),
        effort: Effort { rows: 1, time: Duration::from_secs(60) },
    };
    let tally = tally::of_kinds(file, scope, &query, fields, &Abandoned::default()).unwrap();
    let Some(Tally { rows, .. }) = tally else { return };
    let mut expected = BTreeMap::new();
    for (key, row) in every(file, scope, fields) {
        let mark = row.mark();
        let begins = query.every.map(|every| key.date - key.date.rem_euclid(every));
        let cell = Cell { begins, level: mark.level, kind: mark.kind().into() };
        *expected.entry(cell).or_insert(0) += 1;
    }
    assert_eq!(rows, expected);
}

#[test]
fn a_row_is_found_by_its_id_indexed_or_not_and_in_its_workflow_only() {
    let folder = tempfile::tempdir().unwrap();
    let fields = RowFields::default();
    let mut file = file::open(&folder.path().join("logs.db"), &fields).unwrap().writer;
    let mut rng = Rng::with_seed(14);
    for seq in 1..60 {
        write(&file, &mut rng, seq);
        if seq == 40 {
            while indexed::step(&mut file).unwrap() > 0 {}
        }
    }
    let every = every(&file, &Scope::whole("w").filtered(Search::default()), &fields);
    let mut found = 0;
    for (key, row) in &every {
        let Some(id) = row.id() else { continue };
        for name in 0..5 {
            let topic = gapless_sse_core::follow::Topic::new("w", name.to_string());
            let own: bool = file
                .query_row(
                    "SELECT workflow = ?1 FROM log WHERE seq = ?2",
                    params![topic.name(), key.seq],
                    |row| row.get(0),
                )
                .unwrap();
            let is = find::find(&file, &topic, &id, &fields).unwrap();
            assert_eq!(is.map(|is| is.key), own.then_some(*key));
            found += usize::from(own);
        }
    }
    assert!(found > 30, "{found} found");
}
