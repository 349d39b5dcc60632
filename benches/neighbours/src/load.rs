//! What others do to the server.

mod catch_up;
mod patterns;
mod posts;
mod searches;
mod slow;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use tokio::io::AsyncReadExt;

use crate::outcome::Result;
use crate::told::Told;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    Patterns,
    Searches,
    Posts,
    SlowReaders,
    CatchUp,
    Event,
}

impl Load {
    pub const ALL: [Self; 6] = [
        Self::Patterns,
        Self::Searches,
        Self::Posts,
        Self::SlowReaders,
        Self::CatchUp,
        Self::Event,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Patterns => "patterns",
            Self::Searches => "searches",
            Self::Posts => "posts",
            Self::SlowReaders => "slow-readers",
            Self::CatchUp => "catch-up",
            Self::Event => "event",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Patterns => {
                "100 streams with the worst patterns that are accepted, 200 lines a second"
            }
            Self::Searches => "64 clients that search",
            Self::Posts => "600 POSTs at once, again and again",
            Self::SlowReaders => "200 slow readers of lines of 1 MB",
            Self::CatchUp => {
                "5,000 clients that come back within 2 seconds and catch up, again and again"
            }
            Self::Event => "events of more than 16 MiB",
        }
    }
}

/// Makes a load, in the process that was started for it, until its input ends.
pub async fn make(name: &str, address: &str, from: &str) -> Result<()> {
    rustix::process::nice(19)?;
    let address: SocketAddr = address.parse()?;
    let told = Told::default();
    let Some(load) = Load::ALL.into_iter().find(|load| load.name() == name) else {
        return Err(format!("there is no load {name:?}").into());
    };
    let mut tasks = match load {
        Load::Patterns => patterns::start(address, &told).await?,
        Load::Searches => searches::start(address, &told),
        Load::Posts => posts::start(address, &told),
        Load::SlowReaders => slow::start(address, &told),
        Load::CatchUp => catch_up::start(address, &told, from),
        Load::Event => tokio::task::JoinSet::new(),
    };
    println!("up");
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await?;
    tasks.abort_all();
    println!("{}", told.words());
    Ok(())
}

/// The process that makes a load.
pub struct Running {
    process: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(load: Load, address: SocketAddr, from: &str) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["load", load.name(), &address.to_string(), from])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("the load has no output")?;
        Ok(Self { process, out: BufReader::new(out) })
    }

    pub fn is_up(&mut self) -> Result<()> {
        let mut line = String::new();
        self.out.read_line(&mut line)?;
        (line == "up\n").then_some(()).ok_or_else(|| "the load did not begin".into())
    }

    /// Ends it, and returns what it was told by the server.
    pub fn end(mut self) -> Result<String> {
        drop(self.process.stdin.take());
        let mut told = String::new();
        self.out.read_to_string(&mut told)?;
        self.process.wait()?;
        Ok(told.trim().to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
