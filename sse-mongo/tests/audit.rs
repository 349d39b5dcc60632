//! Polling hands out what comes too late: marked, once, and counted.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Logs, Row, at, ids, logs, page, query, record, scope, set, standalone, within};
use futures_util::StreamExt;
use gapless_sse_core::follow::{Batch, Changes, History, Seal, SortOrder, Source};
use gapless_sse_core::{
    EventId, EventStream, Follow, FollowOptions, Item, Log, LogOptions, Parser,
};
use gapless_sse_mongo::bson::{DateTime, Document, doc};
use gapless_sse_mongo::{Mode, Mongo, Options};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

const LATENESS: Duration = Duration::from_secs(1);
/// How often records are written that are written for a while.
const PACE: Duration = Duration::from_millis(100);

fn options() -> Options {
    Options::topic("workspace_id", "workflow_id")
        .lateness(LATENESS)
        .interval(Duration::from_millis(100))
}

/// A log that is followed.
struct Served {
    mongo: Mongo<Row>,
    log: Log<Mongo<Row>>,
    other: Logs,
    tail: JoinHandle<()>,
}

impl Served {
    async fn on(server: &testbed::Mongod, database: &str, options: Options) -> Self {
        let (mongo, other) = logs(server, database, options).await;
        let (log, driver) = Log::new(mongo.clone(), Seal::new(b"secret"), LogOptions::default());
        let tail = tokio::spawn(driver.run(|_| {}));
        Self { mongo, log, other, tail }
    }

    async fn polled(database: &str) -> Self {
        Self::on(standalone(), database, options()).await
    }

    fn late(&self) -> (u64, u64) {
        (self.mongo.stats().late, self.log.stats().late)
    }

    async fn insert(&self, ids: std::ops::Range<i32>, age: Duration) {
        self.other.insert(ids.map(|id| aged(id, age))).await;
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.tail.abort();
    }
}

/// A record whose writer's clock is this far behind.
fn aged(id: i32, age: Duration) -> Document {
    let age = i64::try_from(age.as_millis()).unwrap();
    at(id, DateTime::from_millis(DateTime::now().timestamp_millis() - age))
}

type Stream = EventStream<Follow<Mongo<Row>>>;

/// What a client was given over all its streams.
#[derive(Debug, Default)]
struct Client {
    in_time: Vec<i32>,
    late: Vec<i32>,
    announced: usize,
    last_id: String,
}

impl Client {
    fn connect(&self, served: &Served, history: History) -> Stream {
        let after = (!self.last_id.is_empty()).then(|| EventId::new(&*self.last_id).unwrap());
        let heartbeat = Duration::from_millis(300);
        let events = served.log.follow(scope(), FollowOptions::new(history).after(after));
        EventStream::new(events).heartbeat(heartbeat)
    }

    async fn read(&mut self, stream: &mut Stream) {
        let Ok(bytes) = stream.next().await.unwrap();
        let mut parser = Parser::new();
        let mut items = parser.push(&bytes);
        while let Some(item) = items.next().unwrap() {
            let Item::Event(event) = item else { continue };
            let value: serde_json::Value = serde_json::from_str(event.data).unwrap();
            let id = || i32::try_from(value["_id"].as_i64().unwrap()).unwrap();
            match event.event_type {
                "message" => self.in_time.push(id()),
                "late" => self.late.push(id()),
                "gap" => {
                    self.announced += usize::try_from(value["late"].as_u64().unwrap()).unwrap();
                }
                "reset" => panic!("reset: {value}"),
                _ => {}
            }
        }
        let text = std::str::from_utf8(&bytes).unwrap();
        if let Some(id) = text.lines().rev().find_map(|line| line.strip_prefix("id: ")) {
            id.clone_into(&mut self.last_id);
        }
        // An event of a record that came late has no id.
        for block in text.split("\n\n") {
            assert!(!block.starts_with("event: late") || !block.contains("\nid:"), "{block}");
        }
    }

    async fn read_until(&mut self, stream: &mut Stream, done: impl Fn(&Self) -> bool) {
        within(async {
            while !done(self) {
                self.read(stream).await;
            }
        })
        .await;
    }

