//! What a stream of a whole workspace of 10,000 workflows costs the log server, beside the same rows
//! in one workflow, in turns. Prints Markdown.

mod outcome;
mod reader;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bson::{DateTime, doc};
use mongodb::Client;
use outcome::Result;
use reader::Reader;
use sse_bench_server::Server;
use testbed::Mongod;
use tokio::time::{MissedTickBehavior, interval, timeout};

const WORKFLOWS: usize = 10_000;
/// How many rows are written at a time, and how often.
const AT_ONCE: usize = 500;
const EVERY: Duration = Duration::from_millis(100);
/// How long rows may take to come, after the last was written.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match measure(std::env::args().skip(1)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Plan {
    program: PathBuf,
    rows: usize,
    rounds: usize,
}

/// What is followed.
#[derive(Clone, Copy, Debug)]
enum Followed {
    Workflow,
    Workspace,
}

impl Followed {
    fn path(self) -> &'static str {
        match self {
            Self::Workflow => "/wfm/workflow/workspace/etl/workflow/job-0/logs/stream?history=all",
            Self::Workspace => "/wfm/workflow/workspace/etl/logs/stream?history=all",
        }
    }

    fn workflow(self, row: usize) -> String {
        match self {
            Self::Workflow => "job-0".to_owned(),
            Self::Workspace => format!("job-{}", row % WORKFLOWS),
        }
    }
}

async fn measure(mut words: impl Iterator<Item = String>) -> Result<()> {
    let program = words.next().ok_or("give the log server's program")?.into();
    let mut plan = Plan { program, rows: 250_000, rounds: 3 };
    for word in words {
        match word.as_str() {
            "--short" => (plan.rows, plan.rounds) = (50_000, 1),
            other => return Err(format!("there is no {other}").into()),
        }
    }
    let machine = sse_bench_machine::description();
    let mut figures = [Vec::new(), Vec::new()];
    for round in 0..plan.rounds {
        let mut turns = [(0, Followed::Workflow), (1, Followed::Workspace)];
        if round % 2 == 1 {
            turns.reverse();
        }
        for (of, followed) in turns {
            let busy = follow(&plan.program, followed, plan.rows).await?;
            eprintln!("{followed:?}: {:.2} s of a processor", busy.as_secs_f64());
            figures[of].push(busy);
        }
    }
    let [one, whole] = figures.map(median);
    let ratio = whole.as_secs_f64() / one.as_secs_f64();
    let of_row = |busy: Duration| busy.as_secs_f64() * 1e6 / plan.rows as f64;
    print!(
        "## A whole workspace\n\nWhat a stream costs the log server while another process writes \
         {} rows into MongoDB, 5,000 a second: all into one workflow, which is followed, or into \
         {WORKFLOWS} workflows of a workspace, which is followed as a whole and had none of them \
         before. Each row came once, or this would have failed.\n\n\
         ```sh\ncargo xtask bench spaces\n```\n\n\
         Time of processors of the server's process, the median of {} rounds in turns.\n\n{machine}\n\n\
         | followed | in all | for each row |\n| --- | --: | --: |\n\
         | one workflow | {:.2} s | {:.1} µs |\n| a workspace of {WORKFLOWS} | {:.2} s | {:.1} µs |\n\n\
         That is {ratio:.2} times as much.\n",
        plan.rows,
        plan.rounds,
        one.as_secs_f64(),
        of_row(one),
        whole.as_secs_f64(),
        of_row(whole),
    );
    Ok(())
}

fn median(mut figures: Vec<Duration>) -> Duration {
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// Follows so many rows from the first to the last, on a database of their own.
async fn follow(program: &Path, followed: Followed, rows: usize) -> Result<Duration> {
    let mongod = tokio::task::block_in_place(|| Mongod::replica_set(1))?;
    let store = mongod.database_uri("bench");
    let logs = Client::with_uri_str(&store).await?.database("bench").collection("logs");
    let row = |nth: usize| {
        doc! {
            "workspace_id": "etl",
            "workflow_id": followed.workflow(nth),
            "date": DateTime::now(),
            "level": "INFO",
            "type": "stage",
            "message": format!("row {nth} wrote a batch of orders to the warehouse, 1024 of them"),
            "details": { "stage": "load", "rows": 1024, "seconds": 1.5 },
        }
    };
    let server = Server::start(program, &store, &["--indexes", "create"])?;
    let before = server.busy()?;
    let mut reader = Reader::open(server.address, followed.path(), rows).await?;
    let write = async {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for first in (0..rows).step_by(AT_ONCE) {
            ticks.tick().await;
            logs.insert_many((first..(first + AT_ONCE).min(rows)).map(row)).ordered(true).await?;
        }
        Ok(())
    };
    let written = EVERY * u32::try_from(rows / AT_ONCE)?;
    let read = async {
        let read = timeout(2 * written + PATIENCE, reader.read(rows)).await;
        read.map_err(|_| "not all rows have come")?
    };
    tokio::try_join!(write, read)?;
    let busy = server.busy()? - before;
    if reader.came.iter().any(|came| *came != 1) {
        return Err("a row has come twice, and another one not at all".into());
    }
    server.end()?;
    Ok(busy)
}
