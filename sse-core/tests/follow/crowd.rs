//! A crowd that catches up costs no more for each of them than a few do.

use std::cell::Cell;
use std::cmp::Ordering;
use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::future::join_all;
use gapless_sse_core::follow::{
    Batch, Changes, Coordinate, Entry, Frontier, FrontierOf, HistoryQuery, Page, Reset, Scope,
    Seal, Source, Topic,
};
use gapless_sse_core::{Event, EventId, FollowOptions, Log, LogOptions};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, timeout};

const RECORDS: u32 = 2000;

thread_local! {
    /// How often positions were cloned and compared.
    static WORK: Cell<u64> = const { Cell::new(0) };
}

fn work() {
    WORK.set(WORK.get() + 1);
}

#[derive(Debug, PartialEq, Eq)]
struct Counted(u32);

impl Clone for Counted {
    fn clone(&self) -> Self {
        work();
        Self(self.0)
    }
}

impl Ord for Counted {
    fn cmp(&self, other: &Self) -> Ordering {
        work();
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Coordinate for Counted {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        u32::decode(input).map(Self)
    }
}

/// A log of records in topic `a`, and none in others.
struct Records;

impl Source for Records {
    type Position = Counted;
    type Key = Counted;
    type Record = Event<'static>;
    type Error = Infallible;
    type Changes = Reading;

    async fn epoch(&self) -> Result<u32, Infallible> {
        Ok(1)
    }

    async fn tail_start(&self) -> Result<Counted, Infallible> {
        Ok(Counted(RECORDS))
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
        _: HistoryQuery<Counted, Counted>,
    ) -> Result<Page<Self>, Infallible> {
        let as_of = Counted(RECORDS);
        Ok(Page { as_of, entries: Vec::new(), more_after: None, scanned: 0 })
    }

    async fn changes(&self, from: &Counted) -> Result<Reading, Infallible> {
        Ok(Reading { at: from.0, told: false })
    }
}

struct Reading {
    at: u32,
    told: bool,
}

impl Changes<Records> for Reading {
    async fn next(&mut self) -> Result<Batch<Records>, Infallible> {
        if self.told && self.at == RECORDS {
            return pending().await;
        }
        self.told = true;
        let to = RECORDS.min(self.at + 50);
        let record = |at| {
            let (topic, record) = (Topic::new("s", "a"), Event::new("x".repeat(80)));
            (Counted(at), Entry { topic, key: Counted(at), record })
        };
        let changes = (self.at + 1..=to).map(record).collect();
        self.at = to;
        Ok(Batch::new(changes, Counted(to)))
    }
}

/// What each of a crowd costs: work with positions, and polls of those who read the topic and of
/// those who read one without records.
#[derive(Debug)]
struct Cost {
    work: u64,
    polls: u64,
    polls_of_quiet: u64,
    /// How many of the crowd were polled, at most, before somebody else had his turn.
    in_a_row: u64,
}

/// Reads until the last record came, or for ever; counts how often it was polled.
async fn client(log: Log<Records>, topic: &'static str, after: u32, polls: Arc<AtomicU64>) {
    let scope = Scope::new("s", [topic]);
    let id = seal().seal(1, &Frontier::<_, Counted>::Live(Counted(after)), &scope);
    let options = FollowOptions::default().after(Some(EventId::new(id.as_str()).unwrap()));
    let mut stream = log.follow(scope, options);
    let read = async {
        let (mut records, mut text) = (after, String::new());
        while records < RECORDS {
            let frame = stream.next().await.expect("no drain");
            text.push_str(std::str::from_utf8(frame.as_ref()).unwrap());
            records += u32::try_from(text.matches("data: x").count()).unwrap();
            text.clear();
        }
    };
    let mut read = pin!(read);
    let counted = poll_fn(|cx| {
        polls.fetch_add(1, Relaxed);
        read.as_mut().poll(cx)
    });
    counted.await;
}

fn seal() -> Seal {
    Seal::new(b"secret")
}

async fn cost(clients: u32) -> Cost {
    let options = LogOptions::default().ring_bytes(0).catch_up_bytes(64 * 1024);
    let log = Log::spawn(Records, seal(), options);
    WORK.set(0);
    let begin = Instant::now();
    let crowd = |topic: &'static str| {
        let polls = Arc::new(AtomicU64::new(0));
        let of_one = |nth| tokio::spawn(client(log.clone(), topic, nth % 700, Arc::clone(&polls)));
        let tasks: Vec<_> = (0..clients).map(of_one).collect();
        (polls, tasks)
    };
    let (polls_of_quiet, quiet) = crowd("quiet");
    let (polls, readers) = crowd("a");
    let somebody = tokio::spawn(somebody(polls.clone(), polls_of_quiet.clone(), 2 * clients));
    let read = timeout(Duration::from_secs(60), join_all(readers)).await;
    read.expect("nobody is forgotten").into_iter().for_each(Result::unwrap);
    for _ in 0..100_000 {
        yield_now().await;
        if log.stats().catch_up_streams == 0 {
            break;
        }
    }
    assert_eq!(log.stats().catch_up_streams, 0, "somebody was forgotten");
    assert!(begin.elapsed().is_zero(), "somebody waited for time to pass");
    quiet.iter().for_each(JoinHandle::abort);
    let in_a_row = somebody.await.unwrap();
    let each = u64::from(clients);
    Cost {
        work: WORK.get() / each,
        polls: polls.load(Relaxed) / each,
        polls_of_quiet: polls_of_quiet.load(Relaxed) / each,
        in_a_row,
    }
}

/// Has one turn after the other beside a crowd, from when all of them have come until nothing
/// happens for a while; counts how often the crowd was polled in between, at most.
async fn somebody(polls: Arc<AtomicU64>, polls_of_quiet: Arc<AtomicU64>, crowd: u32) -> u64 {
    let polled = || polls.load(Relaxed) + polls_of_quiet.load(Relaxed);
    while polled() < u64::from(crowd) {
        yield_now().await;
    }
    let (mut most, mut before, mut quiet) = (0, polled(), 0);
    while quiet < 1000 {
        yield_now().await;
        let now = polled();
        quiet = if now == before { quiet + 1 } else { 0 };
        most = most.max(now - before);
        before = now;
    }
    most
}

#[tokio::test(start_paused = true)]
async fn each_of_a_crowd_costs_what_one_of_a_few_does() {
    let (few, many) = (cost(100).await, cost(1600).await);
    assert!(many.work * 10 <= few.work * 15, "{few:?}, {many:?}");
    assert!(many.polls * 10 <= few.polls * 15, "{few:?}, {many:?}");
    // There are 40 batches or more, and a ring has room for a few of them.
    assert!(many.polls_of_quiet < 40, "{many:?}");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_leaves_others_their_turn() {
    let many = cost(1600).await;
    assert!(many.in_a_row < 700, "{many:?}");
}
