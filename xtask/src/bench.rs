//! `cargo xtask bench`: measures, and writes down what was measured.

mod build;
mod section;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use clap::{Args, Subcommand};
use testbed::mongod;

use crate::command::{cargo, command, read, run as run_command};
use crate::failure::Failure;
use crate::paths;
use crate::setup::Need;
use crate::steps::Steps;

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Options {
    /// How long our axum adapter takes to build, beside axum alone, into BENCHMARKS.md.
    Build,
    /// Parser and encoder beside those of other crates, into BENCHMARKS.md.
    Wire,
    /// One publisher and thousands of streams, beside other servers, into BENCHMARKS.md.
    Fanout(Fanout),
    /// What following a MongoDB collection costs, on real servers, into BENCHMARKS.md.
    Mongo(Mongo),
    /// The memory of idle streams over TLS and without, into BENCHMARKS.md.
    Tls,
    /// How long the log server looks for what is in millions of rows, into BENCHMARKS.md.
    History(History),
    /// What a stream of a whole workspace costs, beside one workflow's, into BENCHMARKS.md.
    Spaces(Spaces),
    /// What one client of the log server notices of what others do to it, into BENCHMARKS.md.
    Neighbours(Neighbours),
}

/// How much of the fan-out to measure.
#[derive(Args, Debug)]
pub(crate) struct Fanout {
    /// One short round, about two minutes; its figures are printed and not written down.
    #[arg(long)]
    short: bool,
    /// Only the server of this name, any number of times; printed and not written down.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// How much of following MongoDB to measure.
#[derive(Args, Debug)]
pub(crate) struct Mongo {
    /// One short round, about two minutes; its figures are printed and not written down.
    #[arg(long)]
    short: bool,
    /// Only this part, any number of times; printed and not written down.
    #[arg(long, value_name = "PART", value_parser = ["cost", "throughput", "history"])]
    only: Vec<String>,
}

/// How much of the log server beside loads to measure.
#[derive(Args, Debug)]
pub(crate) struct Neighbours {
    /// A few seconds for each load; the figures are printed and not written down.
    #[arg(long)]
    short: bool,
    /// Only beside this load, any number of times; printed and not written down.
    #[arg(
        long,
        value_name = "LOAD",
        value_parser = ["patterns", "searches", "posts", "slow-readers", "catch-up", "event"]
    )]
    only: Vec<String>,
}

/// How many rows the log server looks through.
#[derive(Args, Debug)]
pub(crate) struct History {
    /// A twentieth of the rows; the figures are printed and not written down.
    #[arg(long)]
    short: bool,
    /// An earlier build of the log server, to measure beside this one.
    #[arg(long, value_name = "PROGRAM")]
    before: Option<PathBuf>,
}

/// How much of following whole workspaces to measure.
#[derive(Args, Debug)]
pub(crate) struct Spaces {
    /// One short round, about a minute; its figures are printed and not written down.
    #[arg(long)]
    short: bool,
}

/// The crates of peers have a workspace and a lock of their own.
const PEERS: &str = "--release --manifest-path benches/Cargo.toml --target-dir target/bench";

/// Measures what was asked for.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    match options {
        Options::Build => write_down(&build::measure()?),
        Options::Wire => wire(),
        Options::Fanout(options) => fanout(options),
        Options::Mongo(options) => mongo(options),
        Options::Tls => tls(),
        Options::History(options) => history(options),
        Options::Spaces(options) => spaces(options),
        Options::Neighbours(options) => neighbours(options),
    }
}

fn wire() -> Result<(), Failure> {
    run_command(&mut cargo(&format!("build --bins --package sse-bench {PEERS}")))?;
    println!("measuring takes about a minute; leave the machine alone meanwhile");
    write_down(&read(&mut cargo(&format!("run --quiet --package sse-bench {PEERS}")))?)
}

fn fanout(options: &Fanout) -> Result<(), Failure> {
    let built = paths::target().join("bench").join("release");
    run_command(&mut cargo(&format!("build --bins --package sse-fanout {PEERS}")))?;
    let mut servers = vec![
        ("gapless-sse-axum", built.join("ours-axum")),
        ("gapless-sse-axum, filtered", built.join("ours-axum")),
        ("gapless-sse-warp", built.join("ours-warp")),
        ("axum", built.join("peer-axum")),
        ("axum, tuned", built.join("peer-axum-tuned")),
        ("warp", built.join("peer-warp")),
        ("actix-web-lab", built.join("peer-actix")),
        ("durable-streams", DURABLE_STREAMS.into()),
        ("bare hyper", built.join("peer-hyper")),
    ];
    if let Some(unknown) = options.only.iter().find(|name| !servers.iter().any(|(n, _)| n == name))
    {
        let known: Vec<_> = servers.iter().map(|(name, _)| *name).collect();
        return Err(Failure::Found(format!("no server is called {unknown}; there are {known:?}")));
    }
    if !options.only.is_empty() {
        servers.retain(|(name, _)| options.only.iter().any(|only| only == name));
    }
    for (name, program) in &mut servers {
        if *name == "durable-streams" {
            *program = durable_streams()?;
        }
    }
    let mut measure = command(built.join("sse-fanout"));
    measure.args(options.short.then_some("--short"));
    for (name, program) in servers {
        measure.arg(format!("{name}={}", program.display()));
    }
    let takes = if options.short { "two" } else { "twenty-five" };
    println!("measuring takes about {takes} minutes; leave the machine alone meanwhile");
    let section = read(&mut measure)?;
    if options.short || !options.only.is_empty() {
        println!("\n{section}");
        return Ok(());
    }
    write_down(&section)
}

