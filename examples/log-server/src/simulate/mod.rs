//! Made-up pipelines that write believable logs, to look at.

mod pipeline;

use std::time::Duration;

use fastrand::Rng;
use gapless_sse_core::Log;
use gapless_sse_core::follow::{Scope, Topic};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use crate::row::NewRow;
use crate::search::Search;
use crate::store::{Store, chain};
use pipeline::Pipeline;

const WORKSPACE: &str = "etl";

/// How many lines a pipeline has behind it when it is first seen.
const HISTORY: usize = 240;

/// Running pipelines; they end when this is dropped.
#[derive(Debug)]
pub struct Simulation {
    topics: Vec<Topic>,
    _pipelines: JoinSet<()>,
}

impl Simulation {
    /// The path of each workflow's log on this server.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        self.topics.iter().map(|topic| {
            format!("/wfm/workflow/workspace/{}/workflow/{}/logs", topic.space(), topic.name())
        })
    }
}

/// Starts the pipelines; they write to the store of `log`.
pub fn start<S: Store>(log: &Log<S>) -> Simulation {
    let mut pipelines = JoinSet::new();
    let topics = pipeline::PLANS
        .iter()
        .map(|plan| {
            let topic = Topic::new(WORKSPACE, plan.name);
            pipelines.spawn(run(log.clone(), topic.clone(), Pipeline::new(plan, Rng::new())));
            topic
        })
        .collect();
    Simulation { topics, _pipelines: pipelines }
}

async fn run<S: Store>(log: Log<S>, topic: Topic, mut pipeline: Pipeline) {
    let mut rng = Rng::new();
    while let Err(error) = write_history(&log, &topic, &mut pipeline).await {
        tracing::warn!(error, "the simulation waits for the store");
        sleep(Duration::from_secs(1)).await;
    }
    let mut beat = interval(Duration::from_millis(800));
    loop {
        beat.tick().await;
        // Now and then a burst, as when a stage begins.
        let lines = if rng.u8(..12) == 0 { rng.usize(3..9) } else { 1 };
        for _ in 0..lines {
            let row = pipeline.line(Timestamp::now());
            if let Err(error) = log.source().append(&topic, vec![row]).await {
                tracing::warn!(error = chain(&error), "a simulated line was not written");
            }
            sleep(Duration::from_millis(rng.u64(5..60))).await;
        }
    }
}

/// Gives a workflow that has no lines yet some that it wrote within the last minutes.
async fn write_history<S: Store>(
    log: &Log<S>,
    topic: &Topic,
    pipeline: &mut Pipeline,
) -> Result<(), String> {
    let scope = Scope::new(topic.space(), [topic.name()]).filtered(Search::default());
    let page = log.page(&scope, None, gapless_sse_core::follow::SortOrder::Descending, 1).await;
    if !page.map_err(|error| chain(&error))?.records.is_empty() {
        return Ok(());
    }
    let now = Timestamp::now();
    let rows = history(now, pipeline);
    log.source().append(topic, rows).await.map(drop).map_err(|error| chain(&error))
}

fn history(now: Timestamp, pipeline: &mut Pipeline) -> Vec<NewRow> {
    (1..=HISTORY)
        .rev()
        .map(|ago| {
            let ago = SignedDuration::from_millis(i64::try_from(ago * 1500).unwrap_or(0) + 4000);
            pipeline.line(now - ago)
        })
        .collect()
}
