//! Whether a process is still there.

use std::fs;

use rustix::process::{Pid, test_kill_process};

/// Whether a process with this id runs. One that has ended and that nobody waited for does not.
///
/// ```
/// assert!(testbed::is_running(std::process::id()));
/// ```
pub fn is_running(pid: u32) -> bool {
    let exists = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .is_some_and(|pid| test_kill_process(pid).is_ok());
    exists && !is_zombie(pid)
}

/// An orphan stays a zombie where the first process of a container does not wait for it.
fn is_zombie(pid: u32) -> bool {
    // The name before the state is in parentheses and may hold anything, also parentheses.
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z')))
}
