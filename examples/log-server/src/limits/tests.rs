//! Each limit, by the settings of a configuration.

#![allow(clippy::unwrap_used, reason = "tests fail by it")]

use std::collections::HashSet;
use std::net::IpAddr;

use super::*;

fn config(text: &str) -> LimitsConfig {
    toml::from_str(text).unwrap()
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

#[test]
fn every_limit_has_a_name_and_a_setting_of_its_own() {
    let names: HashSet<_> = Limit::all().map(|limit| limit.to_string()).collect();
    let settings: HashSet<_> = Limit::all().map(Limit::setting).collect();
    assert_eq!((names.len(), settings.len()), (Limit::all().count(), Limit::all().count()));
    assert!(names.contains("pages_per_user") && settings.contains("limits.pages.per-user"));
}

/// Each limit where its setting says, by setting that one alone.
#[test]
fn each_rate_is_set_by_its_own_setting_and_by_no_other() {
    for limit in Limit::rates() {
        let setting = limit.setting();
        let (section, key) = setting.rsplit_once('.').unwrap();
        let section = section.strip_prefix("limits.").unwrap();
        let limits = Limits::new(&config(&format!("[{section}]\n{key} = \"2/1h\"")));
        let take = |limit: Limit| limits.take(limit.what, limit.per, "x");
        for other in Limit::rates().filter(|other| *other != limit) {
            (0..3).for_each(|_| take(other).unwrap());
        }
        take(limit).unwrap();
        take(limit).unwrap();
        let reached = take(limit).unwrap_err();
        assert_eq!((reached.limit, reached.most, reached.window), (limit, 2, Some(3600)));
        assert!((1700..=1800).contains(&reached.wait.unwrap()), "{reached:?}");
        assert!(limits.take(limit.what, limit.per, "y").is_ok(), "another one has his own");
        let refusals: Vec<_> = limits.refusals().filter(|(_, count)| *count > 0).collect();
        assert_eq!(refusals, [(limit.to_string(), 1)]);
    }
}

#[test]
fn a_limit_may_be_off() {
    for off in ["0", "\"off\""] {
        let limits = Limits::new(&config(&format!("[pages]\nper-user = {off}")));
        (0..50_000).for_each(|_| limits.take(What::Pages, Per::User, "x").unwrap());
    }
    let limits = Limits::new(&config("failed-sign-ins-per-address = \"off\""));
    (0..1000).for_each(|_| limits.sign_in_failed("x"));
    limits.may_sign_in("x").unwrap();
}

#[test]
fn what_is_no_limit_is_refused_in_words() {
    for (wrong, word) in [
        ("[pages]\nper-user = \"many\"", "300/1m"),
        ("[pages]\nper-user = \"1/0s\"", "300/1m"),
        ("[pages]\nper-user = \"1/500ms\"", "300/1m"),
        ("[pages]\nper-user = -1", "off"),
        ("[pages]\nper-user = true", "off"),
        ("[pages]\nper-week = 1", "per-week"),
        ("[streams]\nin-all = \"5/1s\"", "off"),
        ("[sheets]\nper-user = 1", "sheets"),
        ("request-time = \"soon\"", "25s"),
    ] {
        let error = toml::from_str::<LimitsConfig>(wrong).unwrap_err().to_string();
        assert!(error.contains(word), "{wrong}: {error}");
    }
}

#[test]
fn a_stream_has_all_its_places_or_none() {
    let limits = Limits::new(&config(
        "[streams]\nper-address = 3\nper-user = 2\nper-workspace = 4\nin-all = 5",
    ));
    let open =
        |last, user, workspace| limits.open(&Streamer { address: address(last), user, workspace });
    let per = |answer: Result<Place, Reached>| answer.unwrap_err().limit.per;
    let ann = [open(1, Some("ann"), "a").unwrap(), open(1, Some("ann"), "a").unwrap()];
    for _ in 0..9 {
        assert_eq!(per(open(1, Some("ann"), "a")), Per::User);
    }
    let third = open(1, Some("bob"), "a").expect("no refusal has left a place taken");
    assert_eq!(per(open(1, Some("bob"), "a")), Per::Address);
    let fourth = open(2, None, "a").unwrap();
    assert_eq!(per(open(3, None, "a")), Per::Workspace);
    let fifth = open(2, None, "b").unwrap();
    assert_eq!(per(open(3, None, "c")), Per::All);
    drop((ann, third, fourth, fifth));
    assert_eq!(limits.streaming_addresses(), 0);
    let again: Vec<_> = (0..4).map(|n| open(n, None, "a").unwrap()).collect();
    assert_eq!(again.len(), 4);
}

#[test]
fn who_fails_too_often_is_kept_away_and_nobody_else() {
    let limits = Limits::new(&config("failed-sign-ins-per-address = \"3/1h\""));
    for _ in 0..3 {
        limits.may_sign_in("x").unwrap();
        limits.sign_in_failed("x");
    }
    limits.may_sign_in("x").unwrap();
    limits.sign_in_failed("x");
    let reached = limits.may_sign_in("x").unwrap_err();
    assert_eq!(reached.limit.to_string(), "failed_sign_ins_per_address");
    assert!(reached.wait.unwrap() > 1000, "{reached:?}");
    limits.may_sign_in("y").unwrap();
}

/// As `benches/neighbours` and `tests/server/crowd.rs` ask it, from one address and of one workspace.
#[test]
fn the_defaults_refuse_nothing_that_a_server_carries() {
    let limits = Limits::default();
    let ask = |count: u32, whats: &[What]| {
        for what in [&[What::Requests], whats].concat() {
            for per in [Per::Address, Per::Workspace, Per::All] {
                (0..count).for_each(|_| limits.take(what, per, ()).unwrap());
            }
        }
    };
    // 5,000 clients come back again and again, each with all of history at first.
    ask(5_000, &[What::Connects, What::Exports]);
    ask(5 * 5_000, &[What::Connects]);
    // 600 post at once, 12,000 rows a second.
    ask(60_000, &[What::Appends]);
    // Everybody's page asks for its files, its lists and its rows.
    ask(5 * 5_000, &[What::Pages]);
    ask(5_000, &[]);
}

#[test]
fn a_search_has_its_time_unless_something_is_said() {
    let of = |text: &str, seconds| {
        let config = config(text).with_search_time(Duration::from_secs(seconds));
        Limits::new(&config).request_time()
    };
    assert_eq!(of("", 2), Some(Duration::from_secs(120)));
    assert!(of("", 60) > Some(Duration::from_secs(120)));
    assert_eq!(of("request-time = \"5s\"", 60), Some(Duration::from_secs(5)));
    assert_eq!(of("request-time = \"0s\"", 60), None);
}