fn tls() -> Result<(), Failure> {
    let package = format!("run --quiet --package sse-tls-bench {PEERS}");
    println!("measuring takes about a minute; leave the machine alone meanwhile");
    write_down(&read(&mut cargo(&package))?)
}

fn mongo(Mongo { short, only }: &Mongo) -> Result<(), Failure> {
    let mut steps = Steps::default();
    Need::Mongod.ensure(&mut steps);
    let mongod = mongod::find()?;
    run_command(&mut cargo(&format!("build --package sse-mongo-bench {PEERS}")))?;
    let built = paths::target().join("bench").join("release").join("sse-mongo-bench");
    let takes = if *short { "two minutes" } else { "four minutes" };
    println!("measuring takes about {takes}; leave the machine alone meanwhile");
    let mut measure = command(built);
    measure.args(short.then_some("--short")).args(only).env("MONGOD", mongod);
    let section = read(&mut measure)?;
    if *short || !only.is_empty() {
        println!("\n{section}");
        return Ok(());
    }
    write_down(&section)
}

fn history(History { short, before }: &History) -> Result<(), Failure> {
    let takes = if *short { "two" } else { "fifteen" };
    let mut measure = beside_log_server("sse-history", takes)?;
    measure.args(short.then_some("--short"));
    if let Some(before) = before {
        measure.arg("--before").arg(before);
    }
    let section = read(&mut measure)?;
    if *short {
        println!("\n{section}");
        return Ok(());
    }
    write_down(&section)
}

fn spaces(Spaces { short }: &Spaces) -> Result<(), Failure> {
    let mut measure = beside_log_server("sse-spaces", if *short { "two" } else { "seven" })?;
    measure.args(short.then_some("--short"));
    let section = read(&mut measure)?;
    if *short {
        println!("\n{section}");
        return Ok(());
    }
    write_down(&section)
}

/// A program that measures the log server as it is shipped, which is given to it.
fn beside_log_server(package: &str, minutes: &str) -> Result<Command, Failure> {
    let mut steps = Steps::default();
    Need::Mongod.ensure(&mut steps);
    let mongod = mongod::find()?;
    println!("building the log server as it is shipped, which may take ten minutes");
    run_command(&mut cargo("build --release --package log-server"))?;
    run_command(&mut cargo(&format!("build --package {package} {PEERS}")))?;
    println!("measuring takes about {minutes} minutes; leave the machine alone meanwhile");
    let mut measure = command(paths::target().join("bench").join("release").join(package));
    measure.arg(paths::log_server("release")).env("MONGOD", mongod);
    Ok(measure)
}

fn neighbours(Neighbours { short, only }: &Neighbours) -> Result<(), Failure> {
    let takes = if *short { "three" } else { "ten" };
    let mut measure = beside_log_server("sse-neighbours", takes)?;
    measure.args(short.then_some("--short")).args(only);
    let section = read(&mut measure)?;
    if *short || !only.is_empty() {
        println!("\n{section}");
        return Ok(());
    }
    write_down(&section)
}

/// The server that is a peer as a whole program, and its version.
const DURABLE_STREAMS: &str = "durable-streams-server";
const DURABLE_STREAMS_VERSION: &str = "0.1.5";

/// Installs the server beside what is built for the comparison, unless it is there.
fn durable_streams() -> Result<PathBuf, Failure> {
    let folder = format!("durable-streams-{DURABLE_STREAMS_VERSION}");
    let root = paths::target().join("bench").join(folder);
    let program = root.join("bin").join(DURABLE_STREAMS);
    if !program.exists() {
        println!("installing durable-streams {DURABLE_STREAMS_VERSION}, which takes minutes once");
        let install =
            format!("install durable-streams --version {DURABLE_STREAMS_VERSION} --locked");
        run_command(
            cargo(&install).arg("--root").arg(&root).arg("--target-dir").arg(root.join("build")),
        )?;
    }
    Ok(program)
}

fn write_down(section: &str) -> Result<(), Failure> {
    let file = paths::root().join("BENCHMARKS.md");
    let document = fs::read_to_string(&file).map_err(Failure::io("read BENCHMARKS.md"))?;
    fs::write(&file, section::put(&document, section))
        .map_err(Failure::io("write BENCHMARKS.md"))?;
    println!("BENCHMARKS.md is new");
    Ok(())
}
