//! Each example does what it says, as the program that it is.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::time::Duration;

use testbed::{Example, Visit, scenarios};

#[test]
fn the_readme_shows_the_served_router_as_it_is() {
    scenarios::readme_shows(env!("CARGO_MANIFEST_DIR"), "served");
}

#[test]
fn a_router_is_served_until_the_interrupt() {
    let mut example = Example::start("served", &[]).unwrap();
    let mut visit = Visit::get(&example.host, &example.path, &[]).unwrap();
    assert_eq!((visit.status, visit.line().unwrap().as_deref()), (200, Some("hello")));
    example.program.interrupt().unwrap();
    assert!(example.program.wait(Duration::from_secs(60)).unwrap().success());
}

#[test]
fn hyper_alone_serves_events_and_resumes_them() {
    let example = Example::start("hyper_only", &[]).unwrap();
    let last = ("last-event-id", "41");
    let mut visit = Visit::get(&example.host, &example.path, &[last]).unwrap();
    assert_eq!(visit.line().unwrap().unwrap(), "retry: 1000");
    for number in 42..=44 {
        assert_eq!(visit.line_after("id: ").unwrap(), number.to_string());
        assert_eq!(visit.line_after("data: ").unwrap(), format!("tick {number}"));
    }
}
