//! What is held of long records is bounded, however many the source hands out at once and however
//! slow their readers are.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use allocation_counter::measure;
use gapless_sse_core::follow::{
    Batch, Changes, Entry, Everything, Frontier, FrontierOf, History, HistoryQuery, Page, Record,
    Reset, Scope, Seal, SortOrder, Source, Topic,
};
use gapless_sse_core::{Encoded, Event, EventId, Follow, FollowOptions, Log, LogOptions};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

const MIB: u64 = 1024 * 1024;

/// A long line, made when it is shown, or held.
#[derive(Debug)]
enum Line {
    Made(usize),
    Held(String),
}

impl Record for Line {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        match self {
            Self::Made(bytes) => Event::new("x".repeat(*bytes)),
            Self::Held(text) => Event::new(&**text),
        }
    }

    fn mark(&self) {}
}

/// A log of `count` lines of so many bytes each, of which the tail reads all.
#[derive(Clone, Copy, Debug)]
struct Lines {
    count: u64,
    bytes: usize,
    tail_start: u64,
}

fn entry(nth: u64, record: Line) -> Entry<u64, Line> {
    Entry { topic: Topic::new("s", "a"), key: nth, record }
}

impl Source for Lines {
    type Position = u64;
    type Key = u64;
    type Record = Line;
    type Error = Infallible;
    type Changes = AllAtOnce;

    async fn epoch(&self) -> Result<u32, Infallible> {
        Ok(1)
    }

    async fn tail_start(&self) -> Result<u64, Infallible> {
        Ok(self.tail_start)
    }

    async fn resume(
        &self,
        frontier: FrontierOf<Self>,
    ) -> Result<Result<FrontierOf<Self>, Reset>, Infallible> {
        Ok(Ok(frontier))
    }

    async fn history(
        &self,
        _: &Scope,
        query: HistoryQuery<u64, u64>,
    ) -> Result<Page<Self>, Infallible> {
        let as_of = query.as_of.unwrap_or(self.count);
        let descending = query.order == SortOrder::Descending;
        let mut keys: Vec<_> = match query.after {
            _ if query.limit == 0 => Vec::new(),
            Some(after) if descending => (1..after).collect(),
            after => (after.unwrap_or(0) + 1..=as_of).collect(),
        };
        if descending {
            keys.reverse();
        }
        let most = (query.max_bytes / self.bytes).max(1).min(query.limit);
        let more = keys.len() > most;
        keys.truncate(most);
        let more_after = keys.last().copied().filter(|_| more);
        let line = |nth| entry(nth, Line::Held("x".repeat(self.bytes)));
        let entries: Vec<_> = keys.into_iter().map(line).collect();
        Ok(Page { as_of, scanned: entries.len(), entries, more_after })
    }

    async fn changes(&self, from: &u64) -> Result<AllAtOnce, Infallible> {
        Ok(AllAtOnce { lines: *self, at: *from, told: false })
    }
}

/// Hands out all there is in one batch.
#[derive(Debug)]
struct AllAtOnce {
    lines: Lines,
    at: u64,
    told: bool,
}

