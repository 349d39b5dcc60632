//! Those who have missed more than the ring holds are given it together.

use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use gapless_sse_core::follow::{Frontier, History, Scope, Seal};
use gapless_sse_core::{Log, LogOptions};
use tokio::time::{Instant, sleep_until};

use crate::client::Client;
use crate::model::{Model, Number, Shown};

fn scope() -> Scope<Shown> {
    Scope::new("s", ["a"]).filtered(Shown::ALL)
}

fn seal() -> Seal {
    Seal::new(b"secret")
}

/// A log whose ring holds next to nothing.
fn serve(model: &Model, catch_up_bytes: usize) -> Log<Model> {
    let options = LogOptions::default().ring_bytes(0).catch_up_bytes(catch_up_bytes);
    Log::spawn(model.clone(), seal(), options)
}

/// A model with `count` records of topic `a`.
fn model(count: u32) -> Model {
    let model = Model::default();
    model.state().tail_before = Some(0);
    (1..=count).for_each(|key| {
        model.commit("a", key);
    });
    model
}

/// A client that has everything up to `position`.
fn client_at(position: u32) -> Client {
    let id = seal().seal::<_, Number>(0, &Frontier::Live(Number(position)), &scope());
    Client { last_id: id.as_str().to_owned(), ..Client::default() }
}

