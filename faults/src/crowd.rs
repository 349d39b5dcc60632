//! Many clients at once, each connecting, being cut off and coming back in its own way.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use gapless_sse_core::follow::Scope;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::client::{Client, Connection};
use crate::deployment::PATIENCE;
use crate::fleet::Fleet;
use crate::habit::Habit;
use crate::oracle::Truth;

/// For how long a client that has all is sent nothing more.
const AFTERWARDS: Duration = Duration::from_millis(400);

/// What there is in the end, once it is known, and how long to wait for it.
type End = Option<(Arc<Truth>, Duration)>;

/// Clients at work.
pub(crate) struct Crowd {
    fleet: Arc<Fleet>,
    clients: JoinSet<Client>,
    truth: watch::Sender<End>,
    received: Arc<AtomicUsize>,
    /// How many records each client was sent.
    each: Vec<(Habit, Arc<AtomicUsize>)>,
    rng: Rng,
    /// What each client last knew, to tell where one hangs.
    pub(crate) hanging: Arc<Mutex<Vec<String>>>,
}

impl Crowd {
    pub(crate) fn new(fleet: Arc<Fleet>, rng: &mut Rng) -> Self {
        Self {
            fleet,
            clients: JoinSet::new(),
            truth: watch::Sender::new(None),
            received: Arc::default(),
            each: Vec::new(),
            rng: rng.fork(),
            hanging: Arc::default(),
        }
    }

    /// Clients of these workflows: the first of them and every other one of all, the rest of one.
    pub(crate) fn join(&mut self, count: usize, habit: Habit, workflows: &[&str]) {
        for nth in 0..count {
            let all = nth % 2 == 0;
            let some = workflows[self.rng.usize(..workflows.len())];
            let names = if all { workflows.to_vec() } else { vec![some] };
            let own = Arc::new(AtomicUsize::new(0));
            self.each.push((habit, Arc::clone(&own)));
            let member = Member {
                client: Client::new(Scope::new("etl", names)).with(habit),
                fleet: Arc::clone(&self.fleet),
                habit,
                rng: self.rng.fork(),
                truth: self.truth.subscribe(),
                received: Arc::clone(&self.received),
                own,
                hanging: Arc::clone(&self.hanging),
            };
            self.clients.spawn(member.run());
        }
    }

    /// How many records all clients together were sent.
    pub(crate) fn received(&self) -> usize {
        self.received.load(Ordering::Relaxed)
    }

    /// How many records each of those was sent whose habit is one of these.
    pub(crate) fn each(&self, of: impl Fn(Habit) -> bool) -> Vec<usize> {
        let each = self.each.iter().filter(|(habit, _)| of(*habit));
        each.map(|(_, sent)| sent.load(Ordering::Relaxed)).collect()
    }

    /// Lets each client come to its end, which is `truth`, or give up after a time.
    pub(crate) async fn finish(self, truth: Arc<Truth>, patience: Duration) -> Vec<Client> {
        self.truth.send_replace(Some((truth, patience)));
        self.clients.join_all().await
    }
}

struct Member {
    client: Client,
    fleet: Arc<Fleet>,
    habit: Habit,
    rng: Rng,
    truth: watch::Receiver<End>,
    received: Arc<AtomicUsize>,
    /// Those that this one was sent.
    own: Arc<AtomicUsize>,
    hanging: Arc<Mutex<Vec<String>>>,
}

impl Member {
    async fn run(mut self) -> Client {
        let mut open = None;
        while self.truth.borrow().is_none() {
            let mut connection = self.connect().await;
            if self.follow(&mut connection).await {
                open = Some(connection);
                break;
            }
            self.client.disconnected();
            drop(connection);
            match self.habit {
                Habit::Flaky { away, .. } => sleep(away.mul_f64(self.rng.f64())).await,
                Habit::FrozenLate => sleep(Duration::from_secs(2)).await,
                Habit::Steady | Habit::Slow { .. } | Habit::Frozen => {}
            }
        }
        self.come_to_the_end(open).await;
        self.client
    }

