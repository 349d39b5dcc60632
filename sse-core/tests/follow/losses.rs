//! Code of an application that panics stops neither the log nor the streams of others, and what
//! cannot be shown is announced and counted.

use std::sync::{Arc, Mutex};

use gapless_sse_core::follow::{Frontier, History, Scope, Seal, Topic};
use gapless_sse_core::{Feed, Follow, Log, LogEvent, LogOptions};

use crate::client::Client;
use crate::model::{Model, Number, Panics, Shown};

const ALL: History = History::All;

fn scope(name: &str, shown: Shown) -> Scope<Shown> {
    Scope::new("s", [name]).filtered(shown)
}

/// What the observer was told is lost: how many, of which topic, and why.
type Told = Arc<Mutex<Vec<(usize, Option<Topic>, String)>>>;

fn serve(model: &Model, options: LogOptions) -> (Log<Model>, Told) {
    let (log, driver) = Log::new(model.clone(), Seal::new(b"secret"), options);
    let told = Told::default();
    let observer = Arc::clone(&told);
    tokio::spawn(driver.run(move |event| {
        if let LogEvent::RecordsLost { count, topic, reason } = event {
            observer.lock().unwrap().push((count, topic, reason));
        }
    }));
    (log, told)
}

/// A client that is live in topic `name`.
async fn live(log: &Log<Model>, name: &str, shown: Shown) -> (Client, Follow<Model>) {
    let mut client = Client::default();
    let mut stream = client.connect(log, &scope(name, shown), ALL);
    client.read_until(&mut stream, |client| !client.last_id.is_empty()).await;
    (client, stream)
}

const EVERY_WAY: [(Panics, &str); 3] = [
    (Panics::Event, "the event panics"),
    (Panics::Mark, "the mark panics"),
    (Panics::Weight, "the weight panics"),
];

