//! Nothing that was started outlives a parent that is killed and runs no destructor.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use testbed::{Mongod, Program, eventually, is_running};

const SOON: Duration = Duration::from_secs(60);
const ROLE: &str = "TESTBED_PARENT_OF";

/// Not a test by itself: what the tests below run in a process of its own, and kill.
#[test]
fn parent() {
    let Ok(role) = env::var(ROLE) else { return };
    let mut program;
    let mut mongod;
    let (pid, data) = if role == "mongod" {
        mongod = Mongod::standalone().unwrap();
        let pid = mongod.member(0).pid();
        (pid, mongod.member(0).data().display().to_string())
    } else {
        program = Program::start("sh", ["-c", "trap '' TERM INT HUP; exec sleep 1000"]).unwrap();
        assert!(program.status().is_none());
        (program.pid(), String::new())
    };
    println!("\nchild {pid} {data}");
    loop {
        std::thread::park();
    }
}

fn killed_parent_of(role: &str) -> (u32, String) {
    let mut parent: Child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "parent", "--nocapture", "--include-ignored"])
        .env(ROLE, role)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test starts again");
    let stdout = parent.stdout.take().expect("a pipe");
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let said = lines.find_map(|line| line.strip_prefix("child ").map(str::to_owned));
    let said = said.expect("the parent tells its child");
    let (pid, data) = said.split_once(' ').expect("an id and a directory");
    let pid = pid.parse().expect("an id");
    assert!(is_running(pid));
    parent.kill().expect("it runs");
    parent.wait().expect("it is our child");
    (pid, data.to_owned())
}

fn ends(pid: u32) -> bool {
    eventually(SOON, || (!is_running(pid)).then_some(())).is_some()
}

#[test]
fn a_program_ends_when_its_parent_is_killed() {
    let (pid, _) = killed_parent_of("program");
    assert!(ends(pid), "process {pid} is still there");
}

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn a_mongod_ends_and_its_data_goes_when_its_parent_is_killed() {
    let (pid, data) = killed_parent_of("mongod");
    assert!(ends(pid), "process {pid} is still there");
    let gone = eventually(SOON, || (!std::path::Path::new(&data).exists()).then_some(()));
    assert!(gone.is_some(), "{data} is still there");
}
