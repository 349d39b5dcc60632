//! How long a stream lasts, and how it ends then.

#![cfg(feature = "tokio")]

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt, stream};
use gapless_sse_core::{BoxError, Encoded, Event, EventStream, Feed, Lifetime};
use tokio::time;

const HOUR: Duration = Duration::from_secs(60 * 60);

#[test]
fn lifetimes_are_spread_over_a_tenth_to_either_side() {
    let start = Instant::now();
    let left = |random| Lifetime::new(HOUR, random, start).left(start).unwrap();
    assert_eq!(left(0), HOUR / 10 * 9);
    assert_eq!(left(u32::MAX), HOUR / 10 * 11);
    let middle = left(u32::MAX / 2);
    assert!(middle.abs_diff(HOUR) < Duration::from_millis(1), "{middle:?}");
}

#[test]
fn a_lifetime_may_be_without_end_or_without_length() {
    let start = Instant::now();
    for random in [0, 1, u32::MAX] {
        assert!(Lifetime::new(Duration::MAX, random, start).left(start + HOUR).is_some());
        assert!(Lifetime::new(Duration::ZERO, random, start).left(start).is_none());
    }
}

fn lasting<S: Feed>(events: S, lifetime: Option<Duration>) -> EventStream<S> {
    EventStream::new(events).lifetime(lifetime).retry(Duration::from_millis(700))
}

/// What is written until the end, if there is one.
async fn rest<S: Feed>(body: EventStream<S>) -> Vec<String> {
    body.take(1000).map(|Ok(bytes)| String::from_utf8_lossy(&bytes).into_owned()).collect().await
}

/// What a client can come back to without loss.
struct Resumed;

impl Feed for Resumed {
    fn poll_events(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Encoded, BoxError>>> {
        Poll::Pending
    }

    fn resumes(&self) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_can_resume_has_no_lifetime_unless_it_is_asked_for() {
    let mut body = EventStream::new(stream::pending::<Encoded>()).heartbeat(None);
    body.next().await;
    time::advance(HOUR * 24 * 365).await;
    assert!(body.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_ends_after_its_lifetime_with_a_retry() {
    let start = time::Instant::now();
    let written = rest(EventStream::new(Resumed)).await;
    let lasted = start.elapsed();
    assert!(lasted >= HOUR / 10 * 9 && lasted < HOUR / 100 * 111, "{lasted:?}");
    let (last, before) = written.split_last().unwrap();
    assert_eq!(last, "retry: 1000\n\n");
    assert!(before[1..].iter().all(|beat| beat == ": \n\n"), "nothing else was written");
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_may_be_shorter_than_the_heartbeat() {
    let start = time::Instant::now();
    let written =
        rest(lasting(stream::pending::<Encoded>(), Some(HOUR / 10)).heartbeat(HOUR)).await;
    assert!(start.elapsed() < HOUR / 1000 * 111, "{:?}", start.elapsed());
    assert_eq!(written, ["retry: 700\n\n", "retry: 700\n\n"]);
}

#[tokio::test(start_paused = true)]
async fn two_streams_do_not_end_together() {
    let ends: Vec<_> = stream::iter(0..8)
        .then(async |_| {
            let start = time::Instant::now();
            rest(lasting(stream::pending::<Encoded>(), Some(HOUR))).await;
            start.elapsed().as_millis()
        })
        .collect()
        .await;
    assert!(ends.iter().any(|end| *end != ends[0]), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn a_busy_stream_ends_too_and_passes_on_all_that_it_took() {
    let taken = Cell::new(0);
    let large = "x".repeat(40 * 1024);
    let events = stream::repeat_with(|| {
        taken.set(taken.get() + 1);
        Encoded::from(Event::new(format!("{} {large}", taken.get())))
    })
    .take(100);
    let mut body = lasting(events, Some(HOUR));
    let first = body.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"retry: 700\n\ndata: 1 "));
    time::advance(HOUR * 2).await;
    let last: Vec<_> = body.map(|Ok(bytes)| bytes).collect().await;
    assert_eq!(last.len(), 1);
    let last = str::from_utf8(&last[0]).unwrap();
    assert_eq!(taken.get(), 2, "one was passed on, one was held, and none was taken after");
    assert_eq!(last, format!("data: 2 {large}\n\nretry: 700\n\n"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_lifetime_goes_on() {
    let mut body = lasting(stream::pending::<Encoded>(), None);
    body.next().await.unwrap().unwrap();
    time::advance(HOUR * 24 * 365).await;
    assert_eq!(body.next().await.unwrap().unwrap(), ": \n\n");
}
