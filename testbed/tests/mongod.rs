//! Real servers: each kind starts, takes faults, and comes back on its port with its data.

use std::time::{Duration, Instant};

use testbed::{Mongod, mongod};

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn a_set_of_one_has_a_primary_and_keeps_its_port_over_a_crash() {
    let began = Instant::now();
    let mut set = Mongod::replica_set(1).unwrap();
    println!("a set of one took {:?}", began.elapsed());
    assert_eq!(set.primary().unwrap(), 0);
    let uri = set.uri();
    let port = set.member(0).port();
    assert_eq!(uri, format!("mongodb://127.0.0.1:{port}/?replicaSet=rs0"));
    let before = set.member(0).pid();
    set.member(0).kill();
    set.member(0).restart().unwrap();
    assert_ne!(set.member(0).pid(), before);
    assert_eq!((set.primary().unwrap(), set.uri()), (0, uri));
}

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn a_set_of_three_elects_another_primary_when_its_own_is_killed_or_frozen() {
    let began = Instant::now();
    let mut set = Mongod::replica_set(3).unwrap();
    println!("a set of three took {:?}", began.elapsed());
    let first = set.primary().unwrap();
    set.member(first).kill();
    let second = set.primary().unwrap();
    assert_ne!(second, first);
    set.member(first).restart().unwrap();
    set.member(second).stop().unwrap();
    assert_ne!(set.primary().unwrap(), second);
    set.member(second).resume().unwrap();
}

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn a_standalone_is_no_set_and_takes_further_arguments() {
    let mut server = Mongod::standalone_with(&["--setParameter", "ttlMonitorEnabled=0"]).unwrap();
    assert!(!server.uri().contains("replicaSet"));
    assert!(server.database_uri("logs").ends_with("/logs"));
    assert!(server.member(0).output().contains("ttlMonitorEnabled"));
}

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn an_argument_that_mongod_refuses_is_an_error_that_shows_why() {
    let error = Mongod::standalone_with(&["--no-such-option"]).unwrap_err();
    assert!(format!("{error:?}").contains("no-such-option"), "{error:?}");
}

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn data_is_gone_after_the_server() {
    let mut server = Mongod::standalone().unwrap();
    let data = server.member(0).data().to_owned();
    assert!(data.exists());
    drop(server);
    assert!(!data.exists());
}

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn fetching_what_is_there_is_done_at_once() {
    let began = Instant::now();
    let found = mongod::fetch(|step| panic!("nothing to do, but {step}")).unwrap();
    assert_eq!(found, mongod::find().unwrap());
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
#[ignore = "needs mongod: run `cargo xtask test`"]
fn a_secured_set_and_a_secured_standalone_start_and_come_back_after_a_crash() {
    for members in [0, 1, 3] {
        let mut secured = Mongod::secured(members).unwrap();
        let uri = secured.uri_of(Mongod::ROOT, "logs");
        assert!(uri.starts_with("mongodb://root:of%20the%20tests@127.0.0.1:"), "{uri}");
        assert_eq!(uri.contains("?replicaSet=rs0&authSource=admin"), members > 0, "{uri}");
        secured.member(0).kill();
        secured.member(0).restart().unwrap();
        secured.primary().unwrap();
    }
}
