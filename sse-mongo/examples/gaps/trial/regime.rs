//! Programs that write, each with its own idea of the time and its own way to the server.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use gapless_sse_mongo::bson::oid::ObjectId;
use gapless_sse_mongo::bson::{DateTime, Document, doc};
use mongodb::{Client, Collection};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

/// How many programs write.
const WRITERS: u8 = 6;
/// How long each of them waits between two documents.
const PACE: Duration = Duration::from_millis(50);
/// Of so many documents one is written in a transaction, where there are any.
const TRANSACTIONS_ONE_IN: u32 = 5;

/// What writers are like.
#[derive(Clone, Debug)]
pub(crate) struct Regime {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Where they write.
    pub(crate) collection: &'static str,
    /// How far their clocks are off, at most, either way.
    skew: Duration,
    /// How long a document waits in its program before it is sent.
    queue: Duration,
    /// For how many milliseconds transactions are held, if there are any.
    hold: Option<Range<u64>>,
}

impl Regime {
    /// From the best there is to what happens on a bad day.
    pub(crate) const ALL: [Self; 5] = [
        Self { name: "in step", collection: "gaps_in_step", ..Self::IN_STEP },
        Self {
            name: "20 ms client queue",
            collection: "gaps_queue",
            queue: Duration::from_millis(20),
            ..Self::IN_STEP
        },
        Self {
            name: "clocks ±1 s",
            collection: "gaps_clocks_1",
            skew: Duration::from_secs(1),
            ..Self::IN_STEP
        },
        Self {
            name: "transactions held 0.2 to 3 s",
            collection: "gaps_transactions",
            hold: Some(200..3000),
            ..Self::IN_STEP
        },
        Self {
            name: "clocks ±5 s",
            collection: "gaps_clocks_5",
            skew: Duration::from_secs(5),
            ..Self::IN_STEP
        },
    ];

    const IN_STEP: Self =
        Self { name: "", collection: "", skew: Duration::ZERO, queue: Duration::ZERO, hold: None };
}

/// Writes for so long, and ends when everything that was begun is committed, or has failed.
pub(super) async fn write(
    client: &Client,
    logs: &Collection<Document>,
    regime: &Regime,
    time: Duration,
    rng: &mut Rng,
) {
    let until = Instant::now() + time;
    let mut writers = JoinSet::new();
    for nth in 0..WRITERS {
        let writer = Writer {
            client: client.clone(),
            logs: logs.clone(),
            clock: Clock::new(nth, regime.skew, rng),
            regime: regime.clone(),
            rng: rng.fork(),
        };
        writers.spawn(writer.run(until));
    }
    writers.join_all().await;
}

struct Writer {
    client: Client,
    logs: Collection<Document>,
    clock: Clock,
    regime: Regime,
    rng: Rng,
}

impl Writer {
    async fn run(mut self, until: Instant) {
        sleep(PACE.mul_f64(self.rng.f64())).await;
        let mut pace = interval(PACE);
        let mut under_way = JoinSet::new();
        while Instant::now() < until {
            pace.tick().await;
            let held = self.regime.hold.clone();
            let held = held.filter(|_| self.rng.u32(..TRANSACTIONS_ONE_IN) == 0);
            let held = held.map(|range| Duration::from_millis(self.rng.u64(range)));
            let record = self.clock.record();
            let (client, logs) = (self.client.clone(), self.logs.clone());
            let queue = self.regime.queue;
            // In a task of its own: a program does not stop while a transaction of it is open.
            under_way.spawn(async move {
                sleep(queue).await;
                // What fails is not in the collection, and so nobody's loss.
                let _ = match held {
                    Some(held) => transaction(&client, &logs, record, held).await,
                    None => logs.insert_one(record).await.map(drop),
                };
            });
            while under_way.try_join_next().is_some() {}
        }
        under_way.join_all().await;
    }
}

async fn transaction(
    client: &Client,
    logs: &Collection<Document>,
    record: Document,
    held: Duration,
) -> mongodb::error::Result<()> {
    let mut session = client.start_session().await?;
    session.start_transaction().await?;
    logs.insert_one(record).session(&mut session).await?;
    sleep(held).await;
    session.commit_transaction().await
}

/// A program's clock, and the ids it makes: the second, five bytes of its own, and a count.
struct Clock {
    /// In milliseconds.
    ahead: i64,
    program: [u8; 5],
    count: u32,
}

impl Clock {
    /// The clocks are spread evenly over most of what they may be off.
    fn new(nth: u8, skew: Duration, rng: &mut Rng) -> Self {
        let most = i64::try_from(skew.as_millis()).unwrap_or(i64::MAX) * 9 / 10;
        let steps = i64::from(WRITERS - 1);
        let ahead = most * (2 * i64::from(nth) - steps) / steps;
        let mut program = [0; 5];
        rng.fill(&mut program);
        Self { ahead, program, count: rng.u32(..1 << 23) }
    }

    fn record(&mut self) -> Document {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX).saturating_add(self.ahead);
        self.count += 1;
        let [_, count @ ..] = self.count.to_be_bytes();
        let seconds = u32::try_from(now / 1000).unwrap_or(u32::MAX);
        doc! {
            "_id": ObjectId::from_parts(seconds, self.program, count),
            "workspace_id": "demo",
            "workflow_id": "gaps",
            "date": DateTime::from_millis(now),
            "message": "a line",
        }
    }
}
