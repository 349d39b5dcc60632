//! Programs that write to the collection, each in its own way and with its own idea of the time.

use std::time::Duration;

use bson::oid::ObjectId;
use bson::{DateTime, Document, doc};
use fastrand::Rng;
use mongodb::options::WriteConcern;
use mongodb::{Client, Collection};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::deployment::{COLLECTION, DATABASE};

/// How long a write may take; whether it was written is then for the oracle to see.
const ANSWER: Duration = Duration::from_secs(8);
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// What writers do.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    pub(crate) writers: usize,
    /// The pause between two writes of one of them, about.
    pub(crate) pause: Duration,
    /// Their workflows, in the workspace `etl`.
    pub(crate) workflows: Vec<&'static str>,
    /// One of so many writes is a transaction; 0 for none.
    pub(crate) transactions_one_in: u32,
    /// For how long a transaction is held open at most.
    pub(crate) hold: Duration,
    /// How far their clocks are off, at most, either way.
    pub(crate) skew: Duration,
    /// Dates are whole multiples of this.
    pub(crate) grain: Duration,
    /// Records written at once, at most.
    pub(crate) batch: usize,
    /// How long a message is.
    pub(crate) bytes: usize,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            writers: 4,
            pause: Duration::from_millis(20),
            workflows: vec!["orders", "customers", "stock"],
            transactions_one_in: 8,
            hold: Duration::from_millis(300),
            skew: Duration::from_millis(500),
            grain: Duration::from_millis(1),
            batch: 4,
            bytes: 60,
        }
    }
}

/// A record whose writer was told that a majority has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) id: ObjectId,
    pub(crate) date: DateTime,
    pub(crate) acknowledged: DateTime,
}

/// Writers at work.
pub(crate) struct Writers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<Vec<Written>>,
}

impl Writers {
    pub(crate) fn start(client: &Client, habits: &Habits, rng: &mut Rng) -> Self {
        let stop = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        for _ in 0..habits.writers {
            let writer = Writer {
                client: client.clone(),
                logs: client.database(DATABASE).collection(COLLECTION),
                habits: habits.clone(),
                rng: rng.fork(),
            };
            tasks.spawn(writer.run(stop.subscribe()));
        }
        Self { stop, tasks }
    }

    /// Lets each finish what it is at, and answers what was acknowledged.
    pub(crate) async fn stop(self) -> Vec<Written> {
        self.stop.send_replace(true);
        self.tasks.join_all().await.into_iter().flatten().collect()
    }
}

struct Writer {
    client: Client,
    logs: Collection<Document>,
    habits: Habits,
    rng: Rng,
}

impl Writer {
    async fn run(mut self, stop: watch::Receiver<bool>) -> Vec<Written> {
        let mut written = Vec::new();
        while !*stop.borrow() {
            let one_in = self.habits.transactions_one_in;
            let transaction = one_in > 0 && self.rng.u32(..one_in) == 0;
            let (most, least) = (self.habits.batch, if transaction { 2 } else { 1 });
            let count = self.rng.usize(least..=most.max(least));
            let workflow = self.habits.workflows[self.rng.usize(..self.habits.workflows.len())];
            let records: Vec<_> = (0..count).map(|_| self.record(workflow)).collect();
            let hold = self.habits.hold.mul_f64(self.rng.f64());
            let write = async {
                if transaction {
                    self.transaction(&records, hold).await
                } else {
                    let insert = self.logs.insert_many(&records);
                    insert.write_concern(WriteConcern::majority()).await.map(drop)
                }
            };
            if matches!(timeout(ANSWER + hold, write).await, Ok(Ok(()))) {
                let acknowledged = DateTime::now();
                written.extend(records.iter().map(|record| Written {
                    id: record.get_object_id("_id").unwrap(),
                    date: *record.get_datetime("date").unwrap(),
                    acknowledged,
                }));
                sleep(self.habits.pause.mul_f64(2.0 * self.rng.f64())).await;
            } else {
                sleep(AFTER_FAILURE).await;
            }
        }
        written
    }

    async fn transaction(
        &self,
        records: &[Document],
        hold: Duration,
    ) -> mongodb::error::Result<()> {
        let mut session = self.client.start_session().await?;
        session.start_transaction().write_concern(WriteConcern::majority()).await?;
        let (first, rest) = records.split_first().unwrap();
        let marked = |record: &Document| {
            let mut record = record.clone();
            record.insert("transaction", i64::try_from(records.len()).unwrap());
            record
        };
        self.logs.insert_one(marked(first)).session(&mut session).await?;
        sleep(hold).await;
        self.logs.insert_many(rest.iter().map(marked)).session(&mut session).await?;
        session.commit_transaction().await
    }

    fn record(&mut self, workflow: &str) -> Document {
        let skew = i64::try_from(self.habits.skew.as_millis()).unwrap();
        let grain = i64::try_from(self.habits.grain.as_millis()).unwrap().max(1);
        let date = DateTime::now().timestamp_millis() + self.rng.i64(-skew..=skew);
        let date = DateTime::from_millis(date - date.rem_euclid(grain));
        record(&mut self.rng, workflow, date, self.habits.bytes)
    }
}

/// A record of a workflow of the workspace `etl`. Its id says nothing of when it was made, so that
/// no order of ids is one of commits.
pub(crate) fn record(rng: &mut Rng, workflow: &str, date: DateTime, bytes: usize) -> Document {
    let mut id = [0; 12];
    rng.fill(&mut id);
    doc! {
        "_id": ObjectId::from_bytes(id),
        "workspace_id": "etl",
        "workflow_id": workflow,
        "date": date,
        "level": "INFO",
        "type": "log",
        "message": "x".repeat(bytes),
    }
}
