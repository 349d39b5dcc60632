//! What goes wrong with a source is told truly: to streams, to the observer, in the state of the log
//! and in its counts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapless_sse_core::follow::{Fault, Frontier, History, Scope, Seal};
use gapless_sse_core::{Log, LogEvent, LogFailure, LogOptions, LogReader, LogState, TailFailure};
use tokio::time::{Instant, sleep_until};

use crate::client::Client;
use crate::model::{Model, Number, Shown};

const ALL: History = History::All;

fn scope() -> Scope<Shown> {
    Scope::new("s", ["a"]).filtered(Shown::ALL)
}

/// What the observer was told: who failed, and why.
type Told = Arc<Mutex<Vec<(Option<LogReader>, String)>>>;

fn serve(model: &Model, options: LogOptions) -> (Log<Model>, Told) {
    let (log, driver) = Log::new(model.clone(), Seal::new(b"secret"), options);
    let told = Told::default();
    let observe = {
        let told = Arc::clone(&told);
        move |event| {
            let told_of = match event {
                LogEvent::Open => (None, "open".to_owned()),
                LogEvent::TailFailed(failure, wait) => {
                    assert!(wait >= Duration::from_millis(125), "{wait:?}");
                    (Some(LogReader::Tail), failure.to_string())
                }
                LogEvent::CatchUpFailed(failure, _) => {
                    (Some(LogReader::CatchUp), failure.to_string())
                }
                LogEvent::StreamsFailed(failure, times) => {
                    (Some(LogReader::Stream), format!("{times} × {failure}"))
                }
                other => panic!("{other:?}"),
            };
            told.lock().unwrap().push(told_of);
        }
    };
    tokio::spawn(driver.run(observe));
    (log, told)
}

fn model(count: u32) -> Model {
    let model = Model::default();
    model.state().tail_before = Some(0);
    (1..=count).for_each(|key| {
        model.commit("a", key);
    });
    model
}

fn failing(log: &Log<Model>) -> TailFailure {
    match log.state() {
        LogState::Failing(failure) => failure,
        state => panic!("{state:?}"),
    }
}

fn failures(log: &Log<Model>, of: LogReader, meaning: Fault) -> u64 {
    let failures = log.stats().failures.into_iter();
    failures.filter(|(reader, fault, _)| (*reader, *fault) == (of, meaning)).map(|of| of.2).sum()
}

