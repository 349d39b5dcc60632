//! A table that only grows is followed by its numbers.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapless_sse_core::follow::{
    Filter, Frontier, History, Record, Reset, Scope, Seal, SortOrder, Source, Topic, contract,
};
use gapless_sse_core::{
    AppendOnly, AppendOnlyStore, Event, Follow, FollowOptions, Item, Log, LogOptions, Parser, Row,
    RowQuery, Unavailable,
};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// Rows whose numbers are multiples of this.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Multiples(u64);

impl Filter for Multiples {
    type Mark = u64;

    fn admits(&self, number: &u64) -> bool {
        number.is_multiple_of(self.0)
    }
}

#[derive(Clone, Debug)]
struct Line(u64);

impl Record for Line {
    type Filter = Multiples;

    fn event(&self) -> Event<'_> {
        Event::new(self.0.to_string()).event_id(self.0.into())
    }

    fn mark(&self) -> u64 {
        self.0
    }
}

/// How a store goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    RowsTwice,
    RowsMissing,
    NewestBehind,
    OneRowAgain,
}

#[derive(Clone, Default)]
struct Table {
    rows: Arc<Mutex<Vec<(u64, Topic)>>>,
    news: Option<watch::Sender<()>>,
    asked: Arc<Mutex<usize>>,
    wrong: Option<Wrong>,
}

impl Table {
    /// Appends a row of each of these topics, which are of space `s` if they name no other;
    /// numbers have gaps.
    fn append(&self, topics: impl IntoIterator<Item = &'static str>) {
        let mut rows = self.rows.lock().unwrap();
        for name in topics {
            let number = rows.last().map_or(0, |row| row.0) + 1 + rows.len() as u64 % 3;
            let (space, name) = name.split_once('/').unwrap_or(("s", name));
            rows.push((number, Topic::new(space, name)));
        }
        if let Some(news) = &self.news {
            news.send_replace(());
        }
    }

    fn numbers(&self, name: &str) -> Vec<u64> {
        let rows = self.rows.lock().unwrap();
        rows.iter().filter(|row| row.1.name() == name).map(|row| row.0).collect()
    }
}

impl AppendOnlyStore for Table {
    type Record = Line;
    type Error = Unavailable<std::io::Error>;

    async fn rows(&self, query: RowQuery<'_>) -> Result<Vec<Row<Line>>, Self::Error> {
        *self.asked.lock().unwrap() += 1;
        let rows = self.rows.lock().unwrap();
        let above = match self.wrong {
            Some(Wrong::RowsTwice) => query.above.saturating_sub(1),
            Some(Wrong::RowsMissing) => query.above + 5,
            _ => query.above,
        };
        let wanted =
            |row: &&(u64, Topic)| row.0 > above && row.0 <= query.up_to && query.of.has(&row.1);
        let mut found: Vec<_> = rows.iter().filter(wanted).collect();
        if query.order == SortOrder::Descending {
            found.reverse();
        }
        if self.wrong == Some(Wrong::OneRowAgain)
            && let Some(last) = found.last().copied()
        {
            found.push(last);
        }
        let row = |row: &&(u64, Topic)| Row::new(row.0, row.1.clone(), Line(row.0));
        Ok(found.iter().take(query.limit).map(row).collect())
    }

    async fn newest(&self) -> Result<u64, Self::Error> {
        let behind = usize::from(self.wrong == Some(Wrong::NewestBehind));
        let rows = self.rows.lock().unwrap();
        Ok(rows.iter().rev().nth(behind).map_or(0, |row| row.0))
    }

    async fn wait(&self, _: u64) {
        match &self.news {
            Some(news) => news.subscribe().changed().await.unwrap(),
            None => drop(timeout(Duration::from_secs(1), pending::<()>()).await),
        }
    }
}

fn scope(name: &str, multiples: u64) -> Scope<Multiples> {
    Scope::new("s", [name]).filtered(Multiples(multiples))
}

async fn read(stream: &mut Follow<AppendOnly<Table>>) -> Vec<u64> {
    let (mut parser, mut seen) = (Parser::new(), Vec::new());
    while let Ok(Some(frame)) = timeout(Duration::from_secs(5), stream.next()).await {
        let mut items = parser.push(frame.as_ref());
        while let Some(item) = items.next().unwrap() {
            if let Item::Event(event) = item {
                seen.push(event.data.parse().unwrap());
            }
        }
    }
    seen
}

async fn check(table: &Table) -> Result<(), String> {
    let source = AppendOnly::new(table.clone());
    let append = async |count| {
        for _ in 0..count {
            table.append(["a", "b"]);
        }
    };
    let scope = scope("a", 1);
    let checked = contract::check(&source, &scope, append);
    match timeout(Duration::from_secs(600), checked).await {
        Ok(checked) => checked.map_err(|violation| violation.to_string()),
        Err(_) => Err("it waits for ever".to_owned()),
    }
}

