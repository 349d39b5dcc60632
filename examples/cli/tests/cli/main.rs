//! `sse` as its users run it.

mod encode;
mod parse;

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sse"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sse starts")
}

/// What the command says and how it ends, given all of `input`.
fn run(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut sse = start(arguments);
    let mut stdin = sse.stdin.take().expect("a pipe");
    let input = input.as_ref().to_vec();
    let writer = std::thread::spawn(move || {
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

#[test]
fn help_names_the_commands() {
    let output = run(&["--help"], "");
    let help = String::from_utf8_lossy(&output.stdout);
    assert!(help.contains("parse") && help.contains("encode"), "{help}");
}