/// Lets time pass, which is paused otherwise.
async fn pause_for(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

/// Reads until the record `last` came, and a while longer; waits before each event.
async fn read_all(log: &Log<Model>, after: u32, last: u32, pause: Duration) -> Vec<u32> {
    let mut client = client_at(after);
    let mut stream = client.connect(log, &scope(), History::All);
    while !client.records.contains(&last) {
        pause_for(pause).await;
        assert!(client.read(&mut stream).await, "{after}: {client:?}");
    }
    while client.read_within(Duration::from_secs(3), &mut stream).await {}
    assert!(client.notices("reset").is_empty());
    client.records
}

#[tokio::test(start_paused = true)]
async fn the_source_is_asked_once_for_all_who_come_together() {
    let model = model(300);
    let log = serve(&model, 1 << 20);
    pause_for(Duration::from_secs(1)).await;
    let before = model.state().answered.changes;
    let clients = (0..100).map(|nth| read_all(&log, 2 * nth, 300, Duration::ZERO));
    for (nth, records) in (0..).zip(join_all(clients).await) {
        assert_eq!(records, (2 * nth + 1..=300).collect::<Vec<_>>());
    }
    let passes = model.state().answered.changes - before;
    assert!(passes <= 2, "{passes} passes for 100 clients");
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_at_whatever_pace_is_given_each_record_once() {
    for seed in 0..60 {
        let mut rng = Rng::with_seed(seed);
        let model = model(120);
        model.state().fails_one_in = [0, 40][rng.usize(..2)];
        let log = serve(&model, rng.usize(300..4000));
        let writer = async {
            for key in 121..=200 {
                pause_for(Duration::from_millis(rng.u64(1..300))).await;
                model.commit("a", key);
            }
        };
        let mut rng = Rng::with_seed(seed + 1000);
        let clients: Vec<_> = (0..6)
            .map(|_| (rng.u32(..100), Duration::from_millis(rng.u64(..400) * rng.u64(..2))))
            .collect();
        let reads = clients.iter().map(|(after, pause)| read_all(&log, *after, 200, *pause));
        let (records, ()) = tokio::join!(join_all(reads), writer);
        for ((after, _), records) in clients.iter().zip(records) {
            assert_eq!(records, (after + 1..=200).collect::<Vec<_>>(), "seed {seed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_read_holds_nobody_up_for_long() {
    let model = model(300);
    let log = serve(&model, 4096);
    let mut frozen = client_at(0);
    let mut stream = frozen.connect(&log, &scope(), History::All);
    frozen.read_until(&mut stream, |client| !client.records.is_empty()).await;
    let begin = Instant::now();
    let records = read_all(&log, 0, 300, Duration::ZERO).await;
    assert_eq!(records, (1..=300).collect::<Vec<_>>());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    frozen.read_until(&mut stream, |client| client.records.contains(&300)).await;
    assert_eq!(frozen.records, (1..=300).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn one_whose_topic_is_quiet_holds_nobody_up() {
    let model = model(300);
    let log = serve(&model, 4096);
    // In a task of its own, which is woken only if it is to be.
    let quiet = tokio::spawn({
        let log = log.clone();
        async move {
            let mut quiet = client_at(0);
            let of_quiet = Scope::new("s", ["quiet"]).filtered(Shown::ALL);
            let mut stream = quiet.connect(&log, &of_quiet, History::All);
            while quiet.read_within(Duration::from_secs(30), &mut stream).await {}
            quiet
        }
    });
    let begin = Instant::now();
    let mut client = client_at(0);
    let mut stream = client.connect(&log, &scope(), History::All);
    client.read_until(&mut stream, |client| client.records.contains(&300)).await;
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    let quiet = quiet.await.unwrap();
    assert!(quiet.records.is_empty() && quiet.notices("reset").is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_that_has_missed_a_minute_does_not_wait_for_one_that_has_missed_a_day() {
    let model = model(100);
    let log = serve(&model, 1 << 20);
    pause_for(Duration::from_secs(1)).await;
    (101..=200).for_each(|key| {
        model.commit("a", key);
    });
    // What is old cannot be read, and nobody says so.
    model.state().hangs_before = 100;
    let mut old = client_at(10);
    let mut of_old = old.connect(&log, &scope(), History::All);
    assert!(old.read_within(Duration::from_secs(1), &mut of_old).await, "`start` comes");
    assert!(!old.read_within(Duration::from_secs(1), &mut of_old).await);
    assert_eq!(log.stats().catch_up_passes, 1);
    assert_eq!(read_all(&log, 150, 200, Duration::ZERO).await, (151..=200).collect::<Vec<_>>());
    assert!(old.records.is_empty());
}

#[tokio::test(start_paused = true)]
async fn streams_bring_their_history_up_to_date_a_few_at_a_time_and_all_of_them() {
    const AT_ONCE: usize = 3;
    let model = model(30);
    let options = LogOptions::default().max_snapshot_refreshes(AT_ONCE);
    let log = Log::spawn(model.clone(), seal(), options);
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut client = Client::default();
        let mut stream = client.connect(&log, &scope(), History::All);
        client.read_until(&mut stream, |client| !client.records.is_empty()).await;
        streams.push((client, stream));
    }
    // Their snapshots are gone, and there is more than they have.
    (31..=40).for_each(|key| {
        model.commit("a", key);
    });
    {
        let mut state = model.state();
        (state.snapshots_from, state.opening) = (40, Duration::from_millis(10));
    }
    let done = streams.into_iter().map(|(mut client, mut stream)| async move {
        client.read_until(&mut stream, |client| client.records.len() == 40).await;
        client.records
    });
    for records in join_all(done).await {
        assert_eq!(records, (1..=40).collect::<Vec<_>>());
    }
    assert_eq!(model.state().opening_most, AT_ONCE);
}

#[tokio::test(start_paused = true)]
async fn everybody_goes_on_when_a_pass_ends() {
    let model = model(300);
    let log = serve(&model, 4096);
    let begin = Instant::now();
    let tasks: Vec<_> = (0..40)
        .map(|nth| {
            let log = log.clone();
            // In tasks of their own, which are woken only if they are to be.
            tokio::spawn(async move {
                let topic = ["a", "quiet"][nth as usize % 2];
                let scope = Scope::new("s", [topic]).filtered(Shown::ALL);
                let mut stream = client_at(nth * 5).connect(&log, &scope, History::All);
                while stream.next().await.is_some() {}
            })
        })
        .collect();
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    let stats = log.stats();
    assert_eq!((stats.catch_up_streams, stats.catch_up_passes), (0, 0), "{stats:?}");
    assert!(begin.elapsed().is_zero(), "somebody waited for time to pass");
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn a_pass_waits_a_little_for_one_that_is_a_little_slow() {
    let model = model(300);
    let log = serve(&model, 4096);
    pause_for(Duration::from_secs(1)).await;
    let before = model.state().answered.changes;
    let records = read_all(&log, 0, 300, Duration::from_millis(3)).await;
    assert_eq!(records, (1..=300).collect::<Vec<_>>());
    assert_eq!(model.state().answered.changes - before, 1, "it is given all of it by one pass");
}
