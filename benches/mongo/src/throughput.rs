//! How many inserts a second are followed.

use std::time::Duration;

use bson::Document;
use mongodb::{Client, Collection};
use testbed::Mongod;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::clients::Clients;
use crate::plan::{Plan, Result};
use crate::process::Server;
use crate::records::{WORKFLOWS, record, workflow};
use crate::report::{milliseconds, number};

const MOST: u64 = 20_000;
const WRITERS: usize = 4;
const BATCH: usize = 100;

pub async fn throughput(plan: Plan) -> Result<String> {
    let mongod = Mongod::replica_set(1)?;
    let uri = mongod.database_uri("bench");
    let logs: Collection<Document> =
        Client::with_uri_str(&uri).await?.database("bench").collection("logs");
    logs.insert_one(record(0, &workflow(0))).await?;
    let server = Server::start(&uri)?;
    let clients = Clients::open(server.address, WORKFLOWS, WORKFLOWS).await?;
    clients.begin()?;
    let cpu = server.cpu()?;
    let began = Instant::now();
    let time = Duration::from_secs(plan.throughput_seconds);
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let logs = logs.clone();
        writers.spawn(async move {
            let mut clock = interval(Duration::from_secs((WRITERS * BATCH) as u64) / MOST as u32);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut written = 0;
            while began.elapsed() < time {
                clock.tick().await;
                let batch = (0..BATCH).map(|nth| record(nth, &workflow(nth)));
                logs.insert_many(batch).await?;
                written += BATCH as u64;
            }
            Result::<u64>::Ok(written)
        });
    }
    let mut written = 0;
    while let Some(writer) = writers.join_next().await {
        written += writer??;
    }
    let took = began.elapsed().as_secs_f64();
    let acknowledged = Instant::now();
    let seen = clients.take(written).await?;
    let behind = acknowledged.elapsed().as_secs_f64() * 1e3;
    let cpu = (server.cpu()? - cpu).as_secs_f64() / took * 100.0;
    let rate = written as f64 / took;
    eprintln!("{rate:.0} inserts a second, server {cpu:.0} %, {behind:.0} ms behind at the end");
    let mut text = format!(
        "### Throughput\n\n\
         {WRITERS} writers, batches of {BATCH}, {MOST} a second asked for, on a set of one node, into \
         {WORKFLOWS} workflows with a subscriber each: the machine wrote {} a second for {took:.0} s, \
         and all {} reached their subscriber; the last one {behind:.0} ms after the last \
         acknowledgement. The server took {cpu:.0} % of a core. Latency, from before a batch is \
         sent, of what was written in each second:\n\n| second | p50, ms | p99, ms |\n| --: | --: | --: |\n",
        number(rate),
        number(written as f64),
    );
    for (second, latency) in seen.by_second.iter().enumerate().filter(|(_, of)| !of.is_empty()) {
        let [p50, p99] = [0.5, 0.99].map(|quantile| milliseconds(latency, quantile));
        text += &format!("| {} | {p50:.1} | {p99:.1} |\n", second + 1);
    }
    Ok(text)
}