impl Changes<Lines> for AllAtOnce {
    async fn next(&mut self) -> Result<Batch<Lines>, Infallible> {
        if self.told && self.at == self.lines.count {
            return pending().await;
        }
        let line = |nth| (nth, entry(nth, Line::Made(self.lines.bytes)));
        let changes = (self.at + 1..=self.lines.count).map(line).collect();
        (self.at, self.told) = (self.lines.count, true);
        Ok(Batch::new(changes, self.at))
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn scope() -> Scope {
    Scope::new("s", ["a"])
}

fn seal() -> Seal {
    Seal::new(b"secret")
}

/// Reads on until the stream is silent; how many bytes came.
async fn read_all(stream: &mut Follow<Lines>) -> usize {
    let mut read = 0;
    while let Ok(Some(frame)) = timeout(Duration::from_secs(5), stream.next()).await {
        read += frame.len();
    }
    read
}

/// The peak of what is held while `work` is done.
fn peak(work: impl AsyncFnOnce()) -> u64 {
    let runtime = runtime();
    measure(|| runtime.block_on(work())).bytes_max
}

#[test]
fn the_tail_encodes_a_large_batch_piece_by_piece() {
    let lines = Lines { count: 400, bytes: 64 * 1024, tail_start: 0 };
    let held = peak(async || {
        let log = Log::spawn(lines, seal(), LogOptions::default().ring_bytes(256 * 1024));
        let mut stream = log.follow(scope(), FollowOptions::default());
        while log.stats().published < lines.count {
            timeout(Duration::from_secs(1), stream.next()).await.ok();
        }
    });
    assert!(held < 4 * MIB, "{held} bytes of a batch of 25 MiB");
}

#[test]
fn a_catch_up_holds_what_it_is_given_and_not_a_whole_batch() {
    let lines = Lines { count: 400, bytes: 64 * 1024, tail_start: 400 };
    let held = peak(async || {
        let options = LogOptions::default().ring_bytes(0).catch_up_bytes(256 * 1024);
        let log = Log::spawn(lines, seal(), options);
        let id = seal().seal::<u64, u64>(1, &Frontier::Live(0), &scope());
        let options = FollowOptions::default().after(Some(EventId::new(id.as_str()).unwrap()));
        let read = read_all(&mut log.follow(scope(), options)).await;
        assert!(read > 25 * 1024 * 1024, "{read}");
    });
    assert!(held < 2 * MIB, "{held} bytes for 256 KiB that were asked for");
}

/// So many streams take their first piece of history and hold it.
async fn take_one_piece(log: &Log<Lines>, streams: usize, history: History) -> Vec<Encoded> {
    let options = || FollowOptions::new(history).start(false).sync(false);
    let mut streams: Vec<_> = (0..streams).map(|_| log.follow(scope(), options())).collect();
    let mut pieces = Vec::new();
    for stream in &mut streams {
        pieces.push(timeout(Duration::from_secs(60), stream.next()).await.unwrap().unwrap());
    }
    pieces
}

#[test]
fn slow_readers_of_long_history_hold_one_piece_each() {
    let lines = Lines { count: 1000, bytes: 256 * 1024, tail_start: 1000 };
    for history in [History::All, History::Newest(200)] {
        let held = peak(async || {
            let log = Log::spawn(lines, seal(), LogOptions::default().unsent_bytes(16 << 20));
            let pieces = take_one_piece(&log, 100, history).await;
            assert!(pieces.iter().all(|piece| piece.len() < 300 * 1024));
        });
        // Beside the pieces, what one stream has read of the source.
        assert!(held < 100 * MIB / 4 + 5 * MIB, "{history:?}: {held} bytes");
    }
}

#[test]
fn the_newest_of_long_records_come_in_full_and_in_order() {
    runtime().block_on(async {
        let lines = Lines { count: 1000, bytes: 100 * 1024, tail_start: 1000 };
        let log = Log::spawn(lines, seal(), LogOptions::default());
        let options = FollowOptions::new(History::Newest(10)).start(false).sync(false);
        let read = read_all(&mut log.follow(scope(), options)).await;
        assert_eq!(read / lines.bytes, 10);
        // More than 2 MiB is too much for the newest.
        let options = FollowOptions::new(History::Newest(500)).start(false).sync(false);
        let read = read_all(&mut log.follow(scope(), options)).await;
        assert_eq!(read / lines.bytes, 2 * 1024 / 100);
    });
}

#[test]
fn pages_that_wait_to_be_sent_share_one_budget() {
    runtime().block_on(async {
        let lines = Lines { count: 1000, bytes: 100 * 1024, tail_start: 1000 };
        let options = LogOptions::default().unsent_bytes(4 << 20);
        let log = Log::spawn(lines, seal(), options);
        let page = async || log.page(&scope(), None, SortOrder::Descending, 200).await;
        let (first, mut second) = (page().await.unwrap(), page().await.unwrap());
        assert_eq!(first.records.len(), 10, "about 1 MiB");
        let busy = page().await.unwrap_err().to_string();
        assert!(busy.contains("too many pages are being read or wait to be sent"), "{busy}");
        second.held.shrink_to(100);
        assert!(page().await.is_err());
        drop(first);
        assert_eq!(page().await.unwrap().records.len(), 10);
        // Streams do not wait for pages.
        let (_held, _also) = (second, page().await);
        assert_eq!(take_one_piece(&log, 1, History::All).await.len(), 1);
    });
}