/// The sources of the `status` events, in order.
fn told_sources(client: &Client) -> Vec<&str> {
    let status = client.notices("status").into_iter();
    status.map(|data| data.split('"').nth(3).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_source_that_needs_somebody_to_act_is_not_called_passing() {
    let model = model(1);
    let (log, told) = serve(&model, LogOptions::default());
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| client.records.len() == 1).await;
    model.state().fault = Some(Fault::NeedsAction);
    model.go_down();
    client.read_until(&mut stream, |client| told_sources(client).len() == 1).await;
    assert_eq!(told_sources(&client), ["failed"]);
    assert!(client.notices("status")[0].contains("until somebody who runs the server has acted"));
    let failure = failing(&log);
    assert_eq!(
        (failure.fault, &*failure.error),
        (Fault::NeedsAction, "the model failed: NeedsAction")
    );
    // What it means changes while it lasts, and is told again.
    model.state().fault = None;
    client.read_until(&mut stream, |client| told_sources(client).len() == 2).await;
    assert_eq!((failing(&log).fault, failing(&log).since), (Fault::Unavailable, failure.since));
    model.recover();
    client.read_until(&mut stream, |client| told_sources(client).len() == 3).await;
    assert_eq!(told_sources(&client), ["failed", "unavailable", "ok"]);
    assert_eq!(log.state(), LogState::Following);
    let told = told.lock().unwrap();
    let of_tail = |what: &str| told.iter().filter(|(_, text)| text.contains(what)).count() as u64;
    assert_eq!(failures(&log, LogReader::Tail, Fault::NeedsAction), of_tail("NeedsAction"));
    assert_eq!(failures(&log, LogReader::Tail, Fault::Unavailable), of_tail("Unavailable"));
    assert_eq!(of_tail("open"), 2, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_refused_says_so_once_and_does_not_ask_for_ever() {
    let model = model(3);
    model.state().history_fault = Some(Fault::Refused);
    let (log, told) = serve(&model, LogOptions::default());
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| told_sources(client).len() == 1).await;
    assert!(client.notices("status")[0].contains("does not take what this stream asks for"));
    while client.read_within(Duration::from_secs(3600), &mut stream).await {}
    assert_eq!(told_sources(&client), ["failed"]);
    assert_eq!(model.state().answered.history, 1, "it is not asked again");
    assert_eq!(failures(&log, LogReader::Stream, Fault::Refused), 1);
    let refused = (Some(LogReader::Stream), "1 × the model failed: Refused".to_owned());
    assert!(told.lock().unwrap().contains(&refused));
    // It still hears of what concerns every stream.
    log.drain();
    client.read_until(&mut stream, |client| client.notices("drain").len() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_asked_anew_in_another_life_of_the_log() {
    let model = model(3);
    model.state().history_fault = Some(Fault::Refused);
    let (log, _) = serve(&model, LogOptions::default());
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| told_sources(client).len() == 1).await;
    model.state().history_fault = None;
    model.end_life(7);
    client.read_until(&mut stream, |client| client.began_anew_with(3)).await;
    assert_eq!(told_sources(&client).last(), Some(&"ok"));
}

#[tokio::test(start_paused = true)]
async fn questions_of_streams_that_fail_are_told_to_the_observer_and_counted() {
    let model = model(3);
    model.state().history_fault = Some(Fault::NeedsAction);
    let (log, told) = serve(&model, LogOptions::default());
    let mut clients: Vec<_> = (0..20)
        .map(|_| {
            let client = Client::default();
            let stream = client.connect(&log, &scope(), ALL);
            (client, stream)
        })
        .collect();
    for (client, stream) in &mut clients {
        client.read_until(stream, |client| told_sources(client) == ["failed"]).await;
    }
    sleep_until(Instant::now() + Duration::from_secs(2)).await;
    let counted = failures(&log, LogReader::Stream, Fault::NeedsAction);
    assert!(counted >= 20, "{counted}");
    let told = told.lock().unwrap();
    let of_streams: Vec<_> = told.iter().filter(|(of, _)| *of == Some(LogReader::Stream)).collect();
    assert!(of_streams.len() < 10, "once a second: {of_streams:?}");
    let times = of_streams.iter().map(|(_, text)| text.split(' ').next().unwrap());
    assert_eq!(times.map(|times| times.parse::<u64>().unwrap()).sum::<u64>(), counted);
}

#[tokio::test(start_paused = true)]
async fn passes_that_fail_are_told_to_the_observer_and_counted() {
    let model = model(20);
    model.state().changes_fault = Some(Fault::NeedsAction);
    let (log, told) = serve(&model, LogOptions::default().ring_bytes(0));
    let id = Seal::new(b"secret").seal::<_, Number>(0, &Frontier::Live(Number(3)), &scope());
    let client = || Client { last_id: id.as_str().to_owned(), ..Client::default() };
    for _ in 0..30 {
        let mut stream = client().connect(&log, &scope(), ALL);
        tokio::spawn(async move { while stream.next().await.is_some() {} });
    }
    let mut client = client();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| told_sources(client) == ["failed"]).await;
    client.read_within(Duration::from_secs(600), &mut stream).await;
    let counted = failures(&log, LogReader::CatchUp, Fault::NeedsAction);
    let asked = model.state().answered.changes as u64;
    // However many streams wait for them.
    assert!((60..200).contains(&counted), "{counted} passes in ten minutes");
    // The tail has opened its changes once.
    assert_eq!(counted, asked - 1);
    model.state().changes_fault = None;
    client.read_until(&mut stream, |client| client.records.contains(&20)).await;
    assert_eq!(client.records, (4..=20).collect::<Vec<_>>());
    client.read_until(&mut stream, |client| told_sources(client) == ["failed", "ok"]).await;
    let told = told.lock().unwrap();
    let of_passes = told.iter().filter(|(of, _)| *of == Some(LogReader::CatchUp)).count() as u64;
    assert_eq!(of_passes, failures(&log, LogReader::CatchUp, Fault::NeedsAction));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_source_is_an_outage_that_is_told_counted_and_tried_again() {
    let model = model(1);
    let (log, told) = serve(&model, LogOptions::default());
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| client.records.len() == 1).await;
    model.state().panics = true;
    model.commit("a", 2);
    client.read_until(&mut stream, |client| told_sources(client).len() == 1).await;
    assert_eq!(&*failing(&log).error, "the source has panicked: the model panics");
    assert!(log.stats().panics >= 1);
    model.state().panics = false;
    client.read_until(&mut stream, |client| client.records.len() == 2).await;
    assert_eq!(told_sources(&client), ["unavailable", "ok"]);
    let panicked = LogFailure::<std::fmt::Error>::Panicked("the model panics".to_owned());
    let panicked = (Some(LogReader::Tail), panicked.to_string());
    assert!(told.lock().unwrap().contains(&panicked));
}
