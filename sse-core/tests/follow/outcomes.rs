//! What a stream tells its client in each case.

use std::time::Duration;

use gapless_sse_core::follow::{History, Scope, Seal, contract};
use gapless_sse_core::{Log, LogOptions};
use tokio::time::timeout;

use crate::client::Client;
use crate::model::{Model, Shown};

const ALL: History = History::All;

fn scope() -> Scope<Shown> {
    Scope::new("s", ["a"]).filtered(Shown::ALL)
}

/// A log with its tail running.
fn serve(model: &Model) -> Log<Model> {
    Log::spawn(model.clone(), Seal::new(b"secret"), LogOptions::default())
}

/// A model with `count` records of topic `a`.
fn model(count: u32) -> Model {
    let model = Model::default();
    (1..=count).for_each(|key| {
        model.commit("a", key);
    });
    model
}

async fn read_records(client: &mut Client, log: &Log<Model>, history: History, count: usize) {
    let mut stream = client.connect(log, &scope(), history);
    client.read_until(&mut stream, |client| client.records.len() >= count).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_begins_with_start() {
    let log = serve(&model(2));
    let mut client = Client::default();
    read_records(&mut client, &log, ALL, 2).await;
    assert_eq!(client.notices[0].0, "start");
    assert_eq!(client.notices[0].1, r#"{"resumed":false,"reset":null,"heartbeat_ms":null}"#);
    client.notices.clear();
    read_records(&mut client, &log, ALL, 2).await;
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read(&mut stream).await;
    assert_eq!(client.notices("start"), [r#"{"resumed":true,"reset":null,"heartbeat_ms":null}"#]);
}

#[tokio::test(start_paused = true)]
async fn the_newest_records_come_oldest_first() {
    let log = serve(&model(9));
    let mut client = Client::default();
    read_records(&mut client, &log, History::Newest(3), 3).await;
    assert_eq!(client.records, [7, 8, 9]);
}

#[tokio::test(start_paused = true)]
async fn without_history_the_first_event_is_a_position() {
    let model = model(9);
    let log = serve(&model);
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), History::Newest(0));
    client.read_until(&mut stream, |client| !client.last_id.is_empty()).await;
    drop(stream);
    model.commit("a", 10);
    read_records(&mut client, &log, ALL, 1).await;
    assert_eq!(client.records, [10], "what came while the client was away, and nothing else");
}

#[tokio::test(start_paused = true)]
async fn a_forged_id_is_answered_by_a_reset() {
    let log = serve(&model(1));
    let mut client = Client { last_id: "forged".to_owned(), ..Client::default() };
    read_records(&mut client, &log, ALL, 1).await;
    assert_eq!(
        client.notices("start"),
        [r#"{"resumed":false,"reset":"bad_id","heartbeat_ms":null}"#]
    );
    assert_eq!(client.notices("reset"), [r#"{"reason":"bad_id"}"#]);
}

#[tokio::test(start_paused = true)]
async fn an_id_of_another_life_is_answered_by_a_reset() {
    let first = serve(&model(3));
    let mut client = Client::default();
    read_records(&mut client, &first, ALL, 3).await;
    let other = model(3);
    other.state().epoch = 7;
    let mut stream = client.connect(&serve(&other), &scope(), ALL);
    client.read_until(&mut stream, |client| client.began_anew_with(3)).await;
    assert_eq!(client.notices("reset"), [r#"{"reason":"epoch"}"#]);
}

#[tokio::test(start_paused = true)]
async fn an_id_ahead_of_the_log_is_answered_by_a_reset() {
    let mut client = Client::default();
    let mut stream = client.connect(&serve(&model(9)), &scope(), History::Newest(0));
    client.read_until(&mut stream, |client| !client.last_id.is_empty()).await;
    read_records(&mut client, &serve(&model(2)), ALL, 2).await;
    assert_eq!(client.notices("reset"), [r#"{"reason":"future"}"#]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_does_not_reach_back_is_answered_by_a_reset() {
    let model = model(3);
    let mut client = Client::default();
    read_records(&mut client, &serve(&model), ALL, 3).await;
    (4..=20).for_each(|key| {
        model.commit("a", key);
    });
    model.state().changes_from = 20;
    let mut stream = client.connect(&serve(&model), &scope(), ALL);
    client.read_until(&mut stream, |client| client.began_anew_with(20)).await;
    assert_eq!(client.notices("reset"), [r#"{"reason":"history_lost"}"#]);
    assert_eq!(client.records, (1..=20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_log_that_ends_while_it_is_followed_is_answered_by_a_reset() {
    let model = model(3);
    let log = serve(&model);
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| client.records.len() == 3).await;
    model.end_life(7);
    client.read_until(&mut stream, |client| client.began_anew_with(3)).await;
    assert_eq!(client.notices("reset"), [r#"{"reason":"epoch"}"#]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_once_and_so_is_its_end() {
    let model = model(1);
    let log = serve(&model);
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| client.records.len() == 1).await;
    model.go_down();
    client.read_until(&mut stream, |client| client.notices("status").len() == 1).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    model.state().down = false;
    model.commit("a", 2);
    client.read_until(&mut stream, |client| client.records.len() == 2).await;
    let status: Vec<_> = client
        .notices("status")
        .iter()
        .map(|data| data.contains(r#""source":"unavailable""#))
        .collect();
    assert_eq!(status, [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_down_at_first_is_followed_when_it_comes() {
    let model = model(2);
    model.state().down = true;
    let log = serve(&model);
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| !client.notices("status").is_empty()).await;
    assert_eq!(client.notices[0].0, "start");
    model.state().down = false;
    client.read_until(&mut stream, |client| client.records.len() == 2).await;
    assert_eq!(client.notices("reset"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_every_stream_with_a_time_to_come_back() {
    let model = model(1);
    let log = serve(&model);
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| client.records.len() == 1).await;
    log.drain();
    while client.read(&mut stream).await {}
    assert_eq!(client.notices.last().map(|(of, _)| of.as_str()), Some("drain"));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_is_given_a_fresh_position_while_the_log_goes_on() {
    let model = model(1);
    let log = serve(&model);
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| client.notices("sync").len() == 1).await;
    model.commit("elsewhere", 2);
    client.read_until(&mut stream, |client| client.notices("sync").len() == 2).await;
    assert!(!client.read(&mut stream).await, "a position that did not move is not sent again");
}

#[tokio::test(start_paused = true)]
async fn live_streams_cost_the_source_nothing_each() {
    let model = model(5);
    let log = serve(&model);
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut client = Client::default();
        let mut stream = client.connect(&log, &scope(), History::Newest(0));
        client.read_until(&mut stream, |client| client.notices("sync").len() == 1).await;
        streams.push((client, stream));
    }
    let before = model.state().answered;
    (6..=40).for_each(|key| {
        model.commit("a", key);
    });
    for (client, stream) in &mut streams {
        client.read_until(stream, |client| client.records.len() == 35).await;
    }
    assert_eq!(model.state().answered, before);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_streams_that_are_gone() {
    let log = serve(&model(1));
    for _ in 0..100 {
        let mut client = Client::default();
        let mut stream = client.connect(&log, &scope(), ALL);
        client.read(&mut stream).await;
    }
    assert_eq!(log.stats().open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_tail_that_starts_before_the_end_of_an_older_life_recovers() {
    let model = model(5);
    {
        let mut state = model.state();
        (state.ended_at, state.tail_before) = (4, Some(3));
    }
    let log = serve(&model);
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| client.records.len() == 5).await;
    model.commit("a", 6);
    client.read_until(&mut stream, |client| client.records.len() == 6).await;
}

#[tokio::test(start_paused = true)]
async fn a_position_does_not_wait_for_the_ring() {
    let model = model(3);
    let (log, driver) = Log::new(model.clone(), Seal::new(b"secret"), LogOptions::default());
    let mut client = Client::default();
    let tail = tokio::spawn(driver.run(|_| {}));
    let mut first = client.connect(&log, &scope(), History::Newest(0));
    client.read_until(&mut first, |client| !client.last_id.is_empty()).await;
    // The tail stops; the log goes on without it.
    tail.abort();
    model.commit("a", 4);
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), History::Newest(0));
    client.read_until(&mut stream, |client| !client.last_id.is_empty()).await;
    model.commit("a", 5);
    read_records(&mut client, &serve(&model), ALL, 1).await;
    assert_eq!(client.records, [5]);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_told_how_far_it_is_past_what_its_filter_leaves_out() {
    let model = model(6);
    let log = serve(&model);
    let mut client = Client::default();
    let none = scope().filtered(Shown(1000));
    let mut stream = client.connect(&log, &none, ALL);
    // After a page of history without anything to show, and at its end.
    client.read_until(&mut stream, |client| client.notices("sync").len() == 2).await;
    (7..=12).for_each(|key| {
        model.commit("a", key);
    });
    client.read_until(&mut stream, |client| client.notices("sync").len() == 3).await;
    // The log does not reach back to what came before.
    model.state().changes_from = 12;
    let mut stream = client.connect(&serve(&model), &none, ALL);
    while client.read_within(Duration::from_secs(60), &mut stream).await {}
    assert!(client.notices("reset").is_empty() && client.records.is_empty(), "{client:?}");
}

#[tokio::test(start_paused = true)]
async fn the_model_does_what_a_follower_relies_on() {
    for seed in 0..20 {
        let model = Model::seeded(seed);
        let append = async |count| {
            for _ in 0..count {
                for topic in ["a", "b"] {
                    let key = model.end() + 1;
                    model.commit(topic, key);
                }
            }
        };
        let scope = scope();
        let checked = contract::check(&model, &scope, append);
        timeout(Duration::from_secs(60), checked).await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn streams_read_history_at_the_same_time_only_as_far_as_memory_goes() {
    let model = model(30);
    model.state().reading = Duration::from_millis(10);
    // A half is for streams, and of that a half for those with a filter, each of which may read
    // 128 KiB and encode as much again.
    let options = LogOptions::default().unsent_bytes(4 << 20);
    let log = Log::spawn(model.clone(), Seal::new(b"secret"), options);
    let clients = (0..20).map(|_| {
        let log = log.clone();
        async move { read_records(&mut Client::default(), &log, ALL, 30).await }
    });
    futures_util::future::join_all(clients).await;
    let most = model.state().reading_most;
    assert!((2..=4).contains(&most), "{most} at a time");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_shows_nothing_leaves_the_thread_to_others_while_it_reads() {
    let model = model(0);
    let log = serve(&model);
    let mut client = Client::default();
    let none = scope().filtered(Shown(100_000));
    let mut stream = client.connect(&log, &none, History::Newest(0));
    client.read_until(&mut stream, |client| !client.last_id.is_empty()).await;
    (1..=20_000).for_each(|key| {
        model.commit("a", key);
    });
    while log.stats().published < 20_000 {
        tokio::task::yield_now().await;
    }
    let mut polls = 0;
    let next = async {
        let mut next = std::pin::pin!(stream.next());
        std::future::poll_fn(|cx| {
            polls += 1;
            next.as_mut().poll(cx)
        })
        .await
    };
    assert!(timeout(Duration::from_secs(1), next).await.is_err());
    assert!(polls >= 20, "{polls} polls for 20,000 records that are left out");
}

#[tokio::test(start_paused = true)]
async fn a_large_batch_of_which_nothing_is_shown_is_gone_through_in_steps() {
    let model = model(12);
    let log = serve(&model);
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope().filtered(Shown(100_000)), ALL);
    // Within history, after a page without anything to show.
    client.read_until(&mut stream, |client| client.notices("sync").len() == 1).await;
    (13..=5_012).for_each(|key| {
        model.commit("a", key);
    });
    {
        let mut state = model.state();
        (state.snapshots_from, state.batch) = (5_012, Some(5_000));
    }
    let mut polls = 0;
    let next = async {
        let mut next = std::pin::pin!(stream.next());
        std::future::poll_fn(|cx| {
            polls += 1;
            next.as_mut().poll(cx)
        })
        .await
    };
    timeout(Duration::from_secs(5), next).await.unwrap().unwrap();
    assert!(polls >= 5_000 / 256, "{polls} polls for 5,000 records that are left out");
}

#[tokio::test(start_paused = true)]
async fn who_is_slow_to_take_what_history_lacks_keeps_nobody_from_reading() {
    let model = Model::default();
    (20_001..=20_030).for_each(|key| _ = model.commit("a", key));
    // A half is for streams, and one batch of changes takes all of it.
    let options = LogOptions::default().unsent_bytes(2 << 20);
    let log = Log::spawn(model.clone(), Seal::new(b"secret"), options);
    let mut slow = Client::default();
    let mut stream = slow.connect(&log, &scope(), ALL);
    slow.read_until(&mut stream, |client| client.records.len() == 3).await;
    // Its snapshot is gone, and there is much below what it has.
    (1..=20_000).for_each(|key| _ = model.commit("a", key));
    {
        let mut state = model.state();
        (state.snapshots_from, state.batch) = (20_030, Some(20_000));
    }
    slow.read_until(&mut stream, |client| client.records.len() > 3).await;
    assert!(slow.records.len() < 20_003, "there is more to take");
    read_records(&mut Client::default(), &log, History::Newest(10), 10).await;
    slow.read_until(&mut stream, |client| client.records.len() == 20_030).await;
    let in_order = (1..=3).chain(31..=20_030).chain(4..=30);
    assert!(slow.records.iter().copied().eq(in_order), "each once");
}
