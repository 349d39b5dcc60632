//! Running commands: shown before they run, with the environment a person would run them in.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::paths;

/// A command in the workspace's root.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(paths::root()).stdin(Stdio::null());
    // `cargo run` describes this package to us. Passed on, it would make build scripts that watch
    // these variables run again at every change between `cargo` and `cargo xtask`.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// The cargo that runs us, with these words as arguments.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut cargo = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments.split_whitespace());
    cargo
}

/// Runs a command to its end, its output shown as it comes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let shown = shown(command);
    println!("$ {shown}");
    let status =
        command.status().map_err(|source| Failure::Start { command: shown.clone(), source })?;
    if status.success() { Ok(()) } else { Err(Failure::Command { command: shown, status }) }
}

/// As [`run`]; a failure has the last lines of standard error, to be read again where a long run
/// ends.
pub(crate) fn run_and_keep(command: &mut Command) -> Result<(), Failure> {
    const LAST: usize = 150;
    let shown = shown(command);
    println!("$ {shown}");
    let start = |source| Failure::Start { command: shown.clone(), source };
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(start)?;
    let mut kept = VecDeque::with_capacity(LAST);
    for line in child.stderr.take().into_iter().flat_map(|said| BufReader::new(said).split(b'\n')) {
        let line = String::from_utf8_lossy(&line.map_err(start)?).into_owned();
        eprintln!("{line}");
        if kept.len() == LAST {
            kept.pop_front();
        }
        kept.push_back(line);
    }
    let status = child.wait().map_err(start)?;
    if status.success() {
        return Ok(());
    }
    let said = kept.into_iter().collect::<Vec<_>>().join("\n");
    Err(Failure::Said { command: shown, status, said })
}

/// Runs a command to its end and gives what it printed on standard output.
pub(crate) fn read(command: &mut Command) -> Result<String, Failure> {
    let shown = shown(command);
    println!("$ {shown}");
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Failure::Start { command: shown.clone(), source })?;
    if !output.status.success() {
        return Err(Failure::Command { command: shown, status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let program = command.get_program();
    let name = std::path::Path::new(program).file_name().unwrap_or(program);
    let mut shown = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        shown.push(' ');
        shown.push_str(&argument.to_string_lossy());
    }
    shown
}
