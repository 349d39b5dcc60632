//! Nothing grows: an hour of clients that come, lag, change topics and go, in paused time.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use allocation_counter::measure;
use fastrand::Rng;
use futures_util::{FutureExt, StreamExt};
use gapless_sse_core::follow::{Everything, History, Record, Scope, Seal, Topic};
use gapless_sse_core::{
    Admission, AdmissionLimits, Channel, Event, EventId, EventStream, Follow, FollowOptions, Log,
    LogOptions,
};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::yield_now;
use tokio::time::advance;

const STEP: Duration = Duration::from_millis(250);
const STEPS_A_MINUTE: usize = 240;
const CLIENTS: usize = 20;
/// A topic is written to for so many steps, and is then done for good.
const TOPIC_LASTS: usize = 20;
/// The records that the channel keeps; the ring has room for a few of them.
const KEPT: usize = 100;
const RING_BYTES: usize = 16 * 1024;

struct Text(String);

impl Record for Text {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(&*self.0)
    }

    fn mark(&self) {}
}

struct Client {
    body: EventStream<Follow<Channel<Text>>>,
    last_id: Option<String>,
    /// It reads every so many steps; a slow one lags.
    pace: usize,
}

struct Churn {
    channel: Channel<Text>,
    log: Log<Channel<Text>>,
    admission: Admission<usize>,
    clients: Vec<Client>,
    rng: Rng,
    step: usize,
    opened: usize,
    closed: Arc<AtomicUsize>,
}

impl Churn {
    fn start() -> Self {
        let channel = Channel::new(KEPT);
        let options = LogOptions::default().ring_bytes(RING_BYTES);
        let log = Log::spawn(channel.clone(), Seal::new(b"of this test and no other"), options);
        Self {
            channel,
            log,
            admission: Admission::new(AdmissionLimits::default()),
            clients: Vec::with_capacity(CLIENTS),
            rng: Rng::with_seed(2026),
            step: 0,
            opened: 0,
            closed: Arc::default(),
        }
    }

    /// One of the topics that are written to now.
    fn topic(&mut self) -> String {
        format!("job {}", self.step / TOPIC_LASTS + self.rng.usize(..3))
    }

    fn open(&mut self, last_id: Option<String>) {
        let topics: Vec<_> = (0..self.rng.usize(1..4)).map(|_| self.topic()).collect();
        let history = if self.rng.bool() { History::All } else { History::Newest(5) };
        let begin =
            FollowOptions::new(history).after(last_id.clone().map(|id| EventId::new(id).unwrap()));
        let events = self.log.follow(Scope::new("space", topics), begin);
        let lifetime = Some(Duration::from_secs(120));
        let permit = self.admission.admit(self.step).unwrap();
        let closed = Arc::clone(&self.closed);
        let body =
            EventStream::new(events).lifetime(lifetime).holding(permit).on_close(move |_| {
                closed.fetch_add(1, Ordering::Relaxed);
            });
        self.opened += 1;
        self.clients.push(Client { body, last_id, pace: 1 << self.rng.usize(..9) });
    }

    async fn step(&mut self) {
        self.step += 1;
        for _ in 0..self.rng.usize(..4) {
            let text = "x".repeat(self.rng.usize(..500));
            let topic = self.topic();
            self.channel.publish(Topic::new("space", topic), Text(text));
        }
        let unread = format!("unread {}", self.step);
        self.channel.publish(Topic::new("space", unread), Text("x".repeat(100)));
        let some = self.rng.usize(..CLIENTS);
        match self.rng.usize(..4) {
            0 if some < self.clients.len() => drop(self.clients.swap_remove(some)),
            // It comes back for other topics.
            1 if some < self.clients.len() => {
                let last_id = self.clients.swap_remove(some).last_id;
                self.open(last_id);
            }
            _ if self.clients.len() < CLIENTS => self.open(None),
            _ => {}
        }
        let step = self.step;
        self.clients.retain_mut(|client| !step.is_multiple_of(client.pace) || client.read());
        advance(STEP).await;
        // The tail, and whatever reads for those that catch up, are tasks.
        for _ in 0..4 {
            yield_now().await;
        }
    }

    async fn minutes(&mut self, minutes: usize) {
        for _ in 0..minutes * STEPS_A_MINUTE {
            self.step().await;
        }
        // To the same state each time: no clients, and nothing in memory but these.
        self.clients.clear();
        for _ in 0..KEPT {
            self.channel.publish(Topic::new("space", "done"), Text("x".repeat(500)));
            self.step += 1;
            advance(STEP).await;
            yield_now().await;
        }
    }
}

impl Client {
    /// Reads all there is; `false` when the stream has ended.
    fn read(&mut self) -> bool {
        while let Some(read) = self.body.next().now_or_never() {
            let Some(Ok(bytes)) = read else { return false };
            let text = std::str::from_utf8(&bytes).unwrap();
            let last = text.lines().filter_map(|line| line.strip_prefix("id: ")).next_back();
            if let Some(last) = last {
                self.last_id = Some(last.to_owned());
            }
        }
        true
    }
}

fn tasks(runtime: &Runtime) -> usize {
    runtime.metrics().num_alive_tasks()
}

#[test]
fn an_hour_of_churn_leaves_memory_and_tasks_as_they_were() {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut churn = runtime.block_on(async { Churn::start() });
    // Tables grow to what so many clients need, and stay.
    runtime.block_on(churn.minutes(10));
    let before = tasks(&runtime);

    let hour = measure(|| runtime.block_on(churn.minutes(60)));

    let stats = churn.log.stats();
    let resumed: u64 = stats.resumed.iter().map(|(_, times)| times).sum();
    let reset: u64 = stats.resets.iter().map(|(_, times)| times).sum();
    for (what, times) in [("lagged", stats.lagged), ("resumed", resumed), ("reset", reset)] {
        assert!(times > 20, "hardly a stream {what}: {stats:?}");
    }
    assert!(churn.opened > 1000, "{}", churn.opened);
    assert_eq!(churn.closed.load(Ordering::Relaxed), churn.opened);
    let admitted = churn.admission.stats();
    assert_eq!((stats.open, admitted.open, admitted.keys), (0, 0, 0));
    assert_eq!(tasks(&runtime), before);
    // Thousands of topics and clients came and went; one entry of 8 bytes for each is more.
    assert!(hour.bytes_current.abs() < 16 * 1024, "{hour:?}");
    assert!(hour.bytes_max < 4 << 20, "{hour:?}");
}

#[test]
fn a_log_whose_streams_and_tail_are_dropped_leaves_nothing() {
    let once = || {
        let runtime =
            Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let tail = runtime.block_on(async {
            let mut churn = Churn::start();
            for _ in 0..STEPS_A_MINUTE {
                churn.step().await;
            }
            Handle::current().metrics().num_alive_tasks()
        });
        assert!(tail >= 1);
    };
    once(); // what a thread or a static holds for good
    let again = measure(once);
    assert_eq!((again.count_current, again.bytes_current), (0, 0));
}
