//! Both stores find the same.

use fastrand::Rng;
use gapless_sse_core::follow::{Entry, SortOrder};
use jiff::{SignedDuration, Timestamp};
use log_server::row::{LEVELS, NewRow};
use log_server::search::{Search, Terms};
use log_server::store::Store;

use crate::suite::{messages, orders, past, query, read_all, settle, topic};

const ROWS: usize = 300;
const TYPES: [&str; 3] = ["stage", "progress", "a, b"];
const WORDS: [&str; 8] =
    ["timeout", "Timeout", "größe", "GRÖSSE", "100%", "a.b", "Kelvin \u{212a}", "\"quoted\"\n\\"];

pub(crate) fn row(rng: &mut Rng, start: Timestamp) -> NewRow {
    let words: Vec<_> = (0..3).map(|_| *rng.choice(&WORDS).unwrap()).collect();
    NewRow {
        id: None,
        date: start + SignedDuration::from_millis(rng.i64(0..100)),
        level: (*rng.choice(&LEVELS).unwrap()).to_owned(),
        kind: (*rng.choice(&TYPES).unwrap()).to_owned(),
        message: format!("{} {}", words.join(" "), rng.u32(..)),
        more: serde_json::Map::new(),
    }
}

pub(crate) fn terms(rng: &mut Rng, start: Timestamp) -> Terms {
    let mut some = |of: &[&str], most: usize| -> Vec<String> {
        (0..rng.usize(..=most)).map(|_| (*rng.choice(of).unwrap()).to_owned()).collect()
    };
    let (levels, types) = (some(&LEVELS, 2), some(&TYPES, 2));
    let texts = ["timeout", "TIMEOUT", "Timeout", "größe", "00%", "\"quoted\"\n", "k", "nowhere"];
    let regexes =
        ["(?i)time-?out", "^größe", r"a\.b.*\d$", r"100%|a\.b \d", r"\x22quoted", "(?i)k"];
    let chosen = |rng: &mut Rng, of: &[&str]| {
        (rng.u8(..3) == 0).then(|| (*rng.choice(of).unwrap()).to_owned())
    };
    let mut times = [rng.i64(-5..105), rng.i64(-5..105)];
    times.sort_unstable();
    let time = |rng: &mut Rng, at: i64| {
        (rng.bool() && times[0] < times[1]).then(|| start + SignedDuration::from_millis(at))
    };
    Terms {
        levels: levels.iter().map(|level| level.to_lowercase()).collect(),
        types,
        texts: chosen(rng, &texts).into_iter().collect(),
        regexes: chosen(rng, &regexes).into_iter().collect(),
        from: time(rng, times[0]),
        to: time(rng, times[1]),
        ..Terms::default()
    }
}

/// By hand, and not as the server decides it.
pub(crate) fn admits(terms: &Terms, row: &NewRow) -> bool {
    let Terms { levels, types, texts, regexes, from, to, .. } = terms;
    let exactly = |text: &String| text.chars().any(char::is_uppercase);
    let text_found = |text: &String| {
        row.message.contains(text) || !exactly(text) && row.message.to_lowercase().contains(text)
    };
    (levels.is_empty() || levels.contains(&row.level.to_lowercase()))
        && (types.is_empty() || types.contains(&row.kind))
        && texts.iter().all(text_found)
        && regexes.iter().all(|regex| regex::Regex::new(regex).unwrap().is_match(&row.message))
        && from.is_none_or(|from| row.date >= from)
        && to.is_none_or(|to| row.date < to)
}

pub(crate) async fn a_search_finds_what_a_look_at_every_row_finds<S: Store>(store: &S) {
    let mut rng = Rng::with_seed(2026);
    let start = Timestamp::from_millisecond(past(1000).as_millisecond()).unwrap();
    let rows: Vec<_> = (0..ROWS).map(|_| row(&mut rng, start)).collect();
    store.append(&topic("orders"), rows.clone()).await.unwrap();
    store.append(&topic("other"), rows.clone()).await.unwrap();
    settle(store, &orders(), ROWS).await;
    let (all, _) = read_all(store, &orders(), SortOrder::Ascending, ROWS).await;
    // In the order of history; rows of the same time are told apart by their numbers.
    let all: Vec<&NewRow> = messages(&all)
        .iter()
        .map(|message| rows.iter().find(|row| row.message == *message).unwrap())
        .collect();
    let mut found = 0;
    for _ in 0..200 {
        let terms = terms(&mut rng, start);
        let expected = all.iter().filter(|row| admits(&terms, row));
        let mut expected: Vec<_> = expected.map(|row| row.message.clone()).collect();
        let scope = orders().filtered(Search::new(terms.clone()).unwrap());
        let limit = *rng.choice(&[1, 3, 50, 1000]).unwrap();
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let (read, _) = read_all(store, &scope, order, limit).await;
            assert_eq!(messages(&read), expected, "{terms:?}, {order:?}, by {limit}");
            expected.reverse();
        }
        found += expected.len();
    }
    assert!(found > 500, "{found} found");
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