#[tokio::test(start_paused = true)]
async fn it_does_what_a_follower_relies_on() {
    let table = Table::default();
    table.append(["a"; 30]);
    check(&table).await.unwrap();
    check(&Table { news: Some(watch::Sender::new(())), ..table }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_does_so_for_a_whole_space() {
    let table = Table::default();
    table.append(["a", "t/a", "b"]);
    let source = AppendOnly::new(table.clone());
    let append = async |count| {
        (0..count).for_each(|nth| table.append([["a", "b", "new"][nth % 3], "t/a"]));
    };
    let scope = Scope::whole("s").filtered(Multiples(1));
    let checked = contract::check(&source, &scope, append);
    timeout(Duration::from_secs(600), checked).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_wrong_is_found_out() {
    for wrong in [Wrong::RowsTwice, Wrong::RowsMissing, Wrong::NewestBehind, Wrong::OneRowAgain] {
        let table = Table { wrong: Some(wrong), ..Table::default() };
        table.append(["a"; 5]);
        let violation = check(&table).await.expect_err(&format!("{wrong:?}"));
        assert!(!violation.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn history_and_what_is_appended_come_once_with_a_filter_and_without() {
    let plain = |history| FollowOptions::new(history).start(false).sync(false);
    for multiples in [1, 7, 1009] {
        let table = Table::default();
        (0..4_000).for_each(|_| table.append(["a", "b"]));
        let source = AppendOnly::new(table.clone());
        let log = Log::spawn(source, Seal::random(), LogOptions::default());
        let (scope, of_scope) =
            (scope("a", multiples), |number: &u64| number.is_multiple_of(multiples));
        let mut all = log.follow(scope.clone(), plain(History::All));
        let mut newest = log.follow(scope, plain(History::Newest(3)));
        let mut expected = table.numbers("a");
        expected.retain(of_scope);
        assert_eq!(read(&mut all).await, expected, "multiples of {multiples}");
        let last: Vec<_> = expected[expected.len().saturating_sub(3)..].to_vec();
        assert_eq!(read(&mut newest).await, last, "multiples of {multiples}");
        // More than a batch.
        let before = expected.len();
        (0..2_500).for_each(|_| table.append(["b", "a"]));
        let mut expected = table.numbers("a");
        expected.retain(of_scope);
        assert_eq!(read(&mut all).await, expected[before..]);
        assert_eq!(read(&mut newest).await, expected[before..]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_ahead_of_the_table_is_refused() {
    let table = Table::default();
    table.append(["a"; 3]);
    let newest = table.newest().await.unwrap();
    let source = AppendOnly::new(table);
    let live = source.resume(Frontier::Live(newest)).await.unwrap();
    assert_eq!(live, Ok(Frontier::Live(newest)));
    let ahead = Frontier::History { as_of: newest + 1, after: 1 };
    assert_eq!(source.resume(ahead).await.unwrap(), Err(Reset::Future));
}

#[tokio::test(start_paused = true)]
async fn rows_come_when_the_store_tells_of_them_and_are_not_read_without_need() {
    let table = Table { news: Some(watch::Sender::new(())), ..Table::default() };
    let source = AppendOnly::new(table.clone());
    let log = Log::spawn(source, Seal::random(), LogOptions::default());
    let mut stream = log.follow(scope("a", 1), FollowOptions::default().start(false).sync(false));
    assert_eq!(read(&mut stream).await, [0; 0]);
    let asked = *table.asked.lock().unwrap();
    let began = Instant::now();
    table.append(["a"]);
    assert!(stream.next().await.is_some() && began.elapsed().is_zero());
    assert_eq!(*table.asked.lock().unwrap(), asked + 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_what_is_rare_stops_and_the_next_goes_on_in_both_orders() {
    let table = Table::default();
    table.append(std::iter::repeat_n("a", 45_000));
    let rare = 30_000;
    let mut expected: Vec<_> =
        table.numbers("a").into_iter().filter(|number| number.is_multiple_of(rare)).collect();
    assert!(expected.len() > 1);
    let log = Log::spawn(AppendOnly::new(table), Seal::random(), LogOptions::default());
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        let (mut found, mut pages, mut scanned) = (Vec::new(), 0, 0);
        let mut cursor = None;
        loop {
            let after = cursor.as_deref();
            let page = log.page(&scope("a", rare), after, order, 100).await.unwrap();
            found.extend(page.records.iter().map(|line| line.0));
            (pages, scanned) = (pages + 1, scanned + page.scanned);
            let Some(next) = page.next else { break };
            cursor = Some(next.as_str().to_owned());
        }
        assert_eq!((found, scanned), (expected.clone(), 45_000), "{order:?}");
        assert!(pages > 2, "{pages} pages");
        expected.reverse();
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_are_ids_where_they_are_kept_and_a_client_comes_back_with_one() {
    let table = Table::default();
    table.append(["a", "b", "a", "b", "a"]);
    let options = LogOptions::default().record_ids(true);
    let log = Log::spawn(AppendOnly::new(table.clone()), Seal::random(), options);
    let plain = || FollowOptions::new(History::All).start(false).sync(false);
    let mut stream = log.follow(scope("a", 1), plain());
    let first = stream.next().await.unwrap();
    assert!(first.as_ref().starts_with(b"id: 1\ndata: 1\n\n"));
    let after = log.position_id("s", &1).await.unwrap();
    let mut back = log.follow(scope("a", 1), plain().after(Some(after)));
    table.append(["a"]);
    assert_eq!(read(&mut back).await, table.numbers("a")[1..]);
}
