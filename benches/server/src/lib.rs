//! The log server's process, for benchmarks of it.

use std::error::Error;
use std::net::SocketAddr;
use std::num::ParseIntError;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testbed::Program;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How long it may take to start, with indexes to make or a file of an older format to take over.
const START: Duration = Duration::from_secs(1200);
/// What the kernel counts processors' time in, on all of its platforms.
const TICK: Duration = Duration::from_millis(10);

/// A server that runs.
pub struct Server {
    process: Program,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts this program on a store, with these options.
    pub fn start(program: &Path, store: &str, options: &[&str]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--store", store]).args(options);
        command.env("LOG_SERVER_SECRET", "a secret that outlives a restart of the server");
        let mut process = Program::spawn(command, |_| {})?;
        let address = process.line("listening on http://", START)?;
        Ok(Self { process, address: address.trim_end_matches('/').parse()? })
    }

    /// Ends it as a deploy does.
    pub fn end(mut self) -> Result<()> {
        self.process.terminate()?;
        Ok(())
    }

    /// The most memory that it has had, in bytes.
    pub fn peak(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kilobytes.ok_or("the kernel describes processes in another way")?.parse::<u64>()? * 1024)
    }

    /// How much time of processors it has taken, in user mode and in the kernel.
    pub fn busy(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.pid()))?;
        // The name stands between brackets, and may have any characters.
        let (_, fields) =
            stat.rsplit_once(')').ok_or("the kernel describes processes in another way")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        let ticks: u32 = ticks.sum::<std::result::Result<_, ParseIntError>>()?;
        Ok(TICK * ticks)
    }
}
