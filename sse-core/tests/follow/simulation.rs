//! Writers, instances and clients in one seeded run, on paused time, against an oracle that knows
//! what was committed.
//!
//! Streams are read in tasks of their own, which are polled only when they are woken. Time passes
//! when no task has anything to do; so whoever needs it, but where the source has failed, was
//! forgotten.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use gapless_sse_core::follow::{History, Scope, Seal};
use gapless_sse_core::{Log, LogOptions};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::client::Client;
use crate::model::{Model, Shown};

/// A server instance: a log and the task that reads its tail.
struct Instance {
    log: Log<Model>,
    tail: JoinHandle<()>,
}

impl Instance {
    fn start(model: &Model, rng: &mut Rng) -> Self {
        let seal = Seal::new(b"the same secret in all instances");
        let mut few_bytes = || rng.usize(100..2500);
        let options = LogOptions::default().ring_bytes(few_bytes()).catch_up_bytes(few_bytes());
        let (log, driver) = Log::new(model.clone(), seal, options);
        let tail = tokio::spawn(driver.run(|_| {}));
        Self { log, tail }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.tail.abort();
    }
}

/// A client, and the task that reads its stream as far as it is let.
struct Reader {
    client: Arc<Mutex<Client>>,
    /// How much the task may read.
    reads: Arc<Semaphore>,
    task: JoinHandle<()>,
}

impl Reader {
    fn connect(client: Client, log: &Log<Model>, scope: &Scope<Shown>, history: History) -> Self {
        let mut stream = client.connect(log, scope, history);
        let client = Arc::new(Mutex::new(client));
        let reads = Arc::new(Semaphore::new(0));
        let (reader, permits) = (Arc::clone(&client), Arc::clone(&reads));
        let task = tokio::spawn(async move {
            while let Ok(permit) = permits.acquire().await {
                permit.forget();
                let Some(frame) = Client::next(Duration::MAX, &mut stream).await else { return };
                reader.lock().unwrap().take(&frame);
            }
        });
        Self { client, reads, task }
    }

    /// The same client over another connection.
    fn reconnect(&mut self, log: &Log<Model>, scope: &Scope<Shown>, history: History) {
        let client = std::mem::take(&mut *self.client());
        *self = Self::connect(client, log, scope, history);
    }

    fn client(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap()
    }

    /// Reads so much, if there is so much.
    async fn read(&self, frames: usize) {
        self.reads.add_permits(frames);
        pass(MOMENT).await;
        self.reads.forget_permits(frames);
    }

