//! Heartbeats of many streams: one timer for all of a runtime, wherever they are polled.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use allocation_counter::measure;
use futures_util::stream::Pending;
use futures_util::{FutureExt, StreamExt, stream};
use gapless_sse_core::{Encoded, EventStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Instant, timeout};

type Silent = EventStream<Pending<Encoded>>;

fn silent(heartbeat: Duration) -> Silent {
    EventStream::new(stream::pending()).heartbeat(heartbeat)
}

/// One that has written its first bytes and waits.
fn waiting(heartbeat: Duration) -> Silent {
    let mut body = silent(heartbeat);
    assert!(body.next().now_or_never().is_some());
    assert!(body.next().now_or_never().is_none());
    body
}

async fn beat(body: &mut Silent) {
    const LATE: Duration = Duration::from_secs(100_000);
    let start = Instant::now();
    let beat = timeout(LATE, body.next()).await.expect("it comes");
    assert_eq!(beat.unwrap().unwrap(), ": \n\n");
    assert!(start.elapsed() < LATE, "only the deadline of this test woke it");
}

fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_thousand_streams_share_one_task() {
    let bodies: Vec<_> = (0..1000).map(|_| waiting(SECOND)).collect();
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 1);
    for mut body in bodies {
        beat(&mut body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_is_late_by_a_128th_of_its_interval_at_most() {
    for milliseconds in [1, 7, 127, 128, 999, 1001, 24_999, 25_000, 3_600_001] {
        let interval = Duration::from_millis(milliseconds);
        let mut body = waiting(interval);
        let start = Instant::now();
        beat(&mut body).await;
        let late = start.elapsed().checked_sub(interval).expect("not early");
        assert!(late <= interval / 128 + Duration::from_millis(1), "{late:?} of {interval:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_comes_first_is_met_although_another_was_set_before() {
    let _later = waiting(SECOND * 1000);
    let mut sooner = waiting(SECOND);
    let start = Instant::now();
    tokio::task::yield_now().await;
    beat(&mut sooner).await;
    assert!(start.elapsed() < SECOND * 2, "{:?}", start.elapsed());
    let mut soonest = waiting(SECOND / 10);
    beat(&mut soonest).await;
    assert!(start.elapsed() < SECOND * 2, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_moves_to_another_task_wakes_that_one() {
    let mut body = waiting(SECOND);
    tokio::spawn(async move { beat(&mut body).await }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_comes_back_to_a_task_wakes_that_one() {
    let counts = [(); 2].map(|()| Arc::new(Count::default()));
    let [first, second] = [0, 1].map(|of: usize| Waker::from(Arc::clone(&counts[of])));
    let mut body = silent(SECOND);
    assert!(body.poll_next_unpin(&mut Context::from_waker(&first)).is_ready());
    for waker in [&first, &second, &first] {
        assert!(body.poll_next_unpin(&mut Context::from_waker(waker)).is_pending());
    }
    beat(&mut waiting(SECOND * 2)).await;
    assert_eq!(counts.map(|count| *count.0.lock().unwrap()), [1, 0]);
}

#[test]
fn heartbeats_come_on_every_thread_of_a_runtime() {
    let runtime = Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            runtime.spawn(async {
                let mut body = silent(Duration::from_millis(2));
                body.next().await.unwrap().unwrap();
                for _ in 0..5 {
                    beat(&mut body).await;
                }
            })
        })
        .collect();
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn a_stream_outlives_the_runtime_that_it_began_on() {
    let (first, second) = (paused(), paused());
    let mut body = first.block_on(async { waiting(SECOND) });
    let mut other = second.block_on(async { waiting(SECOND) });
    drop(first);
    second.block_on(async {
        beat(&mut body).await;
        beat(&mut other).await;
        beat(&mut body).await;
    });
}

/// Counts wake-ups.
#[derive(Default)]
struct Count(Mutex<usize>);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap() += 1;
    }
}

#[test]
fn who_waits_is_told_that_the_runtime_has_ended() {
    let (first, second) = (paused(), paused());
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut body = silent(SECOND);
    let mut poll = || body.poll_next_unpin(&mut Context::from_waker(&waker)).is_ready();
    assert!(first.block_on(async { poll() }));
    assert!(!first.block_on(async { poll() }));
    drop(first);
    assert_eq!(*count.0.lock().unwrap(), 1);
    // The same task goes on elsewhere.
    second.block_on(async {
        assert!(!poll());
        beat(&mut waiting(SECOND * 2)).await;
        assert_eq!(*count.0.lock().unwrap(), 2);
        assert!(poll(), "a heartbeat");
    });
}

/// A task that holds another stream, which goes with it.
struct Holds(Mutex<Option<Silent>>);

impl Wake for Holds {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().take());
    }
}

#[test]
fn wakers_may_drop_streams_when_they_are_woken_or_dropped() {
    let runtime = paused();
    let (woken, done) = std::sync::mpsc::channel();
    // A lock that is held by its own thread would wait forever.
    std::thread::spawn(move || {
        runtime.block_on(async {
            let holds = || Waker::from(Arc::new(Holds(Mutex::new(Some(waiting(SECOND))))));
            let mut body = waiting(SECOND);
            // Each takes the place of the one before, which is dropped.
            for _ in 0..3 {
                let polled = body.poll_next_unpin(&mut Context::from_waker(&holds()));
                assert!(matches!(polled, Poll::Pending));
            }
            beat(&mut waiting(SECOND * 2)).await;
            beat(&mut body).await;
            assert!(body.poll_next_unpin(&mut Context::from_waker(&holds())).is_pending());
            drop(body);
            woken.send(()).unwrap();
        });
    });
    done.recv_timeout(Duration::from_secs(20)).expect("nothing waits for itself");
}

/// A task that cannot be woken.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("as it is to");
    }
}

#[tokio::test(start_paused = true)]
async fn a_waker_that_panics_keeps_no_other_from_its_heartbeat() {
    let panics = Waker::from(Arc::new(Panics));
    let mut bodies: Vec<_> = (0..3).map(|_| waiting(SECOND)).collect();
    let counts: Vec<_> = (0..2).map(|_| Arc::new(Count::default())).collect();
    let wakers = [Waker::from(Arc::clone(&counts[0])), panics, Waker::from(Arc::clone(&counts[1]))];
    for (body, waker) in bodies.iter_mut().zip(&wakers) {
        assert!(body.poll_next_unpin(&mut Context::from_waker(waker)).is_pending());
    }
    beat(&mut waiting(SECOND * 2)).await;
    for count in counts {
        assert_eq!(*count.0.lock().unwrap(), 1);
    }
}

#[test]
fn a_stream_that_is_dropped_leaves_nothing() {
    let runtime = paused();
    let some = |count: usize| {
        runtime.block_on(async {
            for _ in 0..count {
                drop((waiting(SECOND), waiting(SECOND * 2)));
            }
        });
    };
    some(10);
    let more = measure(|| some(1000));
    assert_eq!(more.bytes_current, 0);
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn a_runtime_without_time_is_a_panic_where_it_is_missed() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(waiting(SECOND)) });
}
