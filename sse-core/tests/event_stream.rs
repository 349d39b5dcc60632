//! The body of a response: first bytes, merging, heartbeats, end.

#![cfg(feature = "tokio")]

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use gapless_sse_core::{BoxError, Encoded, Event, EventStream, Feed, IntoEncoded, KeepAlive};
use tokio::sync::mpsc;
use tokio::time::{Instant, advance};

const KIB: usize = 1024;

fn channel() -> (mpsc::UnboundedSender<Encoded>, impl Stream<Item = Encoded>) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    (sender, stream::poll_fn(move |context| receiver.poll_recv(context)))
}

fn body<S: Stream<Item: IntoEncoded>>(events: S) -> EventStream<S> {
    EventStream::new(events)
}

fn frame(data: &str) -> Encoded {
    Encoded::from(Event::new(data))
}

async fn next<S: Feed + Unpin>(body: &mut EventStream<S>) -> Bytes {
    let Ok(bytes) = body.next().await.expect("the stream goes on");
    bytes
}

#[tokio::test(start_paused = true)]
async fn first_bytes_come_before_any_event() {
    let mut body = body(stream::pending::<Encoded>());
    assert_eq!(body.next().now_or_never().unwrap().unwrap().unwrap(), "retry: 1000\n\n");
}

#[tokio::test(start_paused = true)]
async fn first_bytes_say_the_retry_that_was_asked_for() {
    let mut body = EventStream::new(stream::pending::<Encoded>()).retry(Duration::from_millis(250));
    assert_eq!(next(&mut body).await, "retry: 250\n\n");
}