    /// Reads whatever comes, from now on.
    fn read_on(&self) {
        self.reads.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Until all tasks have done what they can do without time.
const MOMENT: Duration = Duration::from_millis(1);

/// Lets time pass, which it does when no task has anything to do.
async fn pass(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

#[derive(Debug, Default)]
struct Seen {
    ring: u64,
    catch_up: u64,
    history: u64,
    lagged: u64,
    resets: u64,
    late: usize,
}

impl Seen {
    fn add(&mut self, log: &Log<Model>) {
        let stats = log.stats();
        let [(_, ring), (_, catch_up), (_, history)] = stats.resumed[..] else { unreachable!() };
        self.ring += ring;
        self.catch_up += catch_up;
        self.history += history;
        self.lagged += stats.lagged;
        self.resets += stats.resets.iter().map(|(_, times)| times).sum::<u64>();
    }
}

async fn run(seed: u64, seen: &mut Seen) {
    let mut rng = Rng::with_seed(seed);
    let model = Model::seeded(seed);
    model.state().fails_one_in = [0, 20, 5][rng.usize(..3)];
    let scope = match rng.u32(..3) {
        0 => Scope::new("s", ["a"]),
        1 => Scope::new("s", ["a", "b"]),
        _ => Scope::whole("s"),
    };
    let scope = scope.filtered(if rng.bool() { Shown::ALL } else { Shown(rng.u32(2..5)) });
    let newest = rng.bool().then(|| rng.usize(1..12));
    let history = newest.map_or(History::All, History::Newest);
    // Only where a reset is meant to come may one come.
    let calamities = rng.u32(..4) == 0;
    let late = rng.bool();
    // Keys are unique, late ones among them: a key may be lower than those committed before.
    let mut keys: Vec<u32> = (1..=1200).collect();
    for at in 0..keys.len() {
        let with = (at + rng.usize(..30)).min(keys.len() - 1);
        keys.swap(at, with);
    }
    let mut keys = keys.into_iter();
    let mut commit = |model: &Model, rng: &mut Rng| {
        let mut next = || {
            let topic = ["a", "b", "c"][rng.usize(..3)];
            (topic, keys.next().expect("fewer than 1200 records"))
        };
        let (topic, key) = next();
        if late && key % 6 == 0 {
            model.commit_late(&[(topic, key), next(), next()][..=key as usize % 3]);
        } else {
            model.commit(topic, key);
        }
    };
    for _ in 0..rng.usize(..60) {
        commit(&model, &mut rng);
    }

    let mut instances: Vec<_> = (0..2).map(|_| Instance::start(&model, &mut rng)).collect();
    let mut reader = Reader::connect(Client::default(), &instances[0].log, &scope, history);
    let mut on = 0;
    for _ in 0..rng.usize(50..250) {
        match rng.u32(..13) {
            0..=2 => (0..rng.usize(1..4)).for_each(|_| commit(&model, &mut rng)),
            3..=5 => reader.read(rng.usize(1..6)).await,
            6 => pass(Duration::from_millis(rng.u64(1..200))).await,
            7 => {
                let end = model.end();
                model.state().snapshots_from = end - rng.u32(..=end.min(3));
            }
            8 => {
                seen.add(&instances[on].log);
                instances[on] = Instance::start(&model, &mut rng);
                reader.reconnect(&instances[on].log, &scope, history);
            }
            9 if rng.u32(..4) == 0 => model.go_down(),
            9 => model.state().down = false,
            10 if calamities && rng.u32(..8) == 0 => {
                let epoch = model.state().epoch + 1;
                model.end_life(epoch);
            }
            10 if calamities && rng.u32(..4) == 0 => {
                let end = model.end();
                model.state().changes_from = end - rng.u32(..=end.min(3));
            }
            _ => {
                on = rng.usize(..2);
                reader.reconnect(&instances[on].log, &scope, history);
            }
        }
    }
    model.recover();
    reader.read_on();
    // Whatever has failed is tried again within this time.
    pass(Duration::from_secs(60)).await;
    let mut readers = vec![reader];
    for round in 0..6 {
        // First while they are away, from the third round on while they are live.
        commit(&model, &mut rng);
        commit(&model, &mut rng);
        if round < 2 {
            let log = &instances[on].log;
            readers.push(Reader::connect(Client::default(), log, &scope, History::All));
            for (nth, reader) in readers.iter_mut().enumerate() {
                reader.reconnect(log, &scope, if nth == 0 { history } else { History::All });
                reader.read_on();
            }
        }
        pass(MOMENT).await;
        for (nth, reader) in readers.iter().enumerate() {
            let client = reader.client();
            let expected = expected(&model, &scope, newest.filter(|_| nth == 0));
            let missing: Vec<_> = of_last(&expected, &client).collect();
            assert!(missing.is_empty(), "seed {seed}: reader {nth} was forgotten: {missing:?}");
        }
    }
    // A duplicate would come behind it, and so would a reset that is still due.
    pass(Duration::from_secs(30)).await;
    let client = readers[0].client();
    assert_eq!(client.sorted(), expected(&model, &scope, newest), "seed {seed}: {client:?}");
    assert!(calamities || client.notices("reset").is_empty(), "seed {seed}");
    assert_eq!(client.announced, client.late.len(), "seed {seed}");
    assert!(late || client.late.is_empty(), "seed {seed}");
    seen.late += client.late.len();
    for instance in &instances {
        seen.add(&instance.log);
    }
}

/// Those of the last records that the client does not have.
fn of_last(expected: &[u32], client: &Client) -> impl Iterator<Item = u32> {
    let last = &expected[expected.len().saturating_sub(5)..];
    last.iter().copied().filter(|at| !client.records.contains(at))
}

/// All records of the scope, or the newest of the snapshot that the client began with and all
/// that were committed after it; sorted by position.
fn expected(model: &Model, scope: &Scope<Shown>, newest: Option<usize>) -> Vec<u32> {
    let mut expected = model.in_order(scope);
    if let Some(newest) = newest {
        let as_of = model.state().newest_as_of;
        let before = expected.iter().filter(|at| **at <= as_of).count();
        let mut left_out = before.saturating_sub(newest);
        expected.retain(|at| {
            let old = *at <= as_of && left_out > 0;
            left_out -= usize::from(old);
            !old
        });
    }
    expected.sort_unstable();
    expected
}

#[tokio::test(start_paused = true)]
async fn every_record_is_delivered_exactly_once() {
    let mut seen = Seen::default();
    for seed in 0..1200 {
        run(seed, &mut seen).await;
    }
    // The simulation is only worth something if it goes every way.
    let Seen { ring, catch_up, history, lagged, resets, late } = seen;
    let every_way = ring > 500 && catch_up > 500 && history > 500 && lagged > 20 && resets > 50;
    let every_way = every_way && late > 500;
    assert!(every_way, "{seen:?}");
}
