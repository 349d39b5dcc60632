//! What a benchmark ran on, in a line of its report.

use std::fs;
use std::process::Command;

/// What it ran on; asked before anything else runs.
pub fn description() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "Machine: {}, {cores} cores; Linux {}; {}; load before the run: {load}.",
        model.unwrap_or("unknown"),
        kernel.trim(),
        rustc.unwrap_or_else(|_| "unknown compiler".to_owned())
    )
}
