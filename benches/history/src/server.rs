//! The log server's process.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testbed::Program;

use crate::outcome::Result;

/// A file of an older format is made anew at the start.
const START: Duration = Duration::from_secs(1200);

pub struct Server {
    process: Program,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(program: &Path, store: &str) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--store", store]);
        command.env("LOG_SERVER_SECRET", "a secret that outlives a restart of the server");
        let mut process = Program::spawn(command, |_| {})?;
        let address = process.line("listening on http://", START)?;
        Ok(Self { process, address: address.trim_end_matches('/').parse()? })
    }

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
}
