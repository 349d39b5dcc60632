//! Both stores find the same.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;

use fastrand::Rng;
use gapless_sse_core::Encoded;
use gapless_sse_core::follow::{Entry, Filter, Record, SortOrder};
use jiff::{SignedDuration, Timestamp};
use log_server::row::{LEVELS, NewRow};
use log_server::search::{Comparison, FieldTest, Search, Terms, Without};
use log_server::store::Store;
use serde_json::{Number, Value, json};

use crate::suite::{message, messages, orders, past, query, read_all, settle, topic};

const ROWS: usize = 300;
const TYPES: [&str; 3] = ["stage", "progress", "a, b"];
const WORDS: [&str; 8] =
    ["timeout", "Timeout", "größe", "GRÖSSE", "100%", "a.b", "Kelvin \u{212a}", "\"quoted\"\n\\"];

/// What fields of rows hold.
fn value(rng: &mut Rng) -> Value {
    match rng.u8(..13) {
        0 => json!(rng.i64(-3..4)),
        1 => json!(f64::from(rng.i32(-3..4)) / 2.0),
        2 => json!(9_007_199_254_740_992 + rng.i64(0..3)),
        3 => json!(i64::MAX - rng.i64(0..2)),
        4 => json!(rng.choice(&["1", "2", "1.0", "-1"])),
        5 => json!(rng.bool()),
        6 => Value::Null,
        7 => json!([rng.choice(&WHO), 1, [2]]),
        8 => json!([]),
        9 => json!({ "of": "ann" }),
        10 => json!("2025-09-22T08:54:01Z"),
        _ => json!(rng.choice(&WHO)),
    }
}

const WHO: [&str; 5] = ["ann", "Ann", "bob", "größe", ""];
const WANTED: [&str; 19] = [
    "1",
    "-1",
    "0.5",
    "1.0",
    "2",
    "9007199254740993",
    "9223372036854775807",
    "true",
    "null",
    "ann",
    "Ann",
    "b",
    "größe",
    "",
    "2025-09",
    "[]",
    "1e0",
    "-0",
    "a, b",
];
const PATHS: [&str; 6] = ["user", "details.rows", "details.of", "user.of", "nowhere", "details"];

pub(crate) fn row(rng: &mut Rng, start: Timestamp) -> NewRow {
    let words: Vec<_> = (0..3).map(|_| *rng.choice(&WORDS).unwrap()).collect();
    let mut more = serde_json::Map::new();
    if rng.bool() {
        more.insert("user".to_owned(), value(rng));
    }
    if rng.u8(..4) > 0 {
        let details = json!({ "rows": value(rng), "of": value(rng) });
        let details = if rng.u8(..6) == 0 { json!([details]) } else { details };
        more.insert("details".to_owned(), details);
    }
    NewRow {
        id: None,
        date: start + SignedDuration::from_millis(rng.i64(0..100)),
        level: (*rng.choice(&LEVELS).unwrap()).to_owned(),
        kind: (*rng.choice(&TYPES).unwrap()).to_owned(),
        message: format!("{} {}", words.join(" "), rng.u32(..)),
        more,
    }
}

const TEXTS: [&str; 8] =
    ["timeout", "TIMEOUT", "Timeout", "größe", "00%", "\"quoted\"\n", "k", "nowhere"];
const REGEXES: [&str; 7] =
    ["(?i)time-?out", "^größe", r"a\.b.*\d$", r"100%|a\.b \d", r"\x22quoted", "(?i)k", "b|/"];

/// Each of them now and then.
fn some(rng: &mut Rng, of: &[&str], most: usize) -> Vec<String> {
    (0..rng.usize(..=most)).map(|_| (*rng.choice(of).unwrap()).to_owned()).collect()
}

fn without(rng: &mut Rng) -> Without {
    match rng.u8(..6) {
        0 => Without { levels: some(rng, &LEVELS, 2), ..Without::default() },
        1 => Without { types: some(rng, &TYPES, 2), ..Without::default() },
        2 => Without { texts: some(rng, &TEXTS, 2), ..Without::default() },
        3 => Without { regexes: some(rng, &REGEXES, 2), ..Without::default() },
        _ => Without::default(),
    }
}

fn field_test(rng: &mut Rng) -> FieldTest {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less, NotEqual};
    FieldTest {
        path: (*rng.choice(&PATHS).unwrap()).into(),
        is: *rng.choice(&[Equal, Equal, Equal, NotEqual, Less, AtMost, Greater, AtLeast]).unwrap(),
        value: (*rng.choice(&WANTED).unwrap()).into(),
    }
}

