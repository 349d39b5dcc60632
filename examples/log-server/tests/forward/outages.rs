//! The service is down.

use std::time::Duration;

use log_server::access::{Denied, Reason};
use log_server::config;
use serde_json::json;

use crate::asks::until;
use crate::service::{LONG, Service, forward, read, two_users};

const SHORT: Duration = Duration::from_millis(200);

fn is_unavailable<T>(said: Result<T, Denied>) -> bool {
    said.is_err_and(|denied| denied.reason == Reason::Unavailable)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn who_was_allowed_goes_on_while_it_is_dead_or_frozen_and_new_ones_wait() {
    for freezes in [false, true] {
        let mut service = Service::start();
        let mut config = service.config();
        config.cache = config::Duration(SHORT);
        config.timeout = config::Duration(SHORT);
        config.grace = config::Duration(LONG);
        let forward = forward(&config);
        until(async || read(&forward, "ann", "etl").await.ok()).await;
        if freezes {
            service.flask.program.stop().unwrap();
        } else {
            service.flask.program.kill();
        }
        until(async || is_unavailable(read(&forward, "bob", "crm").await).then_some(())).await;
        let mut pause = tokio::time::interval(SHORT / 4);
        for _ in 0..20 {
            let ann = read(&forward, "ann", "etl").await.unwrap();
            assert_eq!(&*ann.user, "ann");
            assert!(ann.ask_again.is_some(), "she is asked about until it answers");
            assert!(is_unavailable(read(&forward, "ann", "billing").await));
            pause.tick().await;
        }
        if freezes {
            service.flask.program.resume().unwrap();
        } else {
            service.flask.restart().unwrap();
        }
        until(async || read(&forward, "bob", "crm").await.ok()).await;
        // Its word counts again, at once.
        service.has_users(&json!({}));
        until(async || read(&forward, "ann", "etl").await.err()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn grace_ends() {
    let mut service = Service::start();
    let mut config = service.config();
    config.cache = config::Duration(SHORT);
    config.timeout = config::Duration(SHORT);
    config.grace = config::Duration(SHORT);
    let forward = forward(&config);
    until(async || read(&forward, "ann", "etl").await.ok()).await;
    service.flask.program.kill();
    until(async || is_unavailable(read(&forward, "ann", "etl").await).then_some(())).await;
    for _ in 0..20 {
        assert!(is_unavailable(read(&forward, "ann", "etl").await));
    }
}

/// Who was told no is not let in by an outage, whatever he was told before.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn an_outage_gives_nothing_back() {
    let mut service = Service::start();
    let mut config = service.config();
    config.cache = config::Duration(SHORT);
    config.cache_refusals = config::Duration(Duration::ZERO);
    config.grace = config::Duration(LONG);
    let forward = forward(&config);
    assert!(read(&forward, "ann", "etl").await.is_ok());
    let mut users = two_users();
    users["ann"]["workspaces"] = json!({});
    service.has_users(&users);
    until(async || read(&forward, "ann", "etl").await.err()).await;
    service.flask.program.kill();
    for _ in 0..20 {
        assert!(is_unavailable(read(&forward, "ann", "etl").await));
    }
}
