//! A log whose driver does not run says so, to its streams and to its application.

use std::time::Duration;

use gapless_sse_core::follow::{History, Scope, Seal};
use gapless_sse_core::{Log, LogDriver, LogEvent, LogOptions, LogState};
use tokio::time::timeout;

use crate::client::Client;
use crate::model::{Model, Shown};

const ALL: History = History::All;

fn scope() -> Scope<Shown> {
    Scope::new("s", ["a"]).filtered(Shown::ALL)
}

fn log(model: &Model) -> (Log<Model>, LogDriver<Model>) {
    Log::new(model.clone(), Seal::new(b"secret"), LogOptions::default())
}

/// The messages of the `status` events so far.
fn told(client: &Client) -> Vec<&str> {
    client.notices("status")
}

async fn read_until_told(log: &Log<Model>, client: &mut Client, words: &str) {
    let mut stream = client.connect(log, &scope(), ALL);
    client.read_until(&mut stream, |client| told(client).iter().any(|of| of.contains(words))).await;
    assert!(told(client).iter().all(|of| of.starts_with(r#"{"source":"unavailable""#)));
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_is_never_polled_is_an_outage_until_it_is() {
    let model = Model::default();
    let (log, driver) = log(&model);
    let run = driver.run(|_| {});
    assert_eq!((log.state(), log.state().is_driven()), (LogState::NotStarted, false));
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| told(client).len() == 1).await;
    assert!(told(&client)[0].contains("has not begun to read the log"), "{client:?}");
    tokio::spawn(run);
    client.read_until(&mut stream, |client| told(client).len() == 2).await;
    assert!(told(&client)[1].starts_with(r#"{"source":"ok""#), "{client:?}");
    assert_eq!(log.state(), LogState::Following);
    model.commit("a", 1);
    client.read_until(&mut stream, |client| client.records == [1]).await;
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_is_dropped_is_an_outage_for_streams_of_before_and_after() {
    let model = Model::default();
    let (never, driver) = log(&model);
    drop(driver);
    assert_eq!(never.state(), LogState::Stopped);
    read_until_told(&never, &mut Client::default(), "has stopped reading").await;

    let (log, driver) = log(&model);
    let task = tokio::spawn(driver.run(|_| {}));
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| !client.last_id.is_empty()).await;
    assert_eq!((log.state(), told(&client).len()), (LogState::Following, 0));
    task.abort();
    client.read_until(&mut stream, |client| told(client).len() == 1).await;
    assert!(told(&client)[0].contains("has stopped reading"), "{client:?}");
    assert!(!log.state().is_driven());
    read_until_told(&log, &mut Client::default(), "has stopped reading").await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_an_observer_stops_the_log_and_is_told() {
    let model = Model::default();
    let (observed, driver) = log(&model);
    let task = tokio::spawn(driver.run(|event| {
        assert!(!matches!(event, LogEvent::Open), "an observer that fails");
    }));
    let mut client = Client::default();
    let mut stream = client.connect(&observed, &scope(), ALL);
    client.read_until(&mut stream, |client| told(client).len() == 1).await;
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(observed.state(), LogState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_source_is_told_apart_from_a_driver_that_has_stopped() {
    let model = Model::default();
    let (log, driver) = log(&model);
    model.state().down = true;
    let task = tokio::spawn(driver.run(|_| {}));
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    client.read_until(&mut stream, |client| told(client).len() == 1).await;
    assert!(told(&client)[0].contains("cannot be read at the moment"), "{client:?}");
    assert!(matches!(log.state(), LogState::Failing(_)) && log.state().is_driven());
    task.abort();
    client.read_until(&mut stream, |client| told(client).len() == 2).await;
    assert!(told(&client)[1].contains("has stopped reading"), "{client:?}");
}

#[tokio::test(start_paused = true)]
async fn the_driver_ends_with_the_last_log_and_the_last_stream() {
    let model = Model::default();
    let (log, driver) = log(&model);
    let mut task = tokio::spawn(driver.run(|_| {}));
    let mut client = Client::default();
    let mut stream = client.connect(&log, &scope(), ALL);
    drop(log);
    client.read_until(&mut stream, |client| !client.last_id.is_empty()).await;
    assert!(timeout(Duration::from_secs(60), &mut task).await.is_err(), "a stream is open");
    model.commit("a", 1);
    client.read_until(&mut stream, |client| client.records == [1]).await;
    drop(stream);
    timeout(Duration::from_secs(1), task).await.unwrap().unwrap();
}
