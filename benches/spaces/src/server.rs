//! The log server's process.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testbed::Program;

use crate::outcome::Result;

/// How long it may take to start, with indexes to make.
const START: Duration = Duration::from_secs(300);
/// What the kernel counts processors' time in, on all of its platforms.
const TICK: Duration = Duration::from_millis(10);

pub struct Server {
    process: Program,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(program: &Path, store: &str) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--store", store, "--indexes", "create"]);
        let mut process = Program::spawn(command, |_| {})?;
        let address = process.line("listening on http://", START)?;
        Ok(Self { process, address: address.trim_end_matches('/').parse()? })
    }

    pub fn end(mut self) -> Result<()> {
        self.process.terminate()?;
        Ok(())
    }

    /// How much time of processors it has taken, in user mode and in the kernel.
    pub fn busy(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.pid()))?;
        // The name stands between brackets, and may have any characters.
        let (_, fields) =
            stat.rsplit_once(')').ok_or("the kernel describes processes otherwise")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        let ticks: u32 = ticks.sum::<std::result::Result<_, std::num::ParseIntError>>()?;
        Ok(TICK * ticks)
    }
}
