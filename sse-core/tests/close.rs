//! Whoever asked is told when a stream is over, once, and what it was.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::sync::mpsc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use gapless_sse_core::{CloseReason, Closed, Encoded, Event, EventStream, IntoEncoded, try_events};

fn body<S: Stream<Item: IntoEncoded>>(
    events: S,
    lifetime: Option<Duration>,
) -> (EventStream<S>, mpsc::Receiver<Closed>) {
    let (tell, told) = mpsc::channel();
    let body = EventStream::new(events).lifetime(lifetime);
    (body.on_close(move |closed| tell.send(closed).unwrap()), told)
}

/// The one time that is told.
fn only(told: &mpsc::Receiver<Closed>) -> Closed {
    let closed = told.recv().unwrap();
    assert!(told.recv().is_err(), "it is told once");
    closed
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_is_told_with_what_went_through_it() {
    let merged = Encoded::merge(&[Event::new("b").into(), Event::new("c").into()]);
    let (mut body, told) = body(stream::iter([Event::new("a").into(), merged]), None);
    let mut bytes = 0;
    while let Some(Ok(part)) = body.next().await {
        bytes += part.len() as u64;
    }
    assert_eq!(told.try_recv().unwrap().reason, CloseReason::Ended);
    drop(body);
    assert!(told.recv().is_err(), "it is told once, and not again when it is dropped");
    assert!(bytes > 0);
}

#[tokio::test(start_paused = true)]
async fn events_and_bytes_are_counted_and_heartbeats_are_no_events() {
    let merged = Encoded::merge(&[Event::new("b").into(), Event::new("c").into()]);
    let events = stream::iter([Event::new("a").into(), merged]).chain(stream::pending());
    let (mut body, told) = body(events, None);
    let mut bytes = 0;
    for _ in 0..3 {
        bytes += body.next().await.unwrap().unwrap().len() as u64;
    }
    drop(body);
    let closed = only(&told);
    assert_eq!((closed.reason, closed.events, closed.bytes), (CloseReason::Dropped, 3, bytes));
    assert_eq!(closed.duration, Duration::from_secs(25) * 2);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_lifetime_is_told_as_such() {
    let limit = Duration::from_secs(100);
    let (mut body, told) = body(stream::pending::<Encoded>(), Some(limit));
    while body.next().await.is_some() {}
    drop(body);
    let closed = only(&told);
    assert_eq!((closed.reason, closed.events), (CloseReason::Lifetime, 0));
    assert!(closed.duration >= limit / 10 * 9 && closed.duration <= limit / 10 * 11);
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_the_stream_and_is_told_with_it() {
    let events = stream::iter([Ok("a"), Err("the table is gone"), Ok("b")]);
    let (mut body, told) = body(events, None);
    assert_eq!(body.next().await.unwrap().unwrap(), "retry: 1000\n\ndata: a\n\n");
    assert!(body.next().await.is_none());
    let closed = only_now(&told);
    assert_eq!((closed.reason, closed.events), (CloseReason::Failed, 1));
    assert_eq!(closed.error.unwrap().to_string(), "the table is gone");
}

#[tokio::test(start_paused = true)]
async fn an_error_may_be_the_last_event() {
    let events = stream::iter([Ok("a"), Err("full"), Ok("b")]);
    let events = try_events(events, |error: &str| Event::new(format!("failed: {error}")));
    let (mut body, told) = body(events, None);
    let written = body.next().await.unwrap().unwrap();
    assert_eq!(written, "retry: 1000\n\ndata: a\n\ndata: failed: full\n\n");
    assert!(body.next().await.is_none());
    assert_eq!(only_now(&told).reason, CloseReason::Ended);
}

fn only_now(told: &mpsc::Receiver<Closed>) -> Closed {
    let closed = told.try_recv().unwrap();
    assert!(told.try_recv().is_err(), "it is told once");
    closed
}

#[tokio::test(start_paused = true)]
async fn a_second_hook_takes_the_place_of_the_first_which_is_told_nothing() {
    let (body, first) = body(stream::pending::<Encoded>(), None);
    let (tell, second) = mpsc::channel();
    let body = body.on_close(move |closed| tell.send(closed).unwrap());
    drop(body);
    assert_eq!(only(&second).reason, CloseReason::Dropped);
    assert!(first.recv().is_err(), "it is told nothing");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_stopped_ends_with_the_last_event_and_nothing_else() {
    let (send, receive) = tokio::sync::oneshot::channel::<Event<'static>>();
    let events = stream::iter([Event::new("a")]).chain(stream::pending());
    let (body, told) = body(events, None);
    let mut body = body.stop_when(async { receive.await.unwrap() });
    assert_eq!(body.next().await.unwrap().unwrap(), "retry: 1000\n\ndata: a\n\n");
    let reads = tokio::spawn(async move {
        let last = body.next().await.unwrap().unwrap();
        assert!(body.next().await.is_none());
        last
    });
    tokio::task::yield_now().await;
    send.send(Event::new("denied")).unwrap();
    assert_eq!(reads.await.unwrap(), "data: denied\n\n");
    let closed = only(&told);
    assert_eq!((closed.reason, closed.events), (CloseReason::Stopped, 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_pending_when_a_stream_is_stopped_is_not_passed_on() {
    // Two events do not go into one part: the second is held when the stop comes.
    let large = "x".repeat(40 * 1024);
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let (body, _told) = body(stream::repeat_with(move || large.clone()), None);
    let mut body = body.stop_when(async {
        receive.await.unwrap();
        Event::new("denied")
    });
    assert!(body.next().await.unwrap().unwrap().len() > 40 * 1024);
    send.send(()).unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "data: denied\n\n");
    assert!(body.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_stops_a_stream_is_asked_when_it_wakes_and_dropped_with_it() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let (asked, held) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
    let (counts, holds) = (Arc::clone(&asked), Arc::clone(&held));
    let never = std::future::poll_fn(move |_| {
        let _ = &holds;
        counts.fetch_add(1, Ordering::Relaxed);
        std::task::Poll::<Event<'static>>::Pending
    });
    let (body, _told) = body(stream::repeat_with(|| "x".repeat(40 * 1024)), None);
    let mut body = body.stop_when(never);
    for _ in 0..100 {
        body.next().await.unwrap().unwrap();
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    drop(body);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test(start_paused = true)]
async fn a_last_event_that_fails_is_a_failure() {
    let (body, told) = body(stream::pending::<Encoded>(), None);
    let last = async { Err::<Encoded, _>(std::io::Error::other("no")) };
    let mut body = body.stop_when(last);
    assert!(body.next().await.is_none());
    let closed = only(&told);
    assert_eq!(closed.reason, CloseReason::Failed);
    assert_eq!(closed.error.unwrap().to_string(), "no");
}
