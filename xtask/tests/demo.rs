//! The demo runs, and leaves no process behind, however it is ended.
#![cfg(target_os = "linux")]

use std::fs;
use std::time::Duration;

use testbed::{Program, eventually, is_running};

const SOON: Duration = Duration::from_secs(60);

fn demo(options: &[&str]) -> (Program, Vec<u32>) {
    let mut args = vec!["demo", "--as-built", "--listen", "127.0.0.1:0"];
    args.extend(options);
    let mut demo = Program::start(env!("CARGO_BIN_EXE_xtask"), args).expect("xtask starts");
    demo.line("     http://127.0.0.1:", SOON).expect("the demo prints its address");
    let started = descendants(demo.pid());
    assert!(!started.is_empty());
    (demo, started)
}

/// Everything that a process started, and what that started.
fn descendants(of: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .expect("Linux has /proc")
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    let mut found = vec![of];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

fn assert_gone(started: &[u32]) {
    let left = || started.iter().copied().filter(|pid| is_running(*pid)).collect::<Vec<_>>();
    let gone = eventually(SOON, || left().is_empty().then_some(()));
    assert!(gone.is_some(), "still there: {:?}", left());
}

#[test]
#[ignore = "needs the log server's binary: run `cargo xtask test`"]
fn ctrl_c_ends_the_demo_and_all_it_started() {
    let data = tempfile::tempdir().unwrap();
    let (mut demo, started) = demo(&["--data", data.path().to_str().unwrap()]);
    demo.interrupt().unwrap();
    let status = demo.wait(SOON).unwrap();
    assert!(status.success(), "{status}\n{}", demo.output());
    assert_gone(&started);
}

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn sigterm_ends_the_demo_with_its_mongodb() {
    let (mut demo, started) = demo(&["--mongo"]);
    assert!(started.len() >= 2, "a server and a mongod: {started:?}");
    let status = demo.terminate().unwrap();
    assert!(status.success(), "{status}\n{}", demo.output());
    assert_gone(&started);
}

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn nothing_outlives_a_demo_that_is_killed() {
    let (mut demo, started) = demo(&["--mongo"]);
    demo.kill();
    assert_gone(&started);
}

#[test]
#[ignore = "needs the log server's binary: run `cargo xtask test`"]
fn a_demo_whose_server_dies_ends_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    let (mut demo, started) = demo(&["--data", data.path().to_str().unwrap()]);
    let server = started
        .iter()
        .find(|pid| {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "log-server\n")
        })
        .unwrap();
    std::process::Command::new("kill").args(["-9", &server.to_string()]).status().unwrap();
    let status = demo.wait(SOON).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(demo.output().contains("the server ended by itself"), "{}", demo.output());
    assert_gone(&started);
}