pub(crate) fn terms(rng: &mut Rng, start: Timestamp) -> Terms {
    let (levels, types) = (some(rng, &LEVELS, 2), some(rng, &TYPES, 2));
    let chosen = |rng: &mut Rng, of: &[&str]| match rng.u8(..6) {
        0 | 1 => some(rng, of, 1),
        2 => some(rng, of, 2),
        _ => Vec::new(),
    };
    let (texts, regexes) = (chosen(rng, &TEXTS), chosen(rng, &REGEXES));
    let fields = match rng.u8(..6) {
        0 => vec![field_test(rng), field_test(rng)],
        1 | 2 => vec![field_test(rng)],
        _ => Vec::new(),
    };
    let mut times = [rng.i64(-5..105), rng.i64(-5..105)];
    times.sort_unstable();
    let time = |rng: &mut Rng, at: i64| {
        (rng.bool() && times[0] < times[1]).then(|| start + SignedDuration::from_millis(at))
    };
    Terms {
        levels: levels.iter().map(|level| level.to_lowercase()).collect(),
        types,
        texts,
        regexes,
        fields,
        without: without(rng),
        from: time(rng, times[0]),
        to: time(rng, times[1]),
    }
}

thread_local! {
    static COMPILED: RefCell<HashMap<String, regex::Regex>> = RefCell::default();
}

/// By hand, and not as the server decides it.
pub(crate) fn admits(terms: &Terms, row: &NewRow) -> bool {
    let Terms { levels, types, texts, regexes, fields, without, from, to } = terms;
    let exactly = |text: &String| text.chars().any(char::is_uppercase);
    let text_found = |text: &String| {
        row.message.contains(text) || !exactly(text) && row.message.to_lowercase().contains(text)
    };
    let regex_found = |regex: &String| {
        COMPILED.with_borrow_mut(|known| {
            let known = known.entry(regex.clone());
            known.or_insert_with(|| regex::Regex::new(regex).unwrap()).is_match(&row.message)
        })
    };
    let level = |level: &String| level.eq_ignore_ascii_case(&row.level);
    (levels.is_empty() || levels.iter().any(level))
        && (types.is_empty() || types.contains(&row.kind))
        && texts.iter().all(text_found)
        && regexes.iter().all(regex_found)
        && from.is_none_or(|from| row.date >= from)
        && to.is_none_or(|to| row.date < to)
        && !without.levels.iter().any(level)
        && !without.types.contains(&row.kind)
        && !without.texts.iter().any(text_found)
        && !without.regexes.iter().any(regex_found)
        && fields.iter().all(|test| is_so(test, row))
}

fn is_so(FieldTest { path, is, value }: &FieldTest, row: &NewRow) -> bool {
    let mut names = path.split('.');
    let first = row.more.get(names.next().unwrap());
    let found = names.fold(first, |within, name| within?.as_object()?.get(name));
    let found: Vec<_> = match found {
        Some(Value::Array(values)) => values.iter().collect(),
        found => found.into_iter().collect(),
    };
    let equal = |found: &&Value| match found {
        Value::Number(found) => number(value).is_some_and(|wanted| same(found, &wanted).is_eq()),
        Value::String(found) => **found == **value,
        Value::Bool(found) => found.to_string() == **value,
        _ => false,
    };
    let order = |found: &Value| match (found, number(value)) {
        (Value::Number(found), Some(wanted)) => Some(same(found, &wanted)),
        (Value::String(found), None) => Some(found.as_str().cmp(value)),
        _ => None,
    };
    let any = |of: fn(Ordering) -> bool| found.iter().any(|found| order(found).is_some_and(of));
    match is {
        Comparison::Equal => found.iter().any(equal),
        Comparison::NotEqual => !found.iter().any(equal),
        Comparison::Less => any(Ordering::is_lt),
        Comparison::AtMost => any(Ordering::is_le),
        Comparison::Greater => any(Ordering::is_gt),
        Comparison::AtLeast => any(Ordering::is_ge),
    }
}

fn number(text: &str) -> Option<Number> {
    serde_json::from_str(text).ok()
}

/// Of whole numbers exactly; none here is large and compared with one that is not whole.
fn same(found: &Number, wanted: &Number) -> Ordering {
    match (found.as_i64(), wanted.as_i64()) {
        (Some(found), Some(wanted)) => found.cmp(&wanted),
        _ => found.as_f64().unwrap().total_cmp(&(wanted.as_f64().unwrap() + 0.0)),
    }
}

