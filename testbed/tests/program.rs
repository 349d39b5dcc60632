//! What a started program promises: its lines, its end, and that nothing is left of it.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

use testbed::{Error, Program, eventually, is_running};

const SOON: Duration = Duration::from_secs(20);
const AT_ONCE: Duration = Duration::from_millis(50);

fn shell(script: &str) -> Program {
    Program::start("sh", ["-c", script]).expect("sh starts")
}

#[test]
fn a_line_is_found_by_its_prefix_and_handed_out_once() {
    let mut program = shell("echo noise; echo path: a; echo path: b; exec sleep 1000");
    assert_eq!(program.line("path: ", SOON).unwrap(), "a");
    assert_eq!(program.line("path: ", SOON).unwrap(), "b");
    assert!(matches!(program.line("path: ", AT_ONCE), Err(Error::Deadline { .. })));
}

#[test]
fn a_line_on_standard_error_is_output_but_no_sign_of_readiness() {
    let mut program = shell("echo ready >&2; echo other; exec sleep 1000");
    program.line("other", SOON).unwrap();
    assert!(program.line("ready", AT_ONCE).is_err());
    assert!(eventually(SOON, || program.output().contains("ready").then_some(())).is_some());
}

#[test]
fn an_early_end_is_told_at_once_with_status_and_output() {
    let mut program = shell("echo cannot listen >&2; exit 3");
    let error = program.line("listening", Duration::from_secs(3600)).unwrap_err();
    assert!(matches!(&error, Error::Ended { status, .. } if status.code() == Some(3)));
    assert!(format!("{error:?}").contains("\ncannot listen\n"), "{error:?}");
}

#[test]
fn terminate_lets_the_program_clean_up_and_gives_its_status() {
    let mut program =
        shell("trap 'echo cleaned up; exit 7' TERM; echo ready; while :; do read x; done");
    program.line("ready", SOON).unwrap();
    assert_eq!(program.terminate().unwrap().code(), Some(7));
    assert!(program.output().ends_with("cleaned up\n"));
}

#[test]
fn interrupt_reaches_what_the_program_started_too() {
    // A shell runs its trap only once what it waits for has ended.
    let mut program = shell("trap 'exit 8' INT; sh -c 'echo $$; exec sleep 1000'");
    let inner = program.line("", SOON).unwrap().parse().unwrap();
    program.interrupt().unwrap();
    assert_eq!(program.wait(SOON).unwrap().code(), Some(8));
    assert!(!is_running(inner));
}

#[test]
fn kill_leaves_nothing_and_may_be_repeated() {
    let mut program = shell("trap '' TERM; echo ready; exec sleep 1000");
    program.line("ready", SOON).unwrap();
    program.kill();
    assert!(!is_running(program.pid()));
    program.kill();
    assert_eq!(program.status().unwrap().signal(), Some(9));
    assert!(matches!(program.terminate(), Err(Error::Io { .. })));
}

#[test]
fn dropping_it_ends_the_program_even_when_frozen() {
    let mut program = shell("echo ready; exec sleep 1000");
    program.line("ready", SOON).unwrap();
    program.stop().unwrap();
    let pid = program.pid();
    drop(program);
    assert!(!is_running(pid));
}

#[test]
fn each_line_is_shown_as_it_comes() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut command = Command::new("sh");
    command.args(["-c", "echo $WORD; exec sleep 1000"]).env("WORD", "hello");
    let _program = Program::spawn(command, move |line| {
        let _ = sender.send(line.to_owned());
    })
    .unwrap();
    assert_eq!(receiver.recv_timeout(SOON).unwrap(), "hello");
}

#[test]
fn a_program_that_does_not_exist_is_an_error_that_names_it() {
    let error = Program::start("/nowhere/at-all", [""; 0]).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at-all"));
}
