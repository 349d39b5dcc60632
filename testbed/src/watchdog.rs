//! Ends a process when this one is gone without having done so itself.
//!
//! A destructor does not run in a process that is killed, and the system's own means
//! (`PR_SET_PDEATHSIG`) needs `unsafe` and exists on Linux only. A pipe does: a small shell reads
//! from it, and reads end of file when its only writer has died, however it died.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

// `read` fails at end of file: nobody said that all is well.
const SCRIPT: &str =
    r#"read -r word || { kill -9 "$1" 2>/dev/null; [ -z "$2" ] || rm -rf -- "$2"; }"#;

/// The watching shell. Dropping it without [`stand_down`](Self::stand_down) lets it bite.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches over a process, and over a directory to remove after it.
    pub(crate) fn over(pid: u32, directory: Option<&Path>) -> io::Result<Self> {
        Command::new("sh")
            .args(["-c", SCRIPT, "watchdog"])
            .arg(pid.to_string())
            .arg(directory.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C in a terminal goes to the whole group; the watchdog must outlive it.
            .process_group(0)
            .spawn()
            .map(Self)
    }

    /// Sends the watchdog away: the process was ended as it should be.
    pub(crate) fn stand_down(mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            // A watchdog that is gone already has nothing left to be told.
            let _ = pipe.write_all(b"well\n");
        }
        let _ = self.0.wait();
    }
}
