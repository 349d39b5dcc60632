//! Readers that remember the last document they saw and ask for what is greater.

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use futures_util::TryStreamExt;
use gapless_sse_mongo::bson::oid::ObjectId;
use gapless_sse_mongo::bson::{Bson, DateTime, Document, doc};
use mongodb::Collection;
use tokio::sync::watch;
use tokio::time::sleep;

/// A reader that asks for what is greater than the last it saw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Naive {
    pub(super) field: Field,
    pub(super) every: Duration,
    /// Only what is that much older than the server's time.
    pub(super) behind: Option<Duration>,
}

/// By what it goes on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Id,
    Date,
}

impl Naive {
    /// Reads until the end, and then once more: nobody can say that it did not wait.
    pub(super) async fn read(
        self,
        logs: Collection<Document>,
        mut end: watch::Receiver<bool>,
        mut rng: Rng,
    ) -> mongodb::error::Result<BTreeSet<ObjectId>> {
        let field = match self.field {
            Field::Id => "_id",
            Field::Date => "date",
        };
        let mut seen = BTreeSet::new();
        let mut last: Option<Bson> = None;
        loop {
            // Now and then early, now and then late, as timers are: else the part of a second in
            // which it happens to look would decide.
            let pause = self.every.mul_f64(0.9 + 0.2 * rng.f64());
            let ended = tokio::select! {
                _ = end.wait_for(|ended| *ended) => true,
                () = sleep(pause) => false,
            };
            let mut wanted = Document::new();
            if let Some(last) = &last {
                wanted.insert("$gt", last.clone());
            }
            if let Some(behind) = self.behind.filter(|_| !ended) {
                wanted.insert("$lte", settled(&logs, behind).await?);
            }
            let filter = if wanted.is_empty() {
                doc! {}
            } else {
                doc! { field: wanted }
            };
            let found = logs.find(filter).sort(doc! { field: 1 }).await?;
            let found: Vec<Document> = found.try_collect().await?;
            seen.extend(found.iter().filter_map(|document| document.get_object_id("_id").ok()));
            if let Some(document) = found.last() {
                last = document.get(field).cloned();
            }
            if ended {
                return Ok(seen);
            }
        }
    }
}

/// The server's time, less that.
async fn settled(
    logs: &Collection<Document>,
    behind: Duration,
) -> mongodb::error::Result<DateTime> {
    let hello = logs.client().database("admin").run_command(doc! { "hello": 1 }).await?;
    let now = hello.get_datetime("localTime").copied().unwrap_or_else(|_| DateTime::now());
    let behind = i64::try_from(behind.as_millis()).unwrap_or(i64::MAX);
    Ok(DateTime::from_millis(now.timestamp_millis().saturating_sub(behind)))
}
