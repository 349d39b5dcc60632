//! Each example does what it says, as the program that it is.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use testbed::{Example, Visit, scenarios};

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
    scenarios::readme_shows(env!("CARGO_MANIFEST_DIR"), "ticks");
}

#[test]
fn ticks_come_with_type_and_id() {
    scenarios::ticks("ticks");
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
    scenarios::notifications("notifications");
}

#[test]
fn what_one_says_reaches_everyone_and_a_shutdown_says_when_to_come_back() {
    scenarios::broadcast("broadcast");
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