#[tokio::test(start_paused = true)]
async fn a_record_that_panics_is_passed_over_announced_and_told_and_the_tail_goes_on() {
    for (panics, why) in EVERY_WAY {
        let model = Model::default();
        let (log, told) = serve(&model, LogOptions::default());
        let (mut of_a, mut stream_a) = live(&log, "a", Shown::ALL).await;
        let (mut filtered, mut stream_filtered) = live(&log, "a", Shown(1000)).await;
        let (mut of_b, mut stream_b) = live(&log, "b", Shown::ALL).await;
        model.state().panicking.insert(2, panics);
        for (key, name) in [(1, "a"), (2, "a"), (3, "b"), (4, "a")] {
            model.commit(name, key);
        }
        of_a.read_until(&mut stream_a, |client| client.records == [1, 4]).await;
        filtered.read_until(&mut stream_filtered, |client| client.lost == 1).await;
        of_b.read_until(&mut stream_b, |client| client.records == [3]).await;
        assert_eq!([of_a.lost, filtered.lost, of_b.lost], [1, 1, 0]);
        assert_eq!((log.stats().lost, log.stats().published), (1, 4));
        let expected = (1, Some(Topic::new("s", "a")), format!("its own code has panicked: {why}"));
        assert_eq!(*told.lock().unwrap(), [expected]);
        // Who is past it is not told again.
        let mut stream = of_a.connect(&log, &scope("a", Shown::ALL), ALL);
        model.commit("a", 5);
        of_a.read_until(&mut stream, |client| client.records == [1, 4, 5]).await;
        assert_eq!(of_a.lost, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_panics_when_it_is_dropped_is_shown() {
    let model = Model::default();
    let (log, _) = serve(&model, LogOptions::default());
    let (mut client, mut stream) = live(&log, "a", Shown::ALL).await;
    model.state().panicking.insert(1, Panics::Drop);
    (1..=2).for_each(|key| _ = model.commit("a", key));
    client.read_until(&mut stream, |client| client.records == [1, 2]).await;
    assert_eq!((client.lost, log.stats().lost), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_came_late_and_panics_is_announced_with_those_beside_it() {
    let model = Model::default();
    let (log, _) = serve(&model, LogOptions::default());
    let (mut client, mut stream) = live(&log, "a", Shown::ALL).await;
    model.state().panicking.insert(2, Panics::Event);
    model.commit_late(&[("a", 1), ("a", 2), ("a", 3)]);
    client.read_until(&mut stream, |client| client.late == [1, 3]).await;
    assert_eq!((client.lost, client.announced, log.stats().lost), (1, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn what_a_source_passes_over_is_announced_to_all_live_and_to_those_who_catch_up() {
    let model = Model::default();
    // The ring holds next to nothing.
    let (log, told) = serve(&model, LogOptions::default().ring_bytes(0));
    let (mut of_a, mut stream_a) = live(&log, "a", Shown::ALL).await;
    let (mut of_b, mut stream_b) = live(&log, "b", Shown(1000)).await;
    model.state().passed_over.insert(2, 3);
    model.commit("a", 1);
    model.commit("c", 2);
    of_a.read_until(&mut stream_a, |client| client.lost == 3).await;
    of_b.read_until(&mut stream_b, |client| client.lost == 3).await;
    (3..=40).for_each(|key| _ = model.commit("a", key));
    of_a.read_until(&mut stream_a, |client| client.records.contains(&40)).await;
    assert_eq!((of_a.lost, of_b.lost, log.stats().lost), (3, 3, 3));
    assert_eq!(told.lock().unwrap()[..], [(3, None, "the source has passed it over".to_owned())]);
    let at_1 = Seal::new(b"secret").seal::<_, Number>(
        0,
        &Frontier::Live(Number(1)),
        &scope("b", Shown::ALL),
    );
    let mut back = Client { last_id: at_1.as_str().to_owned(), ..Client::default() };
    let mut stream = back.connect(&log, &scope("b", Shown::ALL), ALL);
    back.read_until(&mut stream, |client| client.lost == 3).await;
    assert!(back.notices("reset").is_empty());
    assert_eq!((log.stats().lost, log.stats().resumed[1].1), (3, 1), "it has caught up");
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_panics_ends_its_own_stream_with_an_error_and_no_other() {
    let model = Model::default();
    let (log, _) = serve(&model, LogOptions::default());
    let (mut sound, mut stream_sound) = live(&log, "a", Shown::ALL).await;
    let (_, mut failing) = live(&log, "a", Shown::PANICS).await;
    model.commit("a", 1);
    model.commit("b", 2);
    let ended = loop {
        let mut failing = std::pin::Pin::new(&mut failing);
        match std::future::poll_fn(|cx| failing.as_mut().poll_events(cx)).await {
            Some(Err(error)) => break error.to_string(),
            Some(Ok(_)) => {}
            None => panic!("it has ended without a word"),
        }
    };
    assert_eq!(ended, "the filter of the stream has panicked: the filter panics");
    assert!(failing.next().await.is_none(), "it has ended");
    sound.read_until(&mut stream_sound, |client| client.records == [1]).await;
    let (mut of_b, mut stream_b) = live(&log, "b", Shown::ALL).await;
    of_b.read_until(&mut stream_b, |client| client.records == [2]).await;
}

#[tokio::test(start_paused = true)]
async fn a_record_of_history_that_panics_is_announced_in_its_place() {
    let model = Model::default();
    (1..=8).for_each(|nth| _ = model.commit("a", 10 * nth));
    model.state().panicking.insert(2, Panics::Event);
    let (log, _) = serve(&model, LogOptions::default());
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope("a", Shown::ALL), ALL);
    client.read_until(&mut stream, |client| client.lost == 1).await;
    assert_eq!(client.records, [1, 3], "the first page");
    // Their snapshot is gone: what came meanwhile is brought by the changes.
    model.state().panicking.extend([(9, Panics::Event), (10, Panics::Mark)]);
    (1..=3).for_each(|key| _ = model.commit("a", key));
    model.state().snapshots_from = 11;
    client.read_until(&mut stream, |client| client.records.len() == 8).await;
    assert_eq!(client.records, [1, 3, 11, 4, 5, 6, 7, 8]);
    // Of the page, and of the changes, which the tail has read as well.
    assert_eq!((client.lost, log.stats().lost), (3, 5));
}
