//! A burst in a channel is no outage, and its records run no code of their own under its lock.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::cell::Cell;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapless_sse_core::follow::{
    Batch, Changes, Filter, History, HistoryQuery, Record, Scope, Seal, SortOrder, Source, Topic,
};
use gapless_sse_core::{
    Channel, Event, EventId, Follow, FollowOptions, Keep, Log, LogEvent, LogOptions, Topics,
};
use tokio::time::timeout;

fn scope(name: &str) -> Scope {
    Scope::new("s", [name])
}

/// The text of all that comes until nothing does.
async fn read<S: Source>(stream: &mut Follow<S>) -> String {
    let mut text = String::new();
    while let Ok(Some(frame)) = timeout(Duration::from_secs(5), stream.next()).await {
        text.push_str(std::str::from_utf8(frame.as_ref()).unwrap());
    }
    text
}

#[tokio::test(start_paused = true)]
async fn readers_of_another_topic_notice_nothing_of_a_burst_that_is_more_than_is_kept() {
    for bursts in [1, 5] {
        let lines = Channel::new(1_000);
        let (log, driver) = Log::new(lines.clone(), Seal::random(), LogOptions::default());
        let failed = Arc::new(Mutex::new(0));
        let failures = Arc::clone(&failed);
        tokio::spawn(driver.run(move |event| {
            *failures.lock().unwrap() += usize::from(!matches!(event, LogEvent::Open));
        }));
        let options = || FollowOptions::new(History::Newest(0)).start(false).sync(false);
        let mut of_other = log.follow(scope("other"), options());
        let mut of_burst = log.follow(scope("burst"), options());
        assert_eq!(read(&mut of_other).await + &read(&mut of_burst).await, "");
        for _ in 0..bursts {
            for number in 0..1_001 {
                lines.publish(Topic::new("s", "burst"), Event::new(number.to_string()));
            }
            // The log is not polled before each burst is over.
            tokio::task::yield_now().await;
        }
        lines.publish(Topic::new("s", "other"), Event::new("one"));
        let other = read(&mut of_other).await;
        assert!(other.ends_with("data: one\n\n") && other.matches('\n').count() == 3, "{other}");
        let burst = read(&mut of_burst).await;
        assert_eq!(burst.matches("data: ").count(), bursts * 1_001);
        assert!(!burst.contains("event:"), "no reset, no outage");
        assert_eq!(
            (*failed.lock().unwrap(), log.stats().published),
            (0, bursts as u64 * 1_001 + 1)
        );
    }
}

#[tokio::test]
async fn a_batch_of_a_channel_is_bounded_and_nothing_is_left_behind() {
    let lines: Channel<Event<'static>> = Channel::new(10);
    let start = lines.tail_start().await.unwrap();
    let mut changes = lines.tail(&start).await.unwrap();
    assert!(changes.next().await.unwrap().changes.is_empty(), "the first comes at once");
    for number in 0..10_000 {
        lines.publish(Topic::new("s", "a"), Event::new(number.to_string()));
    }
    let (mut read, mut batches) = (0, 0);
    while read < 10_000 {
        let batch = timeout(Duration::from_secs(20), changes.next()).await.unwrap();
        let Batch { changes, .. } = batch.unwrap();
        assert!(changes.len() <= 1_500, "{}", changes.len());
        (read, batches) = (read + changes.len(), batches + 1);
    }
    assert!(batches >= 8, "{batches}");
}

thread_local! {
    static CHANNEL: Cell<Option<Channel<Nosy>>> = const { Cell::new(None) };
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

/// A record that asks its channel something whatever it is asked: it would wait for ever for a lock
/// that its own thread holds.
struct Nosy(u32);

fn ask() {
    let Some(channel) = CHANNEL.take() else { return };
    channel.publish(Topic::new("s", "asked"), Nosy(0));
    ASKED.set(ASKED.get() + 1);
    CHANNEL.set(Some(channel));
}

impl Drop for Nosy {
    fn drop(&mut self) {
        ask();
    }
}

impl Record for Nosy {
    type Filter = Nosier;

    fn event(&self) -> Event<'_> {
        ask();
        Event::new("x").event_id(u64::from(self.0).into())
    }

    fn mark(&self) -> u32 {
        ask();
        self.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Nosier;

impl Filter for Nosier {
    type Mark = u32;

    fn admits(&self, number: &u32) -> bool {
        ask();
        number.is_multiple_of(2)
    }
}

#[test]
fn no_code_of_a_record_runs_under_the_lock_of_its_channel() {
    let (done, is_done) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.unwrap().block_on(async {
            let lines = Channel::new(Keep::Bytes(1_000));
            CHANNEL.set(Some(lines.clone()));
            for number in 1..=20 {
                lines.publish(Topic::new("s", "a"), Nosy(number));
            }
            let scope = scope("a").filtered(Nosier);
            for order in [SortOrder::Ascending, SortOrder::Descending] {
                let (as_of, after, limit, max_bytes) = (None, None, 10, usize::MAX);
                let query = HistoryQuery { as_of, after, order, limit, max_bytes };
                lines.history(&scope, query).await.unwrap();
            }
            let start = lines.tail_start().await.unwrap();
            let mut tail = lines.tail(&start).await.unwrap();
            lines.publish(Topic::new("s", "a"), Nosy(21));
            drop(tail.next().await.unwrap());
            drop(tail);
            ASKED.get()
        });
        done.send(ASKED.get()).unwrap();
        drop(CHANNEL.take());
    });
    let asked = is_done.recv_timeout(Duration::from_secs(60)).expect("one ran under the lock");
    assert!(asked > 40, "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_with_the_id_of_a_record_finds_it_among_many() {
    let options = LogOptions::default().record_ids(true);
    let plain = FollowOptions::new(History::All).start(false).sync(false);
    let topics = Topics::with(5_000, Seal::random(), options, plain);
    for number in 1..=3_000_u32 {
        let name = if number % 2 == 0 { "a" } else { "b" };
        topics.publish(name, Event::new(number.to_string()).id(number).unwrap());
    }
    let mut stream = topics.stream("a", Some(EventId::new("700").unwrap()));
    let text = read(&mut stream).await;
    assert!(text.starts_with("id: 702\n"), "{}", &text[..60]);
    assert_eq!(text.matches("data: ").count(), 1_150);
}
