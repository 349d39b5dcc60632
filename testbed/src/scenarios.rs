//! What an example does for every framework that has it.
//!
//! Each of these starts the example that it is given the name of, and panics when it does anything
//! else than it is to.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "tests fail by it")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::{Example, Visit};

/// The README of a package shows an example as it is, but for its first line.
pub fn readme_shows(package: &str, example: &str) {
    let root = Path::new(package);
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let source = fs::read_to_string(root.join(format!("examples/{example}.rs"))).unwrap();
    let code = source.split_once('\n').unwrap().1;
    assert!(
        readme.contains(code),
        "README.md is to hold examples/{example}.rs without its first line"
    );
}

/// Ticks come with a type and an id.
pub fn ticks(example: &str) {
    let Example { host, path, .. } = &Example::start(example, &[]).unwrap();
    let mut visit = Visit::get(host, path, &[]).unwrap();
    assert_eq!(visit.status, 200);
    assert_eq!(visit.line().unwrap().unwrap(), "retry: 1000");
    for number in 1..=3 {
        assert_eq!(visit.line_after("event: ").unwrap(), "tick");
        assert_eq!(visit.line_after("id: ").unwrap(), number.to_string());
        assert_eq!(visit.line_after("data: ").unwrap(), format!("tick {number}"));
    }
}

/// Notifications reach their user, and wait for who comes back.
pub fn notifications(example: &str) {
    let Example { host, path, .. } = &Example::start(example, &[]).unwrap();
    assert_eq!(Visit::get(host, path, &[]).unwrap().status, 401);
    let ann = ("authorization", "Bearer ann-token");
    let bob = ("authorization", "Bearer bob-token");
    let mut anns = Visit::get(host, path, &[ann]).unwrap();
    let mut bobs = Visit::get(host, path, &[bob]).unwrap();
    for stream in [&mut anns, &mut bobs] {
        assert_eq!(stream.line_after("event: ").unwrap(), "start");
    }
    let notify = |user: &str, text: &str| {
        let sent = Visit::post(host, &format!("/notify/{user}"), &[], text).unwrap();
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
    let mut back = Visit::get(host, path, &[ann, ("last-event-id", &id)]).unwrap();
    assert!(back.line_after("data: ").unwrap().starts_with("{\"resumed\":true"));
    while back.line_after("data: ").unwrap() != "three" {}
    let _second = Visit::get(host, path, &[ann]).unwrap();
    assert_eq!(Visit::get(host, path, &[ann]).unwrap().status, 429, "two are all she may have");
}

/// What one says reaches everyone, and a shutdown says when to come back.
pub fn broadcast(example: &str) {
    let Example { mut program, host, path } = Example::start(example, &[]).unwrap();
    let mut visits = [(); 2].map(|()| Visit::get(&host, &path, &[]).unwrap());
    for visit in &mut visits {
        assert_eq!(visit.line_after("event: ").unwrap(), "start");
    }
    assert_eq!(Visit::post(&host, "/say", &[], "good morning").unwrap().status, 200);
    for visit in &mut visits {
        while visit.line_after("data: ").unwrap() != "good morning" {}
    }
    program.interrupt().unwrap();
    for visit in &mut visits {
        visit.line_after("retry: ").unwrap();
        assert_eq!(visit.line().unwrap().unwrap(), "event: drain");
    }
    assert!(program.wait(Duration::from_secs(60)).unwrap().success());
}
