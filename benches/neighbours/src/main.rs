//! What one client notices of what others do to the same server: a page, a live line and a look at
//! its health, once a second each, first alone and then beside each of a list of loads; on both
//! stores. Prints Markdown.
//!
//! The server is the program as it is shipped. What makes the load is a process of its own, behind
//! the server and the probes in the queue for a core, as other people's machines would be.

mod http;
mod load;
mod outcome;
mod probe;
mod report;
mod rows;
mod server;
mod store;
mod told;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use load::{Load, Running};
use outcome::Result;
use probe::Probes;
use server::Server;
use store::Store;

/// How long the probes go on beside each load.
struct Plan {
    seconds: usize,
    searched: usize,
}

/// For how many seconds a server is let settle after a great deal was written.
const SETTLED: usize = 5;

/// A server that has just started still takes memory for what it does once.
const AT_REST: Duration = Duration::from_secs(2);

const WHOLE: Plan = Plan { seconds: 30, searched: 200_000 };
const SHORT: Plan = Plan { seconds: 8, searched: 50_000 };

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let threads = if words.first() == Some(&"load") { 1 } else { 2 };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(async {
            match words[..] {
                ["load", name, address, from] => load::make(name, address, from).await,
                _ => measure(&words).await,
            }
        }),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(words: &[&str]) -> Result<()> {
    let [program, options @ ..] = words else {
        return Err("give the log server's program, and --short or names of loads".into());
    };
    let plan = if options.contains(&"--short") { SHORT } else { WHOLE };
    let named: Vec<_> = options.iter().filter(|word| !word.starts_with("--")).collect();
    let machine = sse_bench_machine::description();
    server::raise_open_files()?;
    let mut tables = Vec::new();
    for store in [Store::sqlite()?, Store::mongo()?] {
        tables.push(beside_each(&PathBuf::from(program), store, &plan, &named).await?);
    }
    print!("{}", report::markdown(&machine, plan.seconds, &tables));
    Ok(())
}

async fn beside_each(
    program: &PathBuf,
    store: Store,
    plan: &Plan,
    named: &[&&str],
) -> Result<report::Table> {
    let mut server = Server::start(program, &store)?;
    rows::fill(server.address, plan.searched).await?;
    // Else what was written would still be on its way.
    server.restart()?;
    rows::warm(server.address).await?;
    let mut table = report::Table::new(store.name());
    // After a start, the newest lines are read again: those of above are many.
    Probes::run(server.address, &store, SETTLED).await?;
    eprintln!("{}: alone", store.name());
    let alone = Probes::run(server.address, &store, plan.seconds).await?;
    table.add("nobody", alone, None, String::new());
    for load in Load::ALL {
        if !named.is_empty() && !named.iter().any(|name| **name == load.name()) {
            continue;
        }
        if load == Load::Event && !store.is_mongo() {
            continue;
        }
        eprintln!("{}: {}", store.name(), load.name());
        // Afresh, so that no load's memory is taken for another's.
        let from = rows::position(server.address, rows::MISSED).await?;
        if load == Load::CatchUp {
            rows::missed(server.address).await?;
        }
        server.restart()?;
        rows::warm(server.address).await?;
        tokio::time::sleep(AT_REST).await;
        let idle = server.memory()?;
        server.forget_peak()?;
        let mut running = Running::start(load, server.address, &from)?;
        running.is_up()?;
        let probes = Probes::run(server.address, &store, plan.seconds);
        let probes = if load == Load::Event {
            let (probes, inserted) = tokio::join!(probes, store.insert_largest(plan.seconds));
            inserted?;
            probes?
        } else {
            probes.await?
        };
        let more = server.peak()?.saturating_sub(idle);
        let told = running.end()?;
        table.add(load.title(), probes, Some(more), told);
    }
    Ok(table)
}