    async fn connect(&mut self) -> Connection {
        let preferred = self.rng.usize(..self.fleet.len());
        self.fleet.connect(&mut self.client, preferred).await
    }

    async fn read(&mut self, connection: &mut Connection) -> bool {
        let before = self.client.records.len();
        let goes_on = self.client.read(connection).await;
        self.count(before);
        goes_on
    }

    fn count(&self, before: usize) {
        let more = self.client.records.len().saturating_sub(before);
        self.received.fetch_add(more, Ordering::Relaxed);
        self.own.fetch_add(more, Ordering::Relaxed);
    }

    /// One connection, until it ends, its time is over, or the writers have stopped; whether it is
    /// still open.
    async fn follow(&mut self, connection: &mut Connection) -> bool {
        let ends = match self.habit {
            Habit::Flaky { stays, .. } => Some(Instant::now() + stays.mul_f64(self.rng.f64())),
            _ => None,
        };
        let far = Instant::now() + 100 * PATIENCE;
        let mut stopped = self.truth.clone();
        let stopped = async move {
            let _ = stopped.wait_for(Option::is_some).await;
        };
        tokio::pin!(stopped);
        loop {
            let read = timeout_at(ends.unwrap_or(far), self.read(connection));
            let goes_on = tokio::select! {
                () = &mut stopped => return true,
                read = read => read,
            };
            match goes_on {
                Ok(true) => {}
                Ok(false) => return false,
                Err(_) => break,
            }
            let pause = match self.habit {
                Habit::Slow { pause } => pause.mul_f64(self.rng.f64()),
                Habit::Frozen if !self.client.records.is_empty() => 100 * PATIENCE,
                Habit::FrozenLate if self.client.connections > 1 && self.rng.bool() => {
                    100 * PATIENCE
                }
                Habit::FrozenLate if !self.client.records.is_empty() => return false,
                _ => continue,
            };
            tokio::select! {
                () = &mut stopped => return true,
                () = sleep(pause) => self.client.forget_time(),
            }
        }
        // Cut off in the midst of what comes next.
        let before = self.client.records.len();
        let rng = &mut self.rng;
        let cut = self.client.read_some(connection, |length| rng.usize(..=length));
        let _ = timeout_at(Instant::now() + Duration::from_millis(20), cut).await;
        self.count(before);
        false
    }

    /// Reads until it has as many as there are, then comes back once more: a duplicate would come.
    ///
    /// It may take as long as it does, but not while nobody is sent anything.
    async fn come_to_the_end(&mut self, mut open: Option<Connection>) {
        let (truth, patience) = self.truth.borrow().clone().unwrap();
        let due = truth.count(&self.client.scope);
        self.client.forget_time();
        let mut standstill = pin!(standstill(Arc::clone(&self.received), patience));
        while self.client.accounted_for() < due {
            let reading = async {
                let mut connection = match open.take() {
                    Some(connection) => connection,
                    None => self.connect().await,
                };
                while self.client.accounted_for() < due && self.read(&mut connection).await {}
            };
            tokio::select! {
                () = reading => {}
                () = &mut standstill => {
                    let missing = due - self.client.accounted_for().min(due);
                    self.hanging.lock().unwrap().push(format!("{missing} of {due} did not come"));
                    break;
                }
            }
        }
        drop(open);
        let mut connection = self.connect().await;
        self.client.read_for(&mut connection, AFTERWARDS).await;
    }
}

/// Ends when no client was sent anything for so long.
async fn standstill(received: Arc<AtomicUsize>, patience: Duration) {
    loop {
        let before = received.load(Ordering::Relaxed);
        sleep(patience).await;
        if received.load(Ordering::Relaxed) == before {
            return;
        }
    }
}
