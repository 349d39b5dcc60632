//! What history has of a log over records of one's own: bounded pages, and no code of others that
//! stops more than its own stream.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapless_sse_core::follow::{
    Filter, History, HistoryQuery, Record, Scope, Seal, SortOrder, Source, Topic,
};
use gapless_sse_core::{
    AppendOnly, AppendOnlyStore, Channel, Event, Feed, Follow, FollowOptions, Log, LogOptions, Row,
    RowQuery, Unavailable,
};
use tokio::time::timeout;

/// A record of so many bytes.
#[derive(Clone, Debug)]
struct Text {
    number: u64,
    bytes: usize,
    mark_panics: bool,
}

impl Text {
    fn new(number: u64, bytes: usize) -> Self {
        Self { number, bytes, mark_panics: false }
    }
}

/// Shows all, or panics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shown {
    panics: bool,
}

impl Filter for Shown {
    type Mark = u64;

    fn admits(&self, _: &u64) -> bool {
        assert!(!self.panics, "the filter panics");
        true
    }
}

impl Record for Text {
    type Filter = Shown;

    fn event(&self) -> Event<'_> {
        assert!(!self.mark_panics, "the record panics");
        Event::new(format!("{}{}", "0".repeat(self.bytes - 1), self.number))
    }

    fn mark(&self) -> u64 {
        assert!(!self.mark_panics, "the record panics");
        self.number
    }
}

fn topic() -> Topic {
    Topic::new("s", "a")
}

fn scope(panics: bool) -> Scope<Shown> {
    Scope::new("s", ["a"]).filtered(Shown { panics })
}

/// A table that counts bytes where it is told to, and the most rows that it was asked for at once.
#[derive(Clone, Default)]
struct Table {
    rows: Arc<Mutex<Vec<Text>>>,
    counts_bytes: bool,
    most_bytes: Arc<Mutex<usize>>,
}

impl AppendOnlyStore for Table {
    type Record = Text;
    type Error = Unavailable<std::io::Error>;

    async fn rows(&self, query: RowQuery<'_>) -> Result<Vec<Row<Text>>, Self::Error> {
        let rows = self.rows.lock().unwrap().clone();
        let rows = rows.into_iter().map(|text| Row::new(text.number, topic(), text));
        let mut rows: Vec<_> = rows.filter(|row| query.has(row)).collect();
        if query.order == SortOrder::Descending {
            rows.reverse();
        }
        rows.truncate(query.limit);
        if self.counts_bytes {
            let mut bytes = 0;
            let fits = rows.iter().take_while(|row| {
                let fits = bytes < query.max_bytes;
                bytes += row.record.bytes;
                fits
            });
            rows.truncate(fits.count());
        }
        let bytes: usize = rows.iter().map(|row| row.record.bytes).sum();
        let mut most = self.most_bytes.lock().unwrap();
        *most = bytes.max(*most);
        Ok(rows)
    }

    async fn newest(&self) -> Result<u64, Self::Error> {
        Ok(self.rows.lock().unwrap().last().map_or(0, |text| text.number))
    }
}

fn table(rows: impl IntoIterator<Item = Text>, counts_bytes: bool) -> AppendOnly<Table> {
    let rows = Arc::new(Mutex::new(rows.into_iter().collect()));
    AppendOnly::new(Table { rows, counts_bytes, ..Table::default() })
}

fn channel(records: impl IntoIterator<Item = Text>) -> Channel<Text> {
    let channel = Channel::new(10_000);
    records.into_iter().for_each(|text| channel.publish(topic(), text));
    channel
}

const KIB: usize = 1024;

/// Walks all of history, in pages of 10 KiB, and checks that they are no larger.
async fn check_pages<S>(source: S, number: impl Fn(&S::Record) -> u64)
where
    S: Source<Key: Copy, Record: Record<Filter = Shown>>,
{
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        let (mut numbers, mut after, mut as_of) = (Vec::new(), None, None);
        loop {
            let limit = 1000;
            let query = HistoryQuery { as_of, after, order, limit, max_bytes: 10 * KIB };
            let page = source.history(&scope(false), query).await.unwrap();
            assert!(page.entries.len() <= 11, "{} records of 1 KiB", page.entries.len());
            numbers.extend(page.entries.iter().map(|entry| number(&entry.record)));
            as_of = Some(page.as_of);
            after = page.more_after;
            if after.is_none() {
                break;
            }
        }
        let mut expected: Vec<u64> = (1..=100).collect();
        if order == SortOrder::Descending {
            expected.reverse();
        }
        assert_eq!(numbers, expected, "{order:?}");
    }
}