    /// Reads for as long as another audit may take.
    async fn read_on(&mut self, stream: &mut Stream) {
        let read = async {
            loop {
                self.read(stream).await;
            }
        };
        let _ = tokio::time::timeout(LATENESS * 5, read).await;
    }
}

fn sorted(ids: &[i32]) -> Vec<i32> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_comes_late_is_handed_out_once_and_counted_and_what_is_in_time_never() {
    let served = Served::polled("late").await;
    served.insert(0..3, Duration::ZERO).await;
    let mut client = Client::default();
    let mut stream = client.connect(&served, History::All);
    client.read_until(&mut stream, |client| client.in_time.len() == 3).await;
    for round in 0..4 {
        let first = 100 * (round + 1);
        served.insert(first..first + 5, Duration::from_secs(5)).await;
        served.insert(first + 50..first + 60, Duration::from_millis(100)).await;
        client.read_until(&mut stream, |client| client.in_time.contains(&(first + 59))).await;
    }
    client.read_until(&mut stream, |client| client.late.len() >= 20).await;
    client.read_on(&mut stream).await;
    let late: Vec<_> = (1..5).flat_map(|round| 100 * round..100 * round + 5).collect();
    let in_time = (1..5).flat_map(|round| 100 * round + 50..100 * round + 60);
    assert_eq!(sorted(&client.late), late);
    assert_eq!(sorted(&client.in_time), (0..3).chain(in_time).collect::<Vec<_>>());
    assert_eq!((client.announced, served.late()), (20, (20, 20)));
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn whoever_comes_and_goes_is_given_each_record_once() {
    let served = Served::polled("comings").await;
    served.insert(0..20, Duration::ZERO).await;
    let writer = async {
        let mut pace = interval(PACE);
        for id in 0..60 {
            served
                .insert(
                    1000 + id..1001 + id,
                    Duration::from_secs(3) + Duration::from_millis(40) * id.unsigned_abs(),
                )
                .await;
            served.insert(2000 + 2 * id..2002 + 2 * id, Duration::ZERO).await;
            pace.tick().await;
        }
    };
    let come_and_go = async |stays: Duration| {
        let mut client = Client::default();
        for _ in 0..12 {
            let mut stream = client.connect(&served, History::All);
            let read = async {
                loop {
                    client.read(&mut stream).await;
                }
            };
            let _ = tokio::time::timeout(stays, read).await;
        }
        let mut stream = client.connect(&served, History::All);
        client.read_until(&mut stream, |client| client.in_time.contains(&2119)).await;
        client.read_on(&mut stream).await;
        client
    };
    let clients = futures_util::future::join_all(
        (0..8).map(|nth| come_and_go(Duration::from_millis(150 + 90 * nth))),
    );
    let (clients, ()) = tokio::join!(clients, writer);
    let mut late = 0;
    for client in clients {
        let all = [&client.in_time[..], &client.late].concat();
        let once: BTreeSet<_> = all.iter().copied().collect();
        assert_eq!(once.len(), all.len(), "some came twice: {client:?}");
        let expected: BTreeSet<_> = (0..20).chain(1000..1060).chain(2000..2120).collect();
        assert_eq!(once, expected, "{client:?}");
        assert_eq!(client.announced, client.late.len());
        late += client.late.len();
    }
    assert!(late > 60, "{late}");
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_was_there_before_anybody_looked_is_history_and_not_late() {
    let (_, other) = logs(standalone(), "before", options()).await;
    other
        .insert((0..50).map(|id| aged(id, Duration::from_millis(100) * i32::unsigned_abs(id))))
        .await;
    let served = Served::polled("before").await;
    let mut client = Client::default();
    let mut stream = client.connect(&served, History::All);
    client.read_until(&mut stream, |client| client.in_time.len() == 50).await;
    client.read_on(&mut stream).await;
    assert_eq!((client.in_time.len(), client.late.len(), served.late()), (50, 0, (0, 0)));
}

/// The tail, one batch at a time.
async fn batch(tail: &mut <Mongo<Row> as Source>::Changes) -> Batch<Mongo<Row>> {
    within(tail.next()).await.unwrap()
}

/// Reads on until something came late.
async fn late(tail: &mut <Mongo<Row> as Source>::Changes) -> Batch<Mongo<Row>> {
    loop {
        let batch = batch(tail).await;
        if !batch.late.is_empty() {
            return batch;
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_comes_while_the_server_is_away_is_handed_out_when_it_is_back() {
    let mut server = testbed::Mongod::standalone().unwrap();
    let (mongo, other) = logs(&server, "away", options()).await;
    let from = mongo.tail_start().await.unwrap();
    let mut tail = mongo.tail(&from).await.unwrap();
    let mut through = batch(&mut tail).await.through;
    let record = aged(7, Duration::from_secs(3));
    server.member(0).kill();
    while let Ok(batch) = within(tail.next()).await {
        through = batch.through;
    }
    drop(tail);
    server.member(0).restart().unwrap();
    within(async { while other.coll.insert_one(&record).await.is_err() {} }).await;
    let mut tail = within(async {
        loop {
            if let Ok(tail) = mongo.tail(&through).await {
                return tail;
            }
        }
    })
    .await;
    assert_eq!(ids(&late(&mut tail).await.late), ["7"]);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_record_that_came_late_counts_from_where_it_was_handed_out() {
    let (mongo, other) = logs(standalone(), "counts", options()).await;
    other.insert([aged(1, Duration::from_secs(2)), aged(2, Duration::from_millis(1900))]).await;
    let from = mongo.tail_start().await.unwrap();
    let mut tail = mongo.tail(&from).await.unwrap();
    while !batch(&mut tail).await.changes.iter().any(|(_, entry)| entry.record.id == "2") {}
    let before = batch(&mut tail).await.through;

    // History goes no further than the tail, even when more has settled.
    let settled = mongo.tail_start().await.unwrap();
    within(async { while mongo.tail_start().await.unwrap() <= settled {} }).await;
    assert_eq!(page(&mongo, 10).await.as_of, before);

    other.insert([aged(9, Duration::from_secs(4))]).await;
    let handed_out = late(&mut tail).await;
    assert_eq!(ids(&handed_out.late), ["9"]);
    let as_of = |position| query(Some(position), None, SortOrder::Ascending, 10);
    let then = mongo.history(&scope(), as_of(&before)).await.unwrap();
    assert_eq!(ids(&then.entries), ["1", "2"]);
    let now = mongo.history(&scope(), as_of(&handed_out.through)).await.unwrap();
    assert_eq!(ids(&now.entries), ["9", "1", "2"]);

    // Whoever has missed it is given it late, and not in its place.
    for (start, expected) in [(&from, ["1", "2"].as_slice()), (&before, &[])] {
        let mut missed = mongo.changes(start).await.unwrap();
        let (mut in_place, mut come_late, mut through) = (Vec::new(), Vec::new(), start.clone());
        while through < handed_out.through {
            let batch = batch(&mut missed).await;
            in_place.extend(batch.changes.into_iter().map(|(_, entry)| entry.record.id));
            come_late.extend(ids(&batch.late));
            through = batch.through;
        }
        assert_eq!(
            (in_place, come_late),
            (expected.iter().map(ToString::to_string).collect(), vec!["9".to_owned()])
        );
    }
    let mut nothing = mongo.changes(&handed_out.through).await.unwrap();
    let none = batch(&mut nothing).await;
    assert!(none.changes.is_empty() && none.late.is_empty());
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn what_is_older_than_the_window_is_left_to_history() {
    let served = Served::polled("window").await;
    let mut client = Client::default();
    let mut stream = client.connect(&served, History::Newest(0));
    served.insert(0..1, Duration::ZERO).await;
    client.read_until(&mut stream, |client| client.in_time.len() == 1).await;
    served.insert(1..2, LATENESS * 20).await;
    served.insert(2..3, LATENESS * 9).await;
    client.read_until(&mut stream, |client| !client.late.is_empty()).await;
    client.read_on(&mut stream).await;
    assert_eq!((&client.late[..], served.late()), (&[2][..], (1, 1)));
    let page = served.log.page(&scope(), None, SortOrder::Ascending, 10).await.unwrap();
    assert_eq!(page.records.len(), 3);
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn a_page_of_history_does_not_show_what_is_to_be_handed_out_late() {
    let options = options().interval(Duration::from_millis(50));
    let served = Served::on(standalone(), "pages", options).await;
    served.insert(0..5, Duration::ZERO).await;
    let mut client = Client::default();
    let mut stream = client.connect(&served, History::All);
    client.read_until(&mut stream, |client| client.in_time.len() == 5).await;
    let mut shown_early = false;
    served.insert(9..10, Duration::from_secs(3)).await;
    within(async {
        while served.late().0 == 0 {
            let page = served.log.page(&scope(), None, SortOrder::Ascending, 10).await.unwrap();
            shown_early |= page.records.len() > 5 && served.late().0 == 0;
        }
    })
    .await;
    assert!(!shown_early);
    within(async {
        while served.log.page(&scope(), None, SortOrder::Ascending, 10).await.unwrap().records.len()
            < 6
        {}
    })
    .await;
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn an_audit_takes_the_turn_of_a_poll_and_reads_nothing_but_keys() {
    for subscribers in [1, 50] {
        let database = format!("turns{subscribers}");
        let options = options().interval(Duration::from_millis(200));
        let served = Served::on(standalone(), &database, options).await;
        served.insert(0..20, Duration::ZERO).await;
        let mut streams = Vec::new();
        for _ in 0..subscribers {
            let mut client = Client::default();
            let mut stream = client.connect(&served, History::All);
            client.read_until(&mut stream, |client| client.in_time.len() == 20).await;
            streams.push((client, stream));
        }
        let db = &served.other.db;
        db.run_command(doc! { "profile": 2 }).await.unwrap();
        let mut pace = interval(PACE);
        let began = Instant::now();
        for id in 0..50 {
            served.insert(100 + id..101 + id, Duration::ZERO).await;
            pace.tick().await;
        }
        let turns = began.elapsed().as_millis() / 200;
        db.run_command(doc! { "profile": 0 }).await.unwrap();
        let profile = db.collection::<Document>("system.profile");
        let queries = profile
            .count_documents(doc! { "op": { "$in": ["query", "getmore"] }, "command.find": "logs" })
            .await
            .unwrap();
        let audits = doc! { "command.find": "logs", "command.returnKey": true };
        let mut audits = profile.find(audits).await.unwrap();
        let mut count = 0;
        while audits.advance().await.unwrap() {
            count += 1;
            let audit = audits.deserialize_current().unwrap();
            assert_eq!(audit.get_i32("docsExamined").unwrap(), 0, "{audit}");
        }
        // Each turn takes as long as its query, besides the interval.
        assert!((u128::from(queries)) <= turns + 1, "{queries} queries in {turns} turns");
        assert!(queries >= 15, "{queries} queries in {turns} turns");
        assert!((1..=3).contains(&count), "{count} audits");
        for (mut client, mut stream) in streams {
            client.read_until(&mut stream, |client| client.in_time.len() == 70).await;
            assert!(client.late.is_empty());
        }
    }
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn little_memory_makes_the_audit_look_back_less_far_and_report_nothing_wrong() {
    let options = options().audit(30);
    let served = Served::on(standalone(), "little", options).await;
    let mut client = Client::default();
    let mut stream = client.connect(&served, History::All);
    let mut pace = interval(PACE);
    for round in 0..60 {
        served.insert(10 * round..10 * round + 10, Duration::ZERO).await;
        pace.tick().await;
    }
    client.read_until(&mut stream, |client| client.in_time.len() == 600).await;
    client.read_on(&mut stream).await;
    assert_eq!((client.in_time.len(), client.late.len(), served.late()), (600, 0, (0, 0)));
    // There is room for those of this quiet time.
    served.insert(1000..1001, Duration::from_secs(3)).await;
    client.read_until(&mut stream, |client| client.late == [1000]).await;
}

#[tokio::test]
#[ignore = "needs MongoDB; cargo xtask test runs it"]
async fn nothing_comes_late_in_a_change_stream() {
    let options = options().mode(Mode::ChangeStreams);
    let served = Served::on(set(), "exact", options).await;
    let mut client = Client::default();
    let mut stream = client.connect(&served, History::All);
    served.other.insert([record(0)]).await;
    served.insert(1..9, Duration::from_secs(5)).await;
    client.read_until(&mut stream, |client| client.in_time.len() == 9).await;
    client.read_on(&mut stream).await;
    assert_eq!((client.in_time.len(), client.late.len(), served.late()), (9, 0, (0, 0)));
}
