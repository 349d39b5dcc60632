//! Who may open a stream, and when a place is free again.

#![cfg(feature = "tokio")]

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use gapless_sse_core::{
    Admission, AdmissionLimits, AdmissionStats, Encoded, Event, EventStream, Refused,
};
use tokio::time;

fn admission(max_total: usize, max_per_key: usize) -> Admission<&'static str> {
    Admission::new(AdmissionLimits::default().max_total(max_total).max_per_key(max_per_key))
}

fn taken(stats: AdmissionStats) -> (usize, usize) {
    (stats.open, stats.keys)
}

#[test]
fn the_1001st_of_1000_is_refused() {
    let admission = Admission::new(AdmissionLimits::default());
    let permits: Vec<_> = (0..1000).map(|_| admission.admit("an office").unwrap()).collect();
    assert_eq!(admission.admit("an office").unwrap_err(), Refused::PerKey(1000));
    let _other = admission.admit("another").unwrap();
    drop(permits);
    let _again = admission.admit("an office").unwrap();
}

#[test]
fn all_together_have_a_limit_too() {
    let admission = Admission::new(AdmissionLimits::default().max_total(1000).max_per_key(1));
    let permits: Vec<_> = (0..1000).map(|key| admission.admit(key).unwrap()).collect();
    assert_eq!(admission.admit(1000).unwrap_err(), Refused::Total(1000));
    drop(permits);
    let _again = admission.admit(1000).unwrap();
}

#[test]
fn a_client_is_told_of_the_limit_it_can_do_something_about() {
    let admission = admission(1, 1);
    let _permit = admission.admit("ann").unwrap();
    assert_eq!(admission.admit("ann").unwrap_err(), Refused::PerKey(1));
    assert_eq!(admission.admit("bob").unwrap_err(), Refused::Total(1));
    let stats = admission.stats();
    assert_eq!((stats.refused_total, stats.refused_per_key), (1, 1));
}

#[test]
fn a_refusal_takes_no_place() {
    let admission = admission(2, 1);
    let permit = admission.admit("ann").unwrap();
    for _ in 0..10 {
        assert!(admission.admit("ann").is_err());
    }
    assert_eq!(taken(admission.stats()), (1, 1));
    drop(permit);
    assert_eq!(taken(admission.stats()), (0, 0));
}

#[test]
fn keys_without_streams_are_forgotten() {
    let admission = Admission::new(AdmissionLimits::default());
    for round in 0..10 {
        let keys = (0..1000).map(|key| format!("{round}-{key}"));
        let permits: Vec<_> =
            keys.flat_map(|key| [key.clone(), key]).map(|key| admission.admit(key)).collect();
        assert_eq!(taken(admission.stats()), (2000, 1000));
        drop(permits);
        assert_eq!(taken(admission.stats()), (0, 0));
    }
}

#[test]
fn threads_never_pass_a_limit_together() {
    let admission = admission(3, 2);
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for key in ["ann", "bob", "cem", "ann"] {
            let (admission, start) = (&admission, &start);
            scope.spawn(move || {
                start.wait();
                for _ in 0..5_000 {
                    let permits = [admission.admit(key), admission.admit(key)];
                    assert!(admission.stats().open <= 3);
                    drop(permits);
                }
            });
        }
    });
    assert_eq!(taken(admission.stats()), (0, 0));
}

/// More than an idle stream writes before it ends.
const MANY: usize = 1000;

/// A stream of `events` that holds the only place.
fn body<S: stream::Stream<Item = Encoded>>(
    admission: &Admission<&'static str>,
    events: S,
) -> EventStream<S> {
    let permit = admission.admit("ann").expect("there is a place");
    let body = EventStream::new(events).holding(permit);
    assert_eq!(taken(admission.stats()), (1, 1), "the stream holds it now");
    body
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_when_a_stream_is_dropped_that_was_never_polled() {
    let admission = admission(1, 1);
    drop(body(&admission, stream::pending()));
    assert_eq!(taken(admission.stats()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_when_the_client_goes_away() {
    let admission = admission(1, 1);
    let mut body = body(&admission, stream::pending()).lifetime(Duration::from_secs(60));
    body.next().await.unwrap().unwrap();
    assert!(body.next().now_or_never().is_none());
    assert_eq!(taken(admission.stats()), (1, 1));
    drop(body);
    assert_eq!(taken(admission.stats()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_when_the_events_end() {
    let admission = admission(1, 1);
    let mut body = body(&admission, stream::iter([Encoded::from(Event::new("last"))]));
    body.next().await.unwrap().unwrap();
    assert!(body.next().await.is_none());
    assert_eq!(taken(admission.stats()), (0, 0), "although the body is still there");
    assert!(body.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_when_the_lifetime_is_over() {
    let admission = admission(1, 1);
    let mut body = body(&admission, stream::pending()).lifetime(Duration::from_secs(60));
    assert!(body.by_ref().take(MANY).count().await < MANY);
    assert_eq!(taken(admission.stats()), (0, 0), "although the body is still there");
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_when_the_handler_is_cancelled() {
    let admission = admission(1, 1);
    let handler = async {
        let permit = admission.admit("ann").unwrap();
        std::future::pending::<()>().await;
        EventStream::new(stream::pending::<Encoded>()).holding(permit)
    };
    assert!(time::timeout(Duration::from_secs(1), handler).await.is_err());
    assert_eq!(taken(admission.stats()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stream_holds_all_that_it_is_given() {
    let (addresses, users) = (admission(1, 1), admission(1, 1));
    let stream = body(&addresses, stream::pending()).holding(users.admit("ann").unwrap());
    assert_eq!((addresses.stats().open, users.stats().open), (1, 1));
    drop(stream);
    assert_eq!((addresses.stats().open, users.stats().open), (0, 0));
}
