//! A log in memory is followed like any other, as far as it is kept.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::time::Duration;

use gapless_sse_core::follow::{
    Everything, History, Record, Scope, Seal, SortOrder, Topic, contract,
};
use gapless_sse_core::{
    Channel, Event, EventId, Follow, FollowOptions, Item, Log, LogOptions, Parser,
};
use tokio::time::timeout;

#[derive(Debug)]
struct Number(u32);

impl Record for Number {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(self.0.to_string())
    }

    fn mark(&self) {}
}

type Numbers = Channel<Number>;

fn scope() -> Scope {
    Scope::new("s", ["a"])
}

fn publish(channel: &Numbers, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        channel.publish(Topic::new("s", "a"), Number(number));
        channel.publish(Topic::new("s", "b"), Number(1_000 + number));
    }
}

/// A log whose ring holds almost nothing, so that all is read from the channel.
fn log(channel: &Numbers, ring_bytes: usize) -> Log<Numbers> {
    let options = LogOptions::default().ring_bytes(ring_bytes);
    Log::spawn(channel.clone(), Seal::new(b"secret"), options)
}

fn begin(after: Option<String>) -> FollowOptions {
    FollowOptions::new(History::Newest(3)).after(after.map(|id| EventId::new(id).unwrap()))
}

/// What comes until nothing does: the data of messages, and the types of other events.
async fn read(stream: &mut Follow<Numbers>) -> (Vec<String>, String) {
    let mut parser = Parser::new();
    let mut seen = Vec::new();
    let mut id = String::new();
    while let Ok(Some(frame)) = timeout(Duration::from_secs(5), stream.next()).await {
        let mut items = parser.push(frame.as_ref());
        while let Some(item) = items.next().unwrap() {
            if let Item::Event(event) = item {
                let message = event.event_type == "message";
                seen.push(if message { event.data } else { event.event_type }.to_owned());
                event.last_event_id.clone_into(&mut id);
            }
        }
    }
    (seen, id)
}

#[tokio::test(start_paused = true)]
async fn a_client_has_the_newest_records_and_goes_on_live_and_after_its_last_one() {
    for ring_bytes in [0, 1 << 20] {
        let channel = Numbers::new(100);
        publish(&channel, 1..=5);
        let log = log(&channel, ring_bytes);
        let mut stream = log.follow(scope(), begin(None));
        let (seen, _) = read(&mut stream).await;
        assert_eq!(seen, ["start", "3", "4", "5", "sync"]);
        publish(&channel, 6..=7);
        let (seen, id) = read(&mut stream).await;
        assert_eq!(seen, ["6", "7"], "ring of {ring_bytes} bytes");
        publish(&channel, 8..=9);
        let (seen, _) = read(&mut log.follow(scope(), begin(Some(id)))).await;
        assert_eq!(seen, ["start", "8", "9"]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_missed_more_than_is_kept_is_told_and_begins_anew() {
    let channel = Numbers::new(4);
    publish(&channel, 1..=2);
    let log = log(&channel, 0);
    let (_, id) = read(&mut log.follow(scope(), begin(None))).await;
    publish(&channel, 3..=5);
    let mut stream = log.follow(scope(), begin(Some(id)));
    let (seen, _) = read(&mut stream).await;
    let seen: Vec<_> = seen.iter().filter(|event| *event != "status").collect();
    assert_eq!(seen, ["start", "reset", "4", "5", "sync"]);
}

#[tokio::test]
async fn pages_go_both_ways_and_do_not_step_over_what_has_gone() {
    let channel = Numbers::new(8);
    publish(&channel, 1..=5);
    let log = log(&channel, 1 << 20);
    let data = |page: &gapless_sse_core::LogPage<Numbers>| -> Vec<u32> {
        page.records.iter().map(|record| record.0).collect()
    };
    for (order, first, second) in
        [(SortOrder::Ascending, [2, 3], [4, 5]), (SortOrder::Descending, [5, 4], [3, 2])]
    {
        let page = log.page(&scope(), None, order, 2).await.unwrap();
        assert_eq!(data(&page), first);
        let cursor = page.next.unwrap();
        let page = log.page(&scope(), Some(cursor.as_str()), order, 2).await.unwrap();
        assert_eq!(data(&page), second);
        assert!(page.next.is_none());
    }
    let page = log.page(&scope(), None, SortOrder::Ascending, 1).await.unwrap();
    publish(&channel, 6..=9);
    let cursor = page.next.unwrap();
    let gone =
        log.page(&scope(), Some(cursor.as_str()), SortOrder::Ascending, 2).await.unwrap_err();
    assert_eq!(gone.to_string(), "the log could not be read");
}

#[tokio::test]
async fn nothing_is_kept_for_a_log_whose_driver_is_gone() {
    let channel = Numbers::new(4);
    let (log, driver) = Log::new(channel.clone(), Seal::new(b"secret"), LogOptions::default());
    let reads = tokio::spawn(driver.run(|_| {}));
    let mut stream = log.follow(scope(), begin(None));
    stream.next().await.unwrap();
    stream.next().await.unwrap();
    publish(&channel, 1..=50);
    reads.abort();
    assert!(reads.await.unwrap_err().is_cancelled());
    let page = log.page(&scope(), None, SortOrder::Ascending, 100).await.unwrap();
    assert_eq!(page.records.len(), 2);
    publish(&channel, 51..=99);
    let page = log.page(&scope(), None, SortOrder::Ascending, 100).await.unwrap();
    assert_eq!(page.records.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn it_does_what_a_follower_relies_on() {
    let channel = Numbers::new(100);
    publish(&channel, 1..=5);
    let append = async |count| publish(&channel, 1..=u32::try_from(count).unwrap());
    contract::check(&channel, &scope(), append).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_does_so_for_a_whole_space() {
    let channel = Numbers::new(100);
    let append = async |count| {
        for nth in 0..count {
            let name = ["a", "b", "new"][nth % 3];
            channel.publish(Topic::new("s", name), Number(1));
            channel.publish(Topic::new("t", name), Number(1));
        }
    };
    append(3).await;
    contract::check(&channel, &Scope::whole("s"), append).await.unwrap();
}
