//! `sse` as its users run it.

mod encode;
mod parse;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sse"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sse starts")
}

/// The lines of a command that goes on.
struct Lines(Receiver<String>);

impl Lines {
    fn of(stdout: ChildStdout) -> Self {
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                sender.send(line.expect("text")).expect("the test reads on");
            }
        });
        Self(receiver)
    }

    fn next(&self) -> String {
        self.0.recv_timeout(Duration::from_secs(20)).expect("a line while the input goes on")
    }
}

/// What the command says and how it ends, given all of `input`.
fn run(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut sse = start(arguments);
    let mut stdin = sse.stdin.take().expect("a pipe");
    let input = input.as_ref().to_vec();
    let writer = thread::spawn(move || {
        // It may refuse its input before it has read all.
        let _ = stdin.write_all(&input);
    });
    let output = sse.wait_with_output().expect("sse ends");
    writer.join().expect("the input is written");
    output
}

#[track_caller]
fn assert_prints(arguments: &[&str], input: impl AsRef<[u8]>, expected: &str) {
    let output = run(arguments, input);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert!(output.status.success());
}

#[track_caller]
fn assert_refuses(arguments: &[&str], input: impl AsRef<[u8]>, printed: &str, message: &str) {
    let output = run(arguments, input);
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("sse: {message}\n"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed);
    assert_eq!(output.status.code(), Some(1));
}

/// The reader of the output goes away; the command must end without a word.
#[track_caller]
fn assert_ends_quietly_without_a_reader(arguments: &[&str], line: &[u8]) {
    let mut sse = start(arguments);
    drop(sse.stdout.take());
    let mut stdin = sse.stdin.take().expect("a pipe");
    while stdin.write_all(line).is_ok() {}
    drop(stdin);
    let output = sse.wait_with_output().expect("sse ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{:?}", output.status);
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    for (command, line) in [("parse", "data: x\n\n"), ("encode", "{\"data\":\"x\"}\n")] {
        let full = std::fs::File::create("/dev/full").expect("a device that is always full");
        let mut sse = Command::new(env!("CARGO_BIN_EXE_sse"))
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .expect("sse starts");
        sse.stdin.take().expect("a pipe").write_all(line.as_bytes()).expect("sse reads");
        let output = sse.wait_with_output().expect("sse ends");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.starts_with("sse: cannot write standard output: No space"), "{message}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn help_names_the_commands() {
    let output = run(&["--help"], "");
    let help = String::from_utf8_lossy(&output.stdout);
    assert!(help.contains("parse") && help.contains("encode"), "{help}");
}
