//! What subscribers cost MongoDB, and how long a record takes to reach them.

use std::time::Duration;

use bson::{Document, doc};
use hdrhistogram::Histogram;
use mongodb::{Client, Collection};
use testbed::Mongod;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use crate::clients::Clients;
use crate::plan::{Plan, Result};
use crate::process::{Server, mongod_cpu};
use crate::records::{WORKFLOWS, record, workflow};
use crate::report::{median, milliseconds, number};
use crate::serve::INTERVAL;

const RATE: u64 = 100;
const MEMBERS: usize = 3;

pub async fn streams(plan: Plan) -> Result<String> {
    let mut mongod = Mongod::replica_set(MEMBERS)?;
    let uri = mongod.database_uri("bench");
    let logs = Client::with_uri_str(&uri).await?.database("bench").collection("logs");
    let server = Server::start(&uri)?;
    // A set that has just begun has other work, too.
    insert(&logs, 400, WORKFLOWS).await?;
    let mut costs = plan.subscribers.map(|_| Vec::new());
    let mut latency = Histogram::<u64>::new_with_bounds(1, 600_000_000, 3)?;
    let mut ours = Vec::new();
    for _ in 0..plan.rounds {
        for (subscribers, costs) in plan.subscribers.into_iter().zip(&mut costs) {
            let clients = Clients::open(server.address, subscribers, WORKFLOWS).await?;
            clients.begin()?;
            let before = mongod_cpu(&mut mongod, MEMBERS)?;
            let our_before = server.cpu()?;
            insert(&logs, plan.inserts, WORKFLOWS).await?;
            let expected = (0..subscribers).map(|nth| of_workflow(plan.inserts, nth % WORKFLOWS));
            let seen = clients.take(expected.sum()).await?;
            let cost = (mongod_cpu(&mut mongod, MEMBERS)? - before).as_secs_f64();
            eprintln!(
                "{subscribers} subscribers: mongod {cost:.2} s, {}",
                quantiles(&seen.latency)
            );
            costs.push(cost);
            if subscribers == 1000 {
                latency.add(&seen.latency)?;
                ours.push((server.cpu()? - our_before).as_secs_f64());
            }
        }
    }
    let clients = Clients::open(server.address, 1000, 1).await?;
    clients.begin()?;
    let our_before = server.cpu()?;
    insert(&logs, plan.inserts, 1).await?;
    let crowd = clients.take(1000 * plan.inserts as u64).await?.latency;
    let crowd_cpu = (server.cpu()? - our_before).as_secs_f64();
    eprintln!("1000 subscribers of one workflow: {crowd_cpu:.2} s, {}", quantiles(&crowd));

    let mut text = format!(
        "### What subscribers cost MongoDB: change streams\n\n\
         {} inserts at {RATE} a second into {WORKFLOWS} workflows, on a set of {MEMBERS} nodes, with \
         history read before. CPU seconds of all mongod, the median of {} rounds, and the least and \
         the most:\n\n| subscribers | mongod, CPU s |\n| --: | --: |\n",
        plan.inserts, plan.rounds,
    );
    for (subscribers, mut costs) in plan.subscribers.into_iter().zip(costs) {
        costs.sort_by(f64::total_cmp);
        let (least, most) = (costs[0], costs[costs.len() - 1]);
        text += &format!("| {subscribers} | {:.2} ({least:.2} to {most:.2}) |\n", median(&costs));
    }
    text += &format!(
        "\n### Latency, write to client\n\n\
         From before an insert is sent until a client has read it, over HTTP, {RATE} inserts a \
         second acknowledged by a majority of {MEMBERS} nodes, 1,000 subscribers; mongod, server and \
         clients share the machine:\n\n\
         | 1,000 subscribers of | deliveries a second | p50, ms | p99, ms | the server, CPU s |\n\
         | --- | --: | --: | --: | --: |\n",
    );
    let spread = (format!("{WORKFLOWS} workflows"), WORKFLOWS, &latency, median(&ours));
    for (what, workflows, latency, cpu) in
        [spread, ("one workflow".to_owned(), 1, &crowd, crowd_cpu)]
    {
        let [p50, p99] = [0.5, 0.99].map(|quantile| milliseconds(latency, quantile));
        let deliveries = number((RATE * 1000) as f64 / workflows as f64);
        text += &format!("| {what} | {deliveries} | {p50:.1} | {p99:.1} | {cpu:.2} |\n");
    }
    Ok(text)
}

pub async fn polling(plan: Plan) -> Result<String> {
    const INTERVALS: u32 = 20;
    let mongod = Mongod::standalone()?;
    let uri = mongod.database_uri("bench");
    let client = Client::with_uri_str(&uri).await?;
    let db = client.database("bench");
    let logs = db.collection("logs");
    let server = Server::start(&uri)?;
    insert(&logs, 100, WORKFLOWS).await?;
    let mut text = format!(
        "### What subscribers cost MongoDB: polling\n\n\
         A standalone server, polled every {} ms, audit and all. Queries on the collection in its \
         profiler, over {INTERVALS} intervals with 20 inserts a second:\n\n\
         | subscribers | queries an interval |\n| --: | --: |\n",
        INTERVAL.as_millis(),
    );
    for subscribers in plan.subscribers {
        let clients = Clients::open(server.address, subscribers, WORKFLOWS).await?;
        sleep(Duration::from_secs(2)).await;
        let profile = db.collection::<Document>("system.profile");
        db.run_command(doc! { "profile": 0 }).await?;
        profile.drop().await?;
        db.run_command(doc! { "profile": 2 }).await?;
        let began = Instant::now();
        while began.elapsed() < INTERVAL * INTERVALS {
            logs.insert_one(record(0, &workflow(0))).await?;
            sleep(Duration::from_millis(50)).await;
        }
        let intervals = began.elapsed().as_secs_f64() / INTERVAL.as_secs_f64();
        db.run_command(doc! { "profile": 0 }).await?;
        let queries = doc! { "op": { "$in": ["query", "getmore"] }, "ns": "bench.logs" };
        let queries = profile.count_documents(queries).await? as f64;
        eprintln!("{subscribers} subscribers: {queries} queries in {intervals:.1} intervals");
        text += &format!("| {subscribers} | {:.2} |\n", queries / intervals);
        drop(clients);
    }
    Ok(text)
}

fn of_workflow(inserts: usize, workflow: usize) -> u64 {
    ((inserts + WORKFLOWS - 1 - workflow) / WORKFLOWS) as u64
}

fn quantiles(latency: &Histogram<u64>) -> String {
    let [p50, p99] = [0.5, 0.99].map(|quantile| milliseconds(latency, quantile));
    format!("p50 {p50:.1} ms, p99 {p99:.1} ms")
}

/// Inserts at a steady rate, whatever each takes.
async fn insert(logs: &Collection<Document>, count: usize, workflows: usize) -> Result<()> {
    let mut clock = interval(Duration::from_secs(1) / u32::try_from(RATE)?);
    let mut inserts = JoinSet::new();
    for nth in 0..count {
        clock.tick().await;
        let logs = logs.clone();
        inserts
            .spawn(async move { logs.insert_one(record(nth, &workflow(nth % workflows))).await });
    }
    while let Some(inserted) = inserts.join_next().await {
        inserted??;
    }
    Ok(())
}
