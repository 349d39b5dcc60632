//! Each example does what it says, as the program that it is.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use testbed::{Program, Visit};

const PATIENCE: Duration = Duration::from_secs(60);

/// Starts an example, which cargo has built beside this test, and answers where it listens.
fn start(example: &str) -> (Program, String, String) {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap();
    let mut program = Program::start(built.join("examples").join(example), [""; 0]).unwrap();
    let address = program.line("listening on http://", PATIENCE).unwrap();
    let (host, path) = address.split_once('/').unwrap();
    (program, host.to_owned(), format!("/{path}"))
}

#[test]
fn the_readme_shows_the_ticks_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let example = fs::read_to_string(root.join("examples/ticks.rs")).unwrap();
    let code = example.split_once('\n').unwrap().1;
    assert!(readme.contains(code), "README.md is to hold examples/ticks.rs without its first line");
}

#[test]
fn ticks_come_with_type_and_id() {
    let (_program, host, path) = start("ticks");
    let mut visit = Visit::get(&host, &path, &[]).unwrap();
    assert_eq!(visit.status, 200);
    assert_eq!(visit.line().unwrap().unwrap(), "retry: 1000");
    for number in 1..=3 {
        assert_eq!(visit.line_after("event: ").unwrap(), "tick");
        assert_eq!(visit.line_after("id: ").unwrap(), number.to_string());
        assert_eq!(visit.line_after("data: ").unwrap(), format!("tick {number}"));
    }
}

#[test]
fn tokens_end_with_done_or_with_what_went_wrong() {
    let (_program, host, path) = start("tokens");
    let mut answer = Visit::get(&host, &format!("{path}?to=why"), &[]).unwrap();
    assert_eq!(answer.line_after("data: ").unwrap(), "You ");
    assert_eq!(answer.line_after("event: ").unwrap(), "done");
    assert_eq!(answer.line_after("data: ").unwrap(), "");
    while let Some(line) = answer.line().unwrap() {
        assert_eq!(line, "", "nothing follows the last event");
    }
    let mut failed = Visit::get(&host, &format!("{path}?to=fail"), &[]).unwrap();
    assert_eq!(failed.line_after("event: ").unwrap(), "failed");
    let why = failed.line_after("data: ").unwrap();
    assert_eq!(why, "the model is overloaded; try again in a minute");
}

#[test]
fn progress_begins_where_the_job_is_and_ends_with_it() {
    let (_program, host, path) = start("progress");
    let mut early = Visit::get(&host, &path, &[]).unwrap();
    let mut last = early.line_after("data: ").unwrap();
    while let Ok(state) = early.line_after("data: ") {
        last = state;
    }
    assert_eq!(last, r#"{"rows":10000,"of":10000}"#);
    let mut late = Visit::get(&host, &path, &[]).unwrap();
    while let Some(line) = late.line().unwrap() {
        assert!(!line.starts_with("data: ") || line == format!("data: {last}"), "{line}");
    }
}

#[test]
fn notifications_reach_their_user_and_wait_for_who_comes_back() {
    let (_program, host, path) = start("notifications");
    assert_eq!(Visit::get(&host, &path, &[]).unwrap().status, 401);
    let ann = ("authorization", "Bearer ann-token");
    let bob = ("authorization", "Bearer bob-token");
    let mut anns = Visit::get(&host, &path, &[ann]).unwrap();
    let mut bobs = Visit::get(&host, &path, &[bob]).unwrap();
    for stream in [&mut anns, &mut bobs] {
        assert_eq!(stream.line_after("event: ").unwrap(), "start");
    }
    let notify = |user: &str, text: &str| {
        let sent = Visit::post(&host, &format!("/notify/{user}"), &[], text).unwrap();
        assert_eq!(sent.status, 200);
    };
    assert_eq!(anns.line_after("event: ").unwrap(), "sync");
    notify("ann", "one");
    notify("bob", "two");
    let id = anns.line_after("id: ").unwrap();
    let id = if anns.line_after("data: ").unwrap() == "{}" {
        anns.line_after("id: ").unwrap()
    } else {
        id
    };
    assert_eq!(anns.line_after("data: ").unwrap(), "one");
    while bobs.line_after("data: ").unwrap() != "two" {}
    drop(anns);
    notify("ann", "three");
    let mut back = Visit::get(&host, &path, &[ann, ("last-event-id", &id)]).unwrap();
    assert!(back.line_after("data: ").unwrap().starts_with("{\"resumed\":true"));
    while back.line_after("data: ").unwrap() != "three" {}
    let _second = Visit::get(&host, &path, &[ann]).unwrap();
    assert_eq!(Visit::get(&host, &path, &[ann]).unwrap().status, 429, "two are all she may have");
}
