//! `cargo xtask demo`: the log server with a simulated pipeline, until Ctrl-C.

mod gaps;
mod signals;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use testbed::{Mongod, Program, mongod};

use crate::command::{self, cargo};
use crate::failure::Failure;
use crate::{node, paths};
use signals::{GLANCE, signals};

const READY: Duration = Duration::from_secs(60);

/// What `demo` may be told.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    other: Option<Other>,
    /// Keep the logs in a MongoDB replica set of one, fetched and started for it.
    #[arg(long)]
    mongo: bool,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: String,
    /// Build a fast server, which takes a few minutes more.
    #[arg(long)]
    release: bool,
    /// Build nothing, start what was built before.
    #[arg(long)]
    as_built: bool,
    /// Where the logs are kept; target/demo if not given. MongoDB's go with it.
    #[arg(long, value_name = "DIR", conflicts_with = "mongo")]
    data: Option<PathBuf>,
}

/// What else there is to be shown.
#[derive(Debug, Subcommand)]
enum Other {
    /// Show which readers of a MongoDB collection lose documents, as a table and a plot.
    Gaps(gaps::Options),
}

/// Builds, starts and shows the server, and ends all of it on a signal.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    if let Some(Other::Gaps(options)) = &options.other {
        return gaps::run(options);
    }
    let profile = if options.release { "release" } else { "debug" };
    let binary = paths::log_server(profile);
    if !options.as_built {
        build_page();
        build_server(options)?;
    } else if !binary.is_file() {
        let advice = "build it with `cargo build --package log-server`, and with `--release` for \
            a demo with `--release`";
        return Err(Failure::Missing { what: "the server", advice: advice.to_owned() });
    }

    // From here on something runs that must be ended: a signal becomes a message.
    let signals = signals()?;
    let mut mongod = None;
    let store = if options.mongo {
        println!("\n=== starting MongoDB (a replica set of one, its data gone afterwards)");
        mongod::fetch(|progress| println!("{progress}"))?;
        let set = mongod.insert(Mongod::replica_set(1)?);
        println!("{}", set.uri());
        set.database_uri("demo")
    } else {
        let directory = options.data.clone().unwrap_or_else(|| paths::target().join("demo"));
        fs::create_dir_all(&directory)
            .map_err(Failure::io(format!("create {}", directory.display())))?;
        format!("sqlite:{}", directory.join("logs.sqlite").display())
    };
    println!("\n=== starting the server");
    let mut command = Command::new(binary);
    command.args(["--listen", &options.listen, "--store", &store, "--simulate"]);
    if options.mongo {
        // The data ends with the demo, and so may what keys the positions in it.
        command.env("LOG_SERVER_SECRET", "the demo has nothing to keep secret");
    }
    let mut server = Program::spawn(command, |line| println!("{line}"))?;
    let ended = serve(&mut server, &signals);
    // The server first, so that it can tell its readers and still has its database.
    if server.status().is_none() {
        println!("\nending the server");
        server.terminate()?;
    }
    if let Some(mongod) = mongod {
        println!("ending MongoDB");
        drop(mongod);
    }
    ended
}

/// Waits until the server is ready and then until a signal; an error if it ends by itself.
fn serve(server: &mut Program, signals: &Receiver<()>) -> Result<(), Failure> {
    let end = Instant::now() + READY;
    let address = loop {
        match server.line("listening on ", GLANCE) {
            Ok(address) => break address,
            Err(testbed::Error::Deadline { .. }) if Instant::now() < end => {}
            Err(testbed::Error::Ended { status, .. }) => return Err(ended(status)),
            Err(error) => return Err(error.into()),
        }
        if signals.try_recv().is_ok() {
            return Ok(());
        }
    };
    let frame = "─".repeat(address.len() + 10);
    println!("\n{frame}\n     {address}\n{frame}\nOpen this address in a browser. Ctrl-C ends.\n");
    loop {
        match signals.recv_timeout(GLANCE) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if let Some(status) = server.status() {
            return Err(ended(status));
        }
    }
}

fn ended(status: ExitStatus) -> Failure {
    Failure::Found(format!(
        "the server ended by itself ({status}); its last lines above say why. \
         If the address is taken, choose another: `--listen 127.0.0.1:0` takes a free one"
    ))
}

/// The page is what people came to see, yet the server runs without it.
fn build_page() {
    println!("\n=== building the page");
    if let Err(failure) = node::packages().and_then(|()| node::build()) {
        println!("{failure}\ngoing on without: the server shows a short page instead");
    }
}

fn build_server(options: &Options) -> Result<(), Failure> {
    println!("\n=== building the server");
    let mut build = cargo("build --package log-server");
    if options.release {
        build.arg("--release");
    }
    command::run(&mut build)
}
