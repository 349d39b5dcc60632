//! How long the log server looks for what is in millions of rows, on both stores, beside the
//! shell's tools and the database's driver. Prints Markdown.

mod driver;
mod grep;
mod http;
mod outcome;
mod question;
mod report;
mod rows;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use driver::Driver;
use grep::Files;
use outcome::Result;
use question::Question;
use report::{Figure, Table};
use rows::{LONG, MANY, ONE, Row, WORKFLOWS};
use sse_bench_server::Server;
use testbed::Mongod;

/// So many rows are posted at a time.
const POSTED: usize = 10_000;

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
    /// An earlier build of it.
    before: Option<PathBuf>,
    rows: usize,
}

async fn measure(mut words: impl Iterator<Item = String>) -> Result<()> {
    let program = words.next().ok_or("give the log server's program")?.into();
    let mut plan = Plan { program, before: None, rows: 2_000_000 };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--short" => plan.rows = 100_000,
            "--before" => plan.before = Some(words.next().ok_or("give a program")?.into()),
            other => return Err(format!("there is no {other}").into()),
        }
    }
    let machine = sse_bench_machine::description();
    let folder = tempfile::tempdir()?;
    eprintln!("writing {} rows as text", 2 * plan.rows);
    let files = Files::write(folder.path(), plan.rows)?;
    let tables = [sqlite(&plan, &files, folder.path()).await?, mongo(&plan, &files).await?];
    print!("{}", report::markdown(&machine, plan.rows, &tables));
    Ok(())
}

async fn sqlite(plan: &Plan, files: &Files, folder: &Path) -> Result<Table> {
    let path = folder.join("logs.db");
    let store = format!("sqlite:{}", path.display());
    let filler = Server::start(plan.before.as_ref().unwrap_or(&plan.program), &store, &[])?;
    eprintln!("SQLite: posting {} rows", 2 * plan.rows);
    let began = Instant::now();
    fill(filler.address, plan.rows).await?;
    let filled = began.elapsed();
    filler.end()?;
    let mut asked = vec!["log server", "shell"];
    let mut earlier = None;
    let mut notes = vec![format!(
        "Posting them took {:.0} s ({:.0} rows a second).",
        filled.as_secs_f64(),
        2.0 * plan.rows as f64 / filled.as_secs_f64()
    )];
    if let Some(before) = &plan.before {
        let copy = folder.join("before.db");
        std::fs::copy(&path, &copy)?;
        earlier = Some(Server::start(before, &format!("sqlite:{}", copy.display()), &[])?);
        asked.insert(1, "before");
    }
    let began = Instant::now();
    let server = Server::start(&plan.program, &store, &[])?;
    if earlier.is_some() {
        let took = began.elapsed().as_secs_f64();
        notes.push(format!("The file of the earlier build was ready after {took:.0} s."));
    }
    eprintln!("SQLite: waiting until all rows are indexed");
    question::indexed(server.address).await?;
    notes.push(format!("All was indexed after {:.0} s more.", began.elapsed().as_secs_f64()));
    let mut table = Table::new("SQLite", asked);
    ask_all(&mut table, server.address, old(&earlier), None, files).await?;
    notes.push(format!("The server's memory was {} MiB at most.", server.peak()? >> 20));
    notes.push(format!("The file has {} MiB.", std::fs::metadata(&path)?.len() >> 20));
    table.notes = notes;
    server.end()?;
    if let Some(earlier) = earlier {
        earlier.end()?;
    }
    Ok(table)
}

async fn mongo(plan: &Plan, files: &Files) -> Result<Table> {
    let mongod = tokio::task::block_in_place(|| Mongod::replica_set(1))?;
    let store = mongod.database_uri("bench");
    let driver = Driver::connect(&store).await?;
    eprintln!("MongoDB: inserting {} rows", 2 * plan.rows);
    driver.fill(plan.rows).await?;
    eprintln!("MongoDB: making the indexes");
    let made = Command::new(&plan.program)
        .args(["--store", &store, "--make-indexes", "--index-by", "level"])
        .status()?;
    if !made.success() {
        return Err("the indexes were not made".into());
    }
    let mut asked = vec!["log server", "driver", "shell"];
    let earlier = match &plan.before {
        Some(before) => {
            asked.insert(1, "before");
            Some(Server::start(before, &store, &[])?)
        }
        None => None,
    };
    let server = Server::start(&plan.program, &store, &[])?;
    let mut table = Table::new("MongoDB", asked);
    ask_all(&mut table, server.address, old(&earlier), Some(&driver), files).await?;
    table.notes = vec![format!("The server's memory was {} MiB at most.", server.peak()? >> 20)];
    server.end()?;
    if let Some(earlier) = earlier {
        earlier.end()?;
    }
    Ok(table)
}

fn old(earlier: &Option<Server>) -> Option<SocketAddr> {
    earlier.as_ref().map(|server| server.address)
}

/// Asks everybody everything, in turns.
async fn ask_all(
    table: &mut Table,
    address: SocketAddr,
    old: Option<SocketAddr>,
    driver: Option<&Driver>,
    files: &Files,
) -> Result<()> {
    for question in Question::ALL {
        let mut figures = vec![Some((Vec::new(), 0)); table.asked.len()];
        for _ in 0..question.rounds() {
            let mut turns = figures.iter_mut();
            served(turns.next(), address, question, false).await?;
            if let Some(old) = old {
                served(turns.next(), old, question, true).await?;
            }
            if let Some(driver) = driver {
                timed(turns.next(), driver.ask(question)).await?;
            }
            timed(turns.next(), async { files.ask(question) }).await?;
        }
        table.add(question, figures);
    }
    Ok(())
}

async fn served(
    figure: Option<&mut Figure>,
    address: SocketAddr,
    question: Question,
    old: bool,
) -> Result<()> {
    let began = Instant::now();
    let requests = question::ask(address, question, old).await?;
    let took = began.elapsed();
    if let Some(figure) = figure {
        match (requests, &mut *figure) {
            (Some(requests), Some((times, most))) => {
                times.push(took);
                *most = requests;
            }
            _ => *figure = None,
        }
    }
    Ok(())
}

async fn timed(figure: Option<&mut Figure>, asked: impl Future<Output = Result<()>>) -> Result<()> {
    let began = Instant::now();
    asked.await?;
    let took: Duration = began.elapsed();
    if let Some(Some((times, requests))) = figure {
        times.push(took);
        *requests = 1;
    }
    Ok(())
}

/// Posts both workspaces' rows.
async fn fill(address: SocketAddr, rows: usize) -> Result<()> {
    let path = format!("/wfm/workflow/workspace/{ONE}/workflow/{LONG}/logs");
    for first in (0..rows).step_by(POSTED) {
        let mut body = String::new();
        for nth in first..(first + POSTED).min(rows) {
            Row::of_one(nth, rows).json(&mut body);
        }
        http::post(address, &path, &body).await?;
    }
    for workflow in 0..WORKFLOWS.min(rows) {
        let mut body = String::new();
        for nth in (workflow..rows).step_by(WORKFLOWS) {
            Row::of_many(nth).json(&mut body);
        }
        let path =
            format!("/wfm/workflow/workspace/{MANY}/workflow/{}/logs", rows::workflow(workflow));
        http::post(address, &path, &body).await?;
    }
    Ok(())
}
