//! One run: a deployment, instances, writers and clients, and what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bson::DateTime;
use fastrand::Rng;
use gapless_sse_core::LogOptions;
use gapless_sse_mongo::Options;
use mongodb::options::WriteConcern;
use tokio::time::{sleep, timeout};

use crate::client::Client;
use crate::crowd::Crowd;
use crate::deployment::{Deployment, PATIENCE};
use crate::fleet::{Counted, Fleet, options};
use crate::habit::Habit;
use crate::oracle::{Difference, Truth};
use crate::writers::{Habits, Writers, Written, record};

/// So many refused pages are worth something: what the first of them has missed may be nothing.
const REFUSED: usize = 3;

/// How the instances of a run are set up.
pub(crate) struct Setup {
    pub(crate) instances: usize,
    pub(crate) options: Options,
    pub(crate) log: LogOptions,
    pub(crate) habits: Habits,
}

impl Default for Setup {
    fn default() -> Self {
        // Little memory, so that there is catching up to do.
        let log = LogOptions::default().ring_bytes(32 * 1024).drain(Duration::from_millis(100));
        Self { instances: 2, options: options(), log, habits: Habits::default() }
    }
}

/// Writers and clients at work on a deployment.
pub(crate) struct Run {
    name: &'static str,
    seed: u64,
    began: Instant,
    pub(crate) rng: Rng,
    pub(crate) deployment: Deployment,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) crowd: Crowd,
    habits: Habits,
    writers: Option<Writers>,
}

/// What came of it.
pub(crate) struct Outcome {
    /// Goes on for those who follow it by themselves.
    _deployment: Deployment,
    pub(crate) clients: Vec<Client>,
    pub(crate) counted: Counted,
    pub(crate) written: Vec<Written>,
    pub(crate) truth: Arc<Truth>,
    told: String,
}

impl Run {
    pub(crate) async fn begin(
        name: &'static str,
        seed: u64,
        deployment: Deployment,
        setup: Setup,
    ) -> Self {
        println!("{name}: seed {seed}");
        let mut rng = Rng::with_seed(seed);
        let uris = (0..setup.instances).map(|nth| deployment.uri(&app(nth))).collect();
        let fleet = Arc::new(Fleet::start(uris, setup.options, setup.log).await);
        let crowd = Crowd::new(Arc::clone(&fleet), &mut rng);
        let (habits, writers) = (setup.habits, None);
        Self { name, seed, began: Instant::now(), rng, deployment, fleet, crowd, habits, writers }
    }

    /// Records that are there before anything else happens.
    pub(crate) async fn prefill(&mut self, records: usize, date: impl Fn(&mut Rng) -> DateTime) {
        let workflows = &self.habits.workflows;
        for first in (0..records).step_by(1000) {
            let batch: Vec<_> = (first..records.min(first + 1000))
                .map(|nth| {
                    let date = date(&mut self.rng);
                    record(&mut self.rng, workflows[nth % workflows.len()], date, self.habits.bytes)
                })
                .collect();
            let insert = self.deployment.logs.insert_many(batch);
            insert.write_concern(WriteConcern::majority()).await.unwrap();
        }
    }

    pub(crate) fn write(&mut self) {
        let started = Writers::start(&self.deployment.client, &self.habits, &mut self.rng);
        assert!(self.writers.replace(started).is_none(), "they write already");
    }

    pub(crate) fn join(&mut self, clients: usize, habit: Habit) {
        self.crowd.join(clients, habit, &self.habits.workflows);
    }

    /// Waits until the clients together were sent so many records more. It may take long, but never
    /// so long without any.
    pub(crate) async fn received(&self, more: usize) {
        let (mut at, mut since) = (self.crowd.received(), Instant::now());
        let until = at + more;
        while at < until {
            sleep(Duration::from_millis(10)).await;
            if self.crowd.received() > at {
                (at, since) = (self.crowd.received(), Instant::now());
            }
            let moves = since.elapsed() < PATIENCE;
            assert!(moves, "{}", self.told("the clients are sent nothing"));
        }
    }

    /// Waits until every client that stays was sent something. It may take long, but never so long
    /// without anything for anybody.
    pub(crate) async fn all_that_stay_began(&self) {
        while self.crowd.each(|habit| matches!(habit, Habit::Steady)).contains(&0) {
            self.received(1).await;
        }
    }

    /// Waits until each of those whose habit is one of these was sent so many records more. It may
    /// take long, but for none of them so long without any.
    pub(crate) async fn each_received(&self, more: usize, of: impl Fn(Habit) -> bool + Copy) {
        let start = self.crowd.each(of);
        let (mut at, mut since) = (start.clone(), vec![Instant::now(); start.len()]);
        while at.iter().zip(&start).any(|(at, start)| at - start < more) {
            sleep(Duration::from_millis(10)).await;
            for (nth, now) in self.crowd.each(of).into_iter().enumerate() {
                if now > at[nth] {
                    (at[nth], since[nth]) = (now, Instant::now());
                }
                let moves = since[nth].elapsed() < PATIENCE || now - start[nth] >= more;
                assert!(moves, "{}", self.told("somebody who reads is sent nothing"));
            }
        }
    }

