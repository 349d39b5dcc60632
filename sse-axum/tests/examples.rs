//! Each example does what it says, as the program that it is.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use testbed::{Example, Visit};

/// Starts an example, and answers where it listens.
fn start(name: &str) -> (Example, String, String) {
    start_with(name, &[])
}

fn start_with(name: &str, arguments: &[&str]) -> (Example, String, String) {
    let example = Example::start(name, arguments).unwrap();
    let (host, path) = (example.host.clone(), example.path.clone());
    (example, host, path)
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
    let (_example, host, path) = start("ticks");
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
    let (_example, host, path) = start("tokens");
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
    let (_example, host, path) = start("progress");
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
    let (_example, host, path) = start("notifications");
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

#[test]
fn what_one_says_reaches_everyone_and_a_shutdown_says_when_to_come_back() {
    let (mut example, host, path) = start("broadcast");
    let mut visits = [(); 2].map(|()| Visit::get(&host, &path, &[]).unwrap());
    for visit in &mut visits {
        assert_eq!(visit.line_after("event: ").unwrap(), "start");
    }
    assert_eq!(Visit::post(&host, "/say", &[], "good morning").unwrap().status, 200);
    for visit in &mut visits {
        while visit.line_after("data: ").unwrap() != "good morning" {}
    }
    example.program.interrupt().unwrap();
    for visit in &mut visits {
        visit.line_after("retry: ").unwrap();
        assert_eq!(visit.line().unwrap().unwrap(), "event: drain");
    }
    assert!(example.program.wait(Duration::from_secs(60)).unwrap().success());
}

#[test]
fn a_table_is_followed_across_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let table = directory.path().join("orders.db");
    let arguments = [table.to_str().unwrap()];
    let (example, host, path) = start_with("table", &arguments);
    let order = |host: &str, text: &str| {
        assert_eq!(Visit::post(host, "/orders", &[], text).unwrap().status, 200);
    };
    let mut visit = Visit::get(&host, &path, &[]).unwrap();
    assert_eq!(visit.line_after("event: ").unwrap(), "start");
    order(&host, "one");
    let mut id = String::new();
    while let Some(line) = visit.line().unwrap().filter(|line| line != "data: one") {
        id = line.strip_prefix("id: ").map_or(id, str::to_owned);
    }
    drop((visit, example));

    let (_example, host, path) = start_with("table", &arguments);
    order(&host, "two");
    let mut visit = Visit::get(&host, &path, &[("last-event-id", &id)]).unwrap();
    assert!(visit.line_after("data: ").unwrap().starts_with("{\"resumed\":true"));
    while visit.line_after("data: ").unwrap() != "two" {}
    let mut fresh = Visit::get(&host, &path, &[]).unwrap();
    for text in ["one", "two"] {
        while fresh.line_after("data: ").unwrap() != text {}
    }
}
