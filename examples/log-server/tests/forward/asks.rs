//! What is asked, what is remembered, and what is made of the answers.

use std::time::Duration;

use log_server::access::{KnownBy, Place, Reason, Right, RowRule};
use log_server::config::{self, Config};
use serde_json::json;

use crate::service::{LONG, Service, forward, headers, place, read, token_of, two_users};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn an_answer_counts_for_its_question_and_no_other() {
    let service = Service::start();
    let mut config = service.config();
    config.cache = config::Duration(LONG);
    config.cache_refusals = config::Duration(LONG);
    let forward = forward(&config);

    for _ in 0..3 {
        let ann = read(&forward, "ann", "etl").await.unwrap();
        assert_eq!((&*ann.user, ann.known_by), ("ann", KnownBy::Forward));
        assert!(ann.check(Right::Read, &place("etl", "orders")).is_ok());
        assert!(ann.check(Right::Read, &place("crm", "orders")).is_err());
        assert!(ann.check(Right::Operate, &Place::default()).is_err());
        assert_eq!(ann.rows.0, [RowRule { field: "owner".into(), value: "ann".into() }]);
        assert!(ann.ask_again.is_some());
        assert!(!ann.credential.contains("token"), "{}", ann.credential);
    }
    assert_eq!(service.asked(), 1);

    let refused = read(&forward, "ann", "crm").await.unwrap_err();
    assert_eq!(refused.reason, Reason::Forbidden);
    assert_eq!(refused, read(&forward, "ann", "nowhere").await.unwrap_err());
    assert_eq!(service.asked(), 3);

    let (ann, bob) = (token_of("ann"), token_of("bob"));
    let orders = place("etl", "orders");
    assert!(forward.ask(&ann, Right::Append, &orders).await.is_ok());
    assert!(forward.ask(&ann, Right::Append, &place("billing", "a")).await.is_err());
    assert!(forward.ask(&ann, Right::Operate, &Place::default()).await.is_err());
    assert!(forward.ask(&bob, Right::Read, &orders).await.is_err());
    assert!(forward.ask(&bob, Right::Read, &place("crm", "orders")).await.is_ok());
    assert_eq!(service.asked(), 8);

    let cookie = headers(&[("cookie", "log_session=x; service_session=token-of-ann")]);
    assert_eq!(&*forward.ask(&cookie, Right::Read, &orders).await.unwrap().user, "ann");
    for stranger in [headers(&[]), headers(&[("authorization", "Bearer wrong")])] {
        let unknown = forward.ask(&stranger, Right::Read, &orders).await.unwrap_err();
        assert_eq!(unknown.reason, Reason::Unknown);
        assert_eq!(unknown.challenge.unwrap(), "Bearer realm=\"service\"");
    }
    assert_eq!(service.asked(), 11);
    // All of them once more: nothing is asked.
    assert!(read(&forward, "ann", "etl").await.is_ok());
    assert!(read(&forward, "ann", "nowhere").await.is_err());
    assert!(forward.ask(&headers(&[]), Right::Read, &orders).await.is_err());
    assert_eq!(service.asked(), 11);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn a_right_that_is_taken_back_is_gone_after_the_cache_and_comes_back() {
    let service = Service::start();
    let mut config = service.config();
    config.cache = config::Duration(Duration::from_millis(200));
    config.cache_refusals = config::Duration(Duration::from_millis(50));
    let forward = forward(&config);
    assert!(read(&forward, "ann", "etl").await.is_ok());

    let mut users = two_users();
    users["ann"]["workspaces"]["etl"] = json!(["append"]);
    service.has_users(&users);
    let refused = until(async || read(&forward, "ann", "etl").await.err()).await;
    assert_eq!(refused.reason, Reason::Forbidden);
    for _ in 0..100 {
        assert!(read(&forward, "ann", "etl").await.is_err());
    }
    service.has_users(&two_users());
    until(async || read(&forward, "ann", "etl").await.ok()).await;
}

#[test]
fn the_section_says_what_is_wrong_with_it() {
    let parse = |more: &str| {
        let text = format!("[forward-auth]\nurl = \"http://127.0.0.1:5000/auth\"\n{more}");
        Config::parse("server.toml".as_ref(), &text).map_err(|error| error.to_string())
    };
    let config = parse("pass = [\"Cookie\"]\ncache = \"5s\"\nheaders.user = \"X-User\"").unwrap();
    let config = config.forward_auth.unwrap();
    assert_eq!((config.pass.len(), &*config.headers.user), (1, "X-User"));
    assert_eq!(config.grace, config::Duration(Duration::from_secs(60)));
    for (wrong, says) in [
        ("pass = [\"X-Api-Key\"]", "not `Authorization` or `Cookie`"),
        ("cahce = \"5s\"", "`cache`"),
        ("cache = 5", "a time like"),
        ("max-concurrent = 0", "a whole number above 0"),
    ] {
        let error = parse(wrong).unwrap_err();
        assert!(error.starts_with("server.toml:3:") && error.contains(says), "{wrong}: {error}");
    }
}

/// Names of any text arrive as they are, and nothing of them becomes a header or a parameter.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn the_service_sees_names_as_they_are() {
    let service = Service::start();
    let odd = "a b&right=read#?/../ü%0d%0aX-Y: z+\r\nCookie: service_session=token-of-bob";
    let users = json!({ "ann": { "token": "token-of-ann", "workspaces": { odd: ["read"] } } });
    service.has_users(&users);
    let forward = forward(&service.config());
    let ann = read(&forward, "ann", odd).await.unwrap();
    assert!(ann.check(Right::Read, &place(odd, "orders")).is_ok());
    assert!(read(&forward, "ann", "a b").await.is_err());
    let lists = forward.ask(&token_of("ann"), Right::Read, &Place::default()).await.unwrap();
    assert!(lists.check(Right::Read, &place(odd, "any")).is_ok());
    assert!(lists.check(Right::Read, &place("a b", "any")).is_err());
    assert!(!lists.only_there);
}

pub(crate) async fn until<T>(mut what: impl AsyncFnMut() -> Option<T>) -> T {
    let began = std::time::Instant::now();
    let mut pause = tokio::time::interval(Duration::from_millis(10));
    loop {
        if let Some(found) = what().await {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come about");
        pause.tick().await;
    }
}