pub(crate) async fn a_search_finds_what_a_look_at_every_row_finds<S: Store>(store: &S) {
    let mut rng = Rng::with_seed(2026);
    let start = Timestamp::from_millisecond(past(1000).as_millisecond()).unwrap();
    let rows: Vec<_> = (0..ROWS).map(|_| row(&mut rng, start)).collect();
    store.append(&topic("orders"), rows.clone()).await.unwrap();
    store.append(&topic("other"), rows.clone()).await.unwrap();
    settle(store, &orders(), ROWS).await;
    let (entries, _) = read_all(store, &orders(), SortOrder::Ascending, ROWS).await;
    // In the order of history; rows of the same time are told apart by their numbers.
    let all: Vec<&NewRow> = messages(&entries)
        .iter()
        .map(|message| rows.iter().find(|row| row.message == *message).unwrap())
        .collect();
    let mut found = 0;
    for _ in 0..250 {
        let terms = terms(&mut rng, start);
        let expected = all.iter().filter(|row| admits(&terms, row));
        let mut expected: Vec<_> = expected.map(|row| row.message.clone()).collect();
        let search = Search::new(terms.clone()).unwrap();
        let typed = Terms::read(&terms.to_string(), Timestamp::now()).unwrap();
        assert_eq!(Search::new(typed).unwrap(), search, "{terms}");
        let streamed = entries.iter().filter(|entry| {
            let event = Encoded::from(entry.record.event());
            search.admits(&entry.record.mark_beside(&event))
        });
        let streamed: Vec<_> = streamed.map(|entry| message(&entry.record)).collect();
        assert_eq!(streamed, expected, "{terms} on a stream");
        let scope = orders().filtered(search);
        let small: &[usize] = if expected.len() < 40 { &[1, 3] } else { &[37] };
        let limit = *rng.choice(&[small, &[50, 1000]].concat()).unwrap();
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let (read, _) = read_all(store, &scope, order, limit).await;
            assert_eq!(messages(&read), expected, "{terms:?}, {order:?}, by {limit}");
            expected.reverse();
        }
        found += expected.len();
    }
    assert!(found > 1000, "{found} found");
}

pub(crate) async fn a_search_for_what_is_not_there_stops_and_goes_on_to_the_end<S: Store>(
    store: &S,
) {
    let start = past(1000);
    let mut rng = Rng::with_seed(7);
    let rows: Vec<_> = (0..ROWS).map(|_| row(&mut rng, start)).collect();
    store.append(&topic("orders"), rows).await.unwrap();
    settle(store, &orders(), ROWS).await;
    let nowhere = |text: &str| Terms { regexes: vec![text.to_owned()], ..Terms::default() };
    let level = Terms { texts: vec!["no such text".to_owned()], ..Terms::default() };
    for terms in [nowhere("no such .*"), level] {
        let scope = orders().filtered(Search::new(terms).unwrap());
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let mut query = query::<S>(order, 10);
            let (mut pages, mut reached) = (0, Vec::new());
            loop {
                let page = store.history(&scope, query.clone()).await.unwrap();
                assert!(page.entries.is_empty() && page.scanned <= 2 * crate::SEARCHED_ROWS);
                pages += 1;
                let Some(key) = page.more_after else { break };
                reached.push(store.date(&key).unwrap());
                (query.as_of, query.after) = (Some(page.as_of), Some(key));
            }
            assert!(pages > ROWS / crate::SEARCHED_ROWS / 2, "{pages} pages");
            let forward = |a: &Timestamp, b: &Timestamp| match order {
                SortOrder::Ascending => a <= b,
                SortOrder::Descending => a >= b,
            };
            assert!(reached.is_sorted_by(forward), "{reached:?}");
        }
    }
}

pub(crate) async fn rows_that_others_wrote_are_found_by_what_they_say<S: Store>(store: &S) {
    let words = |level: &str, message: &str| NewRow {
        id: None,
        date: past(100),
        level: level.to_owned(),
        kind: "7".to_owned(),
        message: message.to_owned(),
        more: serde_json::Map::new(),
    };
    let long = format!("{}needle", "x".repeat(17_000));
    let rows = [("warn", "one"), ("Warning", "two"), ("odd", "three"), ("fatal", &long)];
    let rows = rows.into_iter().map(|(level, message)| words(level, message)).collect();
    store.append(&topic("orders"), rows).await.unwrap();
    settle(store, &orders(), 4).await;
    let levels = |levels: &[&str]| Terms {
        levels: levels.iter().map(|level| (*level).to_owned()).collect(),
        ..Terms::default()
    };
    let text = |text: &str| Terms { texts: vec![text.to_owned()], ..Terms::default() };
    for (terms, found) in [
        (levels(&["WARNING"]), 2),
        (levels(&["warning", "critical"]), 3),
        (levels(&["ERROR"]), 0),
        (Terms { types: vec!["7".to_owned()], ..Terms::default() }, 4),
        (text("three"), 1),
        // A message is looked at as far as 16 KiB.
        (text("needle"), 0),
        (text("xxxx"), 1),
    ] {
        let scope = orders().filtered(Search::new(terms.clone()).unwrap());
        let (read, _): (Vec<Entry<_, _>>, _) =
            read_all(store, &scope, SortOrder::Descending, 100).await;
        assert_eq!(read.len(), found, "{terms:?}");
    }
}