fn texts() -> impl Iterator<Item = Text> {
    (1..=100).map(|number| Text::new(number, KIB))
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_channel_ends_where_it_has_as_many_bytes_as_it_may() {
    check_pages(channel(texts()), |text| text.number).await;
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_table_ends_where_it_has_as_many_bytes_as_it_may() {
    for counts_bytes in [false, true] {
        check_pages(table(texts(), counts_bytes), |text| text.number).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_is_asked_for_so_many_bytes_at_once_by_streams_and_by_the_tail() {
    let source = table((1..=500).map(|number| Text::new(number, 16 * KIB)), true);
    let table = source.store().clone();
    let log = Log::spawn(source, Seal::random(), LogOptions::default());
    let options = FollowOptions::new(History::All).start(false).sync(false);
    let mut stream = log.follow(scope(false), options);
    read_until(&mut stream, 500).await;
    let more = (501..=1000).map(|number| Text::new(number, 16 * KIB));
    table.rows.lock().unwrap().extend(more);
    read_until(&mut stream, 1000).await;
    let most = *table.most_bytes.lock().unwrap();
    assert!(most <= 1040 * KIB, "{most} bytes at once");
}

async fn read_until<S: Source>(stream: &mut Follow<S>, number: u64) {
    let end = format!("{number}\n\n");
    let reads = async { while !stream.next().await.unwrap().as_ref().ends_with(end.as_bytes()) {} };
    timeout(Duration::from_secs(100), reads).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_newest_records_are_as_many_as_fit_however_large_they_are() {
    let source = table((1..=3).map(|number| Text::new(number, 1536 * KIB)), false);
    let log = Log::spawn(source, Seal::random(), LogOptions::default());
    let options = FollowOptions::new(History::Newest(2)).start(false).sync(false);
    let mut stream = log.follow(scope(false), options);
    for number in [2, 3] {
        let event = timeout(Duration::from_secs(100), stream.next()).await.unwrap().unwrap();
        let text = std::str::from_utf8(event.as_ref()).unwrap();
        let end = &text[text.len() - 9..];
        assert_eq!((event.events(), end), (1, format!("000000{number}\n\n").as_str()));
    }
}

async fn ends_with_an_error<S: Source<Record: Record<Filter = Shown>>>(source: S) {
    let log = Log::spawn(source, Seal::random(), LogOptions::default());
    let options = FollowOptions::new(History::All).start(false).sync(false);
    let mut stream = log.follow(scope(true), options.clone());
    let first = poll_fn(|cx| Pin::new(&mut stream).poll_events(cx));
    let first = timeout(Duration::from_secs(100), first).await.unwrap();
    let words = first.unwrap().unwrap_err().to_string();
    assert_eq!(words, "the filter of the stream has panicked: the filter panics");
    assert!(stream.next().await.is_none(), "it has ended");
    read_until(&mut log.follow(scope(false), options), 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_panics_over_history_ends_its_own_stream() {
    let texts = || (1..=3).map(|number| Text::new(number, 1));
    ends_with_an_error(channel(texts())).await;
    ends_with_an_error(table(texts(), false)).await;
}

async fn goes_on<S: Source<Record: Record<Filter = Shown>>>(source: S) {
    let log = Log::spawn(source, Seal::random(), LogOptions::default());
    let options = FollowOptions::new(History::All).start(false).sync(false);
    let mut stream = log.follow(scope(false), options);
    let page = timeout(Duration::from_secs(100), stream.next()).await.unwrap().unwrap();
    let page = String::from_utf8(page.as_ref().to_vec()).unwrap();
    let data: Vec<_> = page.lines().filter(|line| line.starts_with("data")).collect();
    assert_eq!(data, ["data: 1", "data: {\"lost\":1}", "data: 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_panics_within_history_is_announced_as_lost() {
    let texts = || (1..=3).map(|number| Text { mark_panics: number == 2, ..Text::new(number, 1) });
    goes_on(channel(texts())).await;
    goes_on(table(texts(), false)).await;
}