    /// The run is only worth something if streams went on in these ways: waits until they have.
    pub(crate) async fn resumed(&self, ring: u64, catch_up: u64, history: u64) {
        let every_way = self.counts(|counted| {
            counted.ring >= ring && counted.catch_up >= catch_up && counted.history >= history
        });
        let what = format!("at least {ring}, {catch_up}, {history} resumes each way");
        assert!(every_way.await, "{}", self.told(&what));
    }

    /// The same for streams that fell behind the ring.
    pub(crate) async fn lagged(&self, streams: u64) {
        let lagged = self.counts(|counted| counted.lagged >= streams).await;
        assert!(lagged, "{}", self.told("streams fell behind the ring"));
    }

    /// The same for pages of a snapshot that the server answers with this code.
    pub(crate) async fn refused(&mut self, code: i32) {
        let until = Instant::now() + PATIENCE;
        let mut pages = 0;
        while pages < REFUSED && Instant::now() < until {
            sleep(Duration::from_millis(100)).await;
            pages = self.deployment.refused_pages(code);
        }
        println!("{pages} pages were of a snapshot that was gone (code {code})");
        let told = || self.told(&format!("{pages} pages were of a snapshot that was gone"));
        assert!(pages >= REFUSED, "{}", told());
    }

    async fn counts(&self, enough: impl Fn(Counted) -> bool) -> bool {
        let come = async {
            while !enough(self.fleet.counted()) {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(PATIENCE, come).await.is_ok()
    }

    /// Lets everything go on for a while.
    pub(crate) async fn go_on(&self, time: Duration) {
        sleep(time).await;
    }

    fn told(&self, what: &str) -> String {
        let (counted, failures) = (self.fleet.counted(), self.fleet.failures());
        format!("{} seed {}: {what}; {counted:?}; tails: {failures:?}", self.name, self.seed)
    }

    /// Stops the writers and lets every client come to its end.
    pub(crate) async fn finish(mut self) -> Outcome {
        let written = match self.writers.take() {
            Some(writers) => writers.stop().await,
            None => Vec::new(),
        };
        self.deployment.recovered().await;
        let truth = Arc::new(Truth::of(&self.deployment.logs).await);
        let hanging = Arc::clone(&self.crowd.hanging);
        let clients = self.crowd.finish(Arc::clone(&truth), PATIENCE).await;
        let counted = self.fleet.counted();
        let Counted { fresh, ring, catch_up, history, lagged, resets, .. } = counted;
        let (name, seed) = (self.name, self.seed);
        let told = format!(
            "{name} seed {seed}: {} clients over {} connections, {} records acknowledged, \
             {} delivered; {fresh} fresh, resumed from ring {ring}, catch-up {catch_up}, history \
             {history}; lagged {lagged}, resets {resets}, longest silence {:.1} s; {:.1} s",
            clients.len(),
            clients.iter().map(|client| client.connections).sum::<usize>(),
            written.len(),
            clients.iter().map(|client| client.records.len()).sum::<usize>(),
            clients.iter().map(|client| client.silence).max().unwrap_or_default().as_secs_f64(),
            self.began.elapsed().as_secs_f64(),
        );
        println!("{told}");
        let hanging = hanging.lock().unwrap().join(", ");
        let told = format!("{told}; hanging: [{hanging}]; tails: {:?}", self.fleet.failures());
        Outcome { _deployment: self.deployment, clients, counted, written, truth, told }
    }
}

impl Outcome {
    /// Fails with everything that is known of the run.
    pub(crate) fn check(&self, holds: bool, what: &str) {
        assert!(holds, "{what}\n{}", self.told);
    }

    /// The longest time within which no write of any writer was acknowledged.
    pub(crate) fn longest_without_a_write(&self) -> Duration {
        let mut times: Vec<_> =
            self.written.iter().map(|written| written.acknowledged.timestamp_millis()).collect();
        times.sort_unstable();
        let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
        Duration::from_millis(u64::try_from(longest).unwrap())
    }

    /// Every record exactly once, and no reset.
    pub(crate) fn exactly_once(&self) {
        self.check(!self.clients.is_empty(), "there are clients");
        for client in &self.clients {
            self.check(client.resets.is_empty(), &format!("no reset is due: {:?}", client.resets));
        }
        self.exactly_once_since_resets();
        self.check(self.counted.resets == 0, "no reset is counted");
    }

    pub(crate) fn exactly_once_since_resets(&self) {
        for client in &self.clients {
            let difference = self.truth.compare(&client.scope, &client.records);
            if difference != Difference::default() {
                let Difference { lost, duplicated, phantom } = &difference;
                let dates: BTreeMap<_, _> = self.written.iter().map(|w| (w.id, w)).collect();
                let first = lost.iter().take(3).map(|id| (id, dates.get(id)));
                let first: Vec<_> = first.collect();
                let what = format!(
                    "lost {}, duplicated {}, phantom {} of {}; the first lost: {first:?}",
                    lost.len(),
                    duplicated.len(),
                    phantom.len(),
                    self.truth.count(&client.scope),
                );
                self.check(false, &what);
            }
        }
    }
}

/// The name of an instance's connections.
pub(crate) fn app(nth: usize) -> String {
    format!("instance-{nth}")
}
