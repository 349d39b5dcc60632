//! One `mongod` process with its port and its data, which outlive it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bson::doc;
use tempfile::TempDir;

use super::command::admin;
use crate::{Error, Program, eventually, free_port};

const START: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(5);
const PORTS_TRIED: usize = 5;

/// A `mongod` that can be killed, frozen, and started again on the same port and data.
#[derive(Debug)]
pub struct Member {
    binary: PathBuf,
    args: Vec<String>,
    port: u16,
    // Before the data: fields are dropped in order, and the process must be gone first.
    program: Program,
    data: TempDir,
}

impl Member {
    pub(super) fn start(binary: &Path, args: &[String]) -> Result<Self, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let data = tempfile::Builder::new()
                .prefix("testbed-mongod-")
                .tempdir()
                .map_err(Error::io("create a directory for mongod's data"))?;
            let port = free_port().map_err(Error::io("find a free port"))?;
            match run(binary, args, port, data.path()) {
                Ok(program) => {
                    return Ok(Self {
                        binary: binary.to_owned(),
                        args: args.to_owned(),
                        port,
                        program,
                        data,
                    });
                }
                // Most likely another process took the port in the meantime.
                Err(Error::Ended { .. }) if tries < PORTS_TRIED => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The port on 127.0.0.1; it stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the running, or else of the last, `mongod`.
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// The directory of its data, which is removed with this value.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// What `mongod` has printed since it was last started: its log, as lines of JSON.
    pub fn output(&self) -> String {
        self.program.output()
    }

    /// Kills the process (SIGKILL), as a crash would; its port and data stay.
    pub fn kill(&mut self) {
        self.program.kill();
    }

    /// Freezes the process (SIGSTOP): its connections stay open and nothing answers.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it is not running.
    pub fn stop(&self) -> Result<(), Error> {
        self.program.stop()
    }

    /// Lets a [stopped](Self::stop) process go on.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it is not running.
    pub fn resume(&self) -> Result<(), Error> {
        self.program.resume()
    }

    /// Starts the process again on the same port and data, killing it first if it runs, and waits
    /// until it answers. A set may need an election before it takes writes.
    ///
    /// # Errors
    ///
    /// What starting a program can meet; see [`Error`].
    pub fn restart(&mut self) -> Result<(), Error> {
        self.program.kill();
        self.program = run(&self.binary, &self.args, self.port, self.data.path())?;
        Ok(())
    }
}

/// Starts `mongod` and waits until it answers.
fn run(binary: &Path, args: &[String], port: u16, data: &Path) -> Result<Program, Error> {
    let mut command = Command::new(binary);
    command
        .args(["--bind_ip", "127.0.0.1", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"])
        .args(["--setParameter", "diagnosticDataCollectionEnabled=false"])
        .arg("--port")
        .arg(port.to_string())
        .arg("--dbpath")
        .arg(data)
        .args(args);
    let mut program = Program::guarded(command, Some(data), |_| {})?;
    let pid = i64::from(program.pid());
    let answered = eventually(START, || match program.status() {
        Some(status) => Some(Err(program.ended(status, "it answered".to_owned()))),
        None => match admin(port, doc! { "serverStatus": 1 }, ANSWER) {
            // Another server may be answering on a port that this one could not have.
            Ok(status) => status.get_i64("pid").is_ok_and(|answering| answering == pid),
            // One that lets nobody ask tells nobody its process; it has the port if it says so.
            Err(Error::Command { answer, .. }) if answer.contains("Unauthorized") => {
                program.output().contains("Waiting for connections")
            }
            Err(_) => false,
        }
        .then_some(Ok(())),
    });
    match answered {
        Some(Ok(())) => Ok(program),
        Some(Err(error)) => Err(error),
        None => Err(program.deadline("answer".to_owned(), START)),
    }
}
