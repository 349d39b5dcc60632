//! The instances of a server in front of one collection.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bson::RawDocument;
use gapless_sse_core::follow::Seal;
use gapless_sse_core::{EventStream, Log, LogEvent, LogOptions, LogStats};
use gapless_sse_mongo::{Mongo, Options, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::client::{Client, Connection};
use crate::deployment::{COLLECTION, PATIENCE};
use crate::row::Row;

const GLANCE: Duration = Duration::from_millis(10);
pub(crate) const SECRET: &[u8] = b"one secret for every instance there is";

/// Soon, since positions come with it.
const HEARTBEAT: Duration = Duration::from_millis(300);

/// A log over a collection, and the task that reads its tail.
pub(crate) struct Instance {
    pub(crate) log: Log<Mongo<Row>>,
    tail: JoinHandle<()>,
    gone: watch::Sender<bool>,
    heartbeat: Duration,
    /// Why its tail failed, if it did.
    failures: Arc<Mutex<Vec<String>>>,
}

impl Instance {
    pub(crate) async fn start(uri: &str, options: &Options, log: &LogOptions) -> Self {
        Self::over(uri, COLLECTION, options, log).await
    }

    pub(crate) async fn over(
        uri: &str,
        collection: &str,
        options: &Options,
        log_options: &LogOptions,
    ) -> Self {
        let records: Mongo<bson::Document> =
            Mongo::connect(uri, collection, options.clone()).await.unwrap();
        let source = records.decode_with(|record| Ok(Row(shown(record))));
        let (log, driver) = Log::new(source, Seal::new(SECRET), log_options.clone());
        let failures = Arc::new(Mutex::new(Vec::new()));
        let tail = tokio::spawn({
            let failures = Arc::clone(&failures);
            let observe = move |event: LogEvent<gapless_sse_mongo::Error>| {
                if let LogEvent::TailFailed(error, _) = event {
                    failures.lock().unwrap().push(error.to_string());
                }
            };
            driver.run(observe)
        });
        Self { log, tail, gone: watch::Sender::new(false), heartbeat: HEARTBEAT, failures }
    }

    pub(crate) fn with_heartbeat(mut self, heartbeat: Duration) -> Self {
        self.heartbeat = heartbeat;
        self
    }

    pub(crate) fn connect(&self, client: &mut Client) -> Connection {
        client.connections += 1;
        let follow = self.log.follow(client.scope.clone(), client.begin());
        let events = EventStream::new(follow).heartbeat(self.heartbeat);
        Connection::new(events, &client.last_id, self.gone.subscribe())
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        self.failures.lock().unwrap().clone()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.gone.send_replace(true);
        self.tail.abort();
    }
}

/// How collections are followed here.
pub(crate) fn options() -> Options {
    Options::topic("workspace_id", "workflow_id")
}

/// A record as JSON, with its id as text.
fn shown(record: &RawDocument) -> String {
    let mut shown = json::Object::with_capacity(record.as_bytes().len() * 2);
    for element in record.iter_elements().map_while(Result::ok) {
        match (element.key().as_str(), element.value()) {
            ("_id", Ok(id)) => shown.text("id", &json::id_text(id)),
            (name, _) => shown.element(name, &element),
        }
    }
    shown.finish()
}

/// What happened to all streams of all instances, those that are gone included.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) fresh: u64,
    pub(crate) ring: u64,
    pub(crate) catch_up: u64,
    pub(crate) history: u64,
    pub(crate) lagged: u64,
    /// Records that polling showed too late for their place.
    pub(crate) late: u64,
    pub(crate) resets: u64,
}

impl Counted {
    fn add(&mut self, stats: &LogStats) {
        let [(_, ring), (_, catch_up), (_, history)] = stats.resumed[..] else { unreachable!() };
        self.fresh += stats.fresh;
        self.ring += ring;
        self.catch_up += catch_up;
        self.history += history;
        self.lagged += stats.lagged;
        self.late += stats.late;
        self.resets += stats.resets.iter().map(|(_, times)| times).sum::<u64>();
    }
}

/// Several instances over one collection, which come and go.
pub(crate) struct Fleet {
    instances: Mutex<Vec<Option<Instance>>>,
    past: Mutex<Counted>,
    uris: Vec<String>,
    options: Options,
    log_options: LogOptions,
}

impl Fleet {
    pub(crate) async fn start(
        uris: Vec<String>,
        options: Options,
        log_options: LogOptions,
    ) -> Self {
        let mut instances = Vec::new();
        for uri in &uris {
            instances.push(Some(Instance::start(uri, &options, &log_options).await));
        }
        let (instances, past) = (Mutex::new(instances), Mutex::default());
        Self { instances, past, uris, options, log_options }
    }

    pub(crate) fn len(&self) -> usize {
        self.uris.len()
    }

    fn instances(&self) -> MutexGuard<'_, Vec<Option<Instance>>> {
        self.instances.lock().unwrap()
    }

    /// Connects to the first instance from this one on that is there.
    pub(crate) async fn connect(&self, client: &mut Client, preferred: usize) -> Connection {
        let connected = async {
            loop {
                let tried = {
                    let instances = self.instances();
                    let count = instances.len();
                    (0..count)
                        .filter_map(|more| instances[(preferred + more) % count].as_ref())
                        .map(|instance| instance.connect(client))
                        .next()
                };
                match tried {
                    Some(connection) => break connection,
                    None => sleep(GLANCE).await,
                }
            }
        };
        timeout(PATIENCE, connected).await.expect("an instance is there")
    }

    /// Ends an instance, as a deploy does or as a crash does, and starts it again.
    pub(crate) async fn restart(&self, which: usize, gently: bool) {
        let instance = self.instances()[which].take().unwrap();
        if gently {
            instance.log.drain();
            let drained = async {
                while instance.log.stats().open > 0 {
                    sleep(GLANCE).await;
                }
            };
            // Those who do not read do not see that it ends.
            let _ = timeout(Duration::from_secs(2), drained).await;
        }
        self.past.lock().unwrap().add(&instance.log.stats());
        drop(instance);
        let fresh = Instance::start(&self.uris[which], &self.options, &self.log_options).await;
        self.instances()[which] = Some(fresh);
    }

    pub(crate) fn counted(&self) -> Counted {
        let mut counted = *self.past.lock().unwrap();
        for instance in self.instances().iter().flatten() {
            counted.add(&instance.log.stats());
        }
        counted
    }

    /// Why tails failed.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.instances().iter().flatten().flat_map(Instance::failures).collect()
    }
}