#[tokio::test(start_paused = true)]
async fn first_bytes_and_pending_events_leave_as_one_buffer() {
    let mut body = body(stream::iter([Event::new("a"), Event::new("b")]));
    assert_eq!(next(&mut body).await, "retry: 1000\n\ndata: a\n\ndata: b\n\n");
    assert!(body.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn first_bytes_come_although_there_are_no_events() {
    let mut body = body(stream::empty::<Encoded>());
    assert_eq!(next(&mut body).await, "retry: 1000\n\n");
    assert!(body.next().await.is_none());
    assert!(body.next().await.is_none(), "the end stays the end");
}

#[tokio::test(start_paused = true)]
async fn an_event_alone_is_not_copied() {
    let (sender, events) = channel();
    let mut body = body(events);
    next(&mut body).await;
    let event = frame("alone");
    let at = event.as_ref().as_ptr();
    sender.send(event).unwrap();
    let bytes = next(&mut body).await;
    assert_eq!(bytes, "data: alone\n\n");
    assert_eq!(bytes.as_ptr(), at);
}

#[tokio::test(start_paused = true)]
async fn merging_stops_at_64_kib_and_loses_nothing() {
    let frames: Vec<_> =
        (0..1000).map(|number| frame(&format!("{number} {}", "x".repeat(KIB)))).collect();
    let mut sent = b"retry: 1000\n\n".to_vec();
    sent.extend(frames.iter().flat_map(AsRef::as_ref));
    let writes: Vec<Bytes> = body(stream::iter(frames)).map(|Ok(bytes)| bytes).collect().await;
    for bytes in &writes {
        assert!(bytes.len() <= 64 * KIB, "{}", bytes.len());
        assert!(bytes.ends_with(b"\n\n"), "a buffer holds whole events");
    }
    assert!(writes.concat() == sent);
    assert!(writes.len() <= sent.len().div_ceil(62 * KIB), "{} writes", writes.len());
}

#[tokio::test(start_paused = true)]
async fn an_event_larger_than_the_bound_is_passed_on_by_reference() {
    let (sender, events) = channel();
    let mut body = body(events);
    next(&mut body).await;
    let large = frame(&"x".repeat(100 * KIB));
    let at = large.as_ref().as_ptr();
    for event in [frame("before"), large, frame("after")] {
        sender.send(event).unwrap();
    }
    assert_eq!(next(&mut body).await, "data: before\n\n");
    assert_eq!(next(&mut body).await.as_ptr(), at);
    assert_eq!(next(&mut body).await, "data: after\n\n");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_follows_each_interval_of_silence() {
    let mut body = body(stream::pending::<Encoded>());
    next(&mut body).await;
    for _ in 0..3 {
        let start = Instant::now();
        assert_eq!(next(&mut body).await, ": \n\n");
        let waited = start.elapsed();
        assert!(waited >= Duration::from_secs(25), "{waited:?}");
        assert!(waited < Duration::from_millis(25_010), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_puts_the_heartbeat_off_by_a_whole_interval() {
    let (sender, events) = channel();
    let mut body = body(events);
    next(&mut body).await;
    for _ in 0..4 {
        assert!(body.next().now_or_never().is_none(), "silent before its interval");
        advance(Duration::from_secs(20)).await;
        sender.send(frame("x")).unwrap();
        assert_eq!(next(&mut body).await, "data: x\n\n");
    }
    let start = Instant::now();
    assert_eq!(next(&mut body).await, ": \n\n");
    assert!(start.elapsed() >= Duration::from_secs(25), "{:?}", start.elapsed());
}

/// One event for each heartbeat, until they are used up.
struct Tells(Vec<&'static str>, Duration);

impl Feed for Tells {
    fn poll_events(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Encoded, BoxError>>> {
        Poll::Pending
    }

    fn begin(mut self: Pin<&mut Self>, heartbeat: Option<Duration>) {
        self.1 = heartbeat.unwrap_or_default();
    }

    fn heartbeat(mut self: Pin<&mut Self>) -> Option<Encoded> {
        let interval = self.1.as_secs();
        self.0.pop().map(|text| frame(&format!("{text} after {interval} s")))
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_says_what_its_feed_has_to_say() {
    let (tell, told) = std::sync::mpsc::channel();
    let mut body = EventStream::new(Tells(vec!["last", "first"], Duration::ZERO))
        .heartbeat(Duration::from_secs(7))
        .on_close(move |closed| tell.send(closed.events).unwrap());
    let start = Instant::now();
    next(&mut body).await;
    for says in ["data: first after 7 s\n\n", "data: last after 7 s\n\n", ": \n\n"] {
        assert_eq!(next(&mut body).await, says);
    }
    assert_eq!(start.elapsed().as_secs(), 21);
    drop(body);
    assert_eq!(told.recv(), Ok(0), "heartbeats are no events");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_of_no_length_leaves_the_stream_usable() {
    let mut body = EventStream::new(stream::pending::<Encoded>()).heartbeat(Duration::ZERO);
    next(&mut body).await;
    assert!(body.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_may_be_put_off_forever() {
    let mut body = EventStream::new(stream::pending::<Encoded>()).heartbeat(Duration::MAX);
    next(&mut body).await;
    assert!(body.next().now_or_never().is_none());
}

#[test]
fn the_stream_fits_an_http_body() {
    fn assert_fits<T: Send + Unpin + 'static>() {}
    assert_fits::<EventStream<stream::Pending<Encoded>>>();
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_heartbeat_stays_silent() {
    let mut body = EventStream::new(stream::pending::<Encoded>()).heartbeat(None);
    next(&mut body).await;
    assert!(body.next().now_or_never().is_none());
    advance(Duration::from_secs(1_000_000)).await;
    assert!(body.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_is_the_text_or_the_event_that_was_asked_for() {
    let second = KeepAlive::new().interval(Duration::from_secs(1));
    let text = second.clone().text("two\nlines");
    let event = second.clone().event(Event::new("{}").event("beat").unwrap());
    for (keep_alive, says) in
        [(second, ": \n\n"), (text, ": two\n: lines\n\n"), (event, "event: beat\ndata: {}\n\n")]
    {
        let mut body = EventStream::new(stream::pending::<Encoded>()).keep_alive(keep_alive);
        next(&mut body).await;
        for _ in 0..2 {
            let start = Instant::now();
            assert_eq!(next(&mut body).await, says);
            assert_eq!(start.elapsed().as_secs(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_retry_the_first_bytes_are_a_comment() {
    let mut body = EventStream::new(stream::pending::<Encoded>()).retry(None);
    assert_eq!(next(&mut body).await, ": \n\n");
}

#[tokio::test(start_paused = true)]
async fn items_may_be_events_text_and_results_of_either() {
    async fn written<S: Feed + Unpin>(events: S) -> Bytes {
        next(&mut EventStream::new(events).retry(None)).await
    }
    assert_eq!(written(stream::iter(["a"])).await, ": \n\ndata: a\n\n");
    assert_eq!(written(stream::iter([String::from("a")])).await, ": \n\ndata: a\n\n");
    let numbered = stream::iter([1_u8]).map(|number| Event::new("a").id(number));
    assert_eq!(written(numbered).await, ": \n\nid: 1\ndata: a\n\n");
    let named = stream::iter(["b"]).map(|name| Event::new("a").id(name));
    assert_eq!(written(named).await, ": \n\nid: b\ndata: a\n\n");
}

#[cfg(feature = "http-body")]
#[tokio::test(start_paused = true)]
async fn it_is_the_body_of_a_response() {
    let mut body = body(stream::iter([Event::new("a")]));
    let mut frame = async || {
        let frame = std::future::poll_fn(|cx| http_body::Body::poll_frame(Pin::new(&mut body), cx));
        frame.await.map(|Ok(frame)| frame.into_data().unwrap())
    };
    assert_eq!(frame().await.unwrap(), "retry: 1000\n\ndata: a\n\n");
    assert_eq!(frame().await, None);
}
