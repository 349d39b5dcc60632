//! Each example does what it says, as the program that it is.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use testbed::{Example, Visit};

/// Starts an example, and answers where it listens.
fn start(name: &str) -> (Example, String, String) {
    let example = Example::start(name, &[]).unwrap();
    let (host, path) = (example.host.clone(), example.path.clone());
    (example, host, path)
}

#[test]
fn the_readme_shows_the_ticks_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let example = fs::read_to_string(root.join("examples/warp_ticks.rs")).unwrap();
    let code = example.split_once('\n').unwrap().1;
    assert!(
        readme.contains(code),
        "README.md is to hold examples/warp_ticks.rs without its first line"
    );
}

#[test]
fn ticks_come_with_type_and_id() {
    let (_example, host, path) = start("warp_ticks");
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
fn notifications_reach_their_user_and_wait_for_who_comes_back() {
    let (_example, host, path) = start("warp_notifications");
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
    let (mut example, host, path) = start("warp_broadcast");
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
