//! The log server's process.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use testbed::Program;

use crate::outcome::Result;
use crate::store::Store;

const START: Duration = Duration::from_secs(30);

pub struct Server {
    program: PathBuf,
    store: String,
    process: Program,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(program: &Path, store: &Store) -> Result<Self> {
        let (process, address) = launch(program, store.address(), "127.0.0.1:0")?;
        let (program, store) = (program.to_owned(), store.address().to_owned());
        Ok(Self { program, store, process, address })
    }

    /// Ends it as a deploy does, and starts it at the same address.
    pub fn restart(&mut self) -> Result<()> {
        self.process.terminate()?;
        let listen = self.address.to_string();
        (self.process, _) = launch(&self.program, &self.store, &listen)?;
        Ok(())
    }

    /// Its memory now, in bytes.
    pub fn memory(&self) -> Result<u64> {
        self.status("VmRSS:")
    }

    /// The most memory that it has had since the peak was forgotten.
    pub fn peak(&self) -> Result<u64> {
        self.status("VmHWM:")
    }

    pub fn forget_peak(&self) -> io::Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.process.pid()), "5")
    }

    fn status(&self, name: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kilobytes.ok_or("the kernel describes processes in another way")?.parse::<u64>()? * 1024)
    }
}

fn launch(program: &Path, store: &str, listen: &str) -> Result<(Program, SocketAddr)> {
    let mut command = Command::new(program);
    // All clients here come from one address.
    command.args(["--listen", listen, "--max-streams-per-address", "20000"]);
    command.args(["--store", store]);
    command.env("LOG_SERVER_SECRET", "a secret that outlives a restart of the server");
    let mut process = Program::spawn(command, |_| {})?;
    let address = process.line("listening on http://", START)?;
    Ok((process, address.trim_end_matches('/').parse()?))
}

/// Takes as many open files as the system lets us have, for the server and the load too.
pub fn raise_open_files() -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
