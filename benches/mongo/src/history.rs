//! How fast history becomes encoded events, beside the driver's own documents.

use std::time::Instant;

use bson::{Bson, Document, doc};
use futures_util::StreamExt;
use gapless_sse_core::follow::{History, Scope};
use gapless_sse_core::{Encoded, Event, EventId, FollowOptions};
use mongodb::{Client, Collection};
use testbed::Mongod;

use crate::plan::{Plan, Result};
use crate::records::{WORKSPACE, record, workflow};
use crate::report::{median, number};
use crate::serve;

pub async fn history(plan: Plan) -> Result<String> {
    let mongod = Mongod::replica_set(1)?;
    let uri = mongod.database_uri("bench");
    let logs: Collection<Document> =
        Client::with_uri_str(&uri).await?.database("bench").collection("logs");
    for first in (0..plan.history).step_by(1000) {
        logs.insert_many((first..first + 1000).map(|nth| record(nth, &workflow(0)))).await?;
    }
    let log = serve::log(&uri).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..=plan.rounds {
        let began = Instant::now();
        let begin = FollowOptions::new(History::All);
        let mut stream = log.follow(Scope::new(WORKSPACE, [workflow(0)]), begin);
        // One is `start`.
        let mut events = 0;
        bytes = 0;
        while events < plan.history + 1 {
            let frame = stream.next().await.ok_or("the stream has ended")?;
            events += frame.events() as usize;
            bytes += frame.len();
        }
        ours.push(plan.history as f64 / began.elapsed().as_secs_f64());

        let began = Instant::now();
        let all = doc! { "workspace_id": WORKSPACE, "workflow_id": workflow(0) };
        let sort = doc! { "workspace_id": 1, "workflow_id": 1, "date": 1, "_id": 1 };
        let mut found = logs.find(all).sort(sort).batch_size(1000).await?;
        let mut frames = 0;
        while let Some(record) = found.next().await {
            let record = record?;
            let id = record.get_object_id("_id").map(|id| id.to_hex())?;
            let json = serde_json::to_string(&Bson::Document(record).into_relaxed_extjson())?;
            let frame = Encoded::from(Event::new(json).event_id(EventId::new(id)?));
            frames += frame.events() as usize;
        }
        if frames != plan.history {
            return Err(format!("{frames} of {} documents", plan.history).into());
        }
        theirs.push(plan.history as f64 / began.elapsed().as_secs_f64());
        eprintln!(
            "history: {:.0} and {:.0} documents a second",
            ours[ours.len() - 1],
            theirs[theirs.len() - 1]
        );
    }
    // The first round warms the server's cache.
    let (ours, theirs) = (median(&ours[1..]), median(&theirs[1..]));
    Ok(format!(
        "### History to encoded events\n\n\
         {} documents in pages of 1,000, of {} bytes each as an event, with a sealed position; beside \
         the driver's `Document`, its extended JSON and `serde_json`, in batches of 1,000. The median \
         of {} rounds, in turns; mongod on the same machine:\n\n\
         | | documents a second |\n| --- | --: |\n| gapless-sse-mongo | {} ({:.2}×) |\n\
         | `Document` and `serde_json` | {} (1.00×) |\n",
        number(plan.history as f64),
        bytes / plan.history,
        plan.rounds,
        number(ours),
        ours / theirs,
        number(theirs),
    ))
}
