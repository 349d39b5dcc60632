//! A service that answers some questions slowly, or never.

use std::time::Duration;

use log_server::access::{Reason, Right};
use log_server::config;

use crate::service::{LONG, Says, Strange, forward, headers, place};

const YES: &[u8] = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";

/// Who was answered waits for nobody, though every turn is taken; and who waits is told in time.
#[tokio::test(flavor = "multi_thread")]
async fn slow_answers_hold_up_nobody_who_has_his_own() {
    let service = Strange::start(|head| {
        let is_slow = head.contains("of=slow");
        if is_slow { Says::Hangs(Vec::new()) } else { Says::Bytes(YES.to_vec()) }
    })
    .await;
    let mut config = service.config();
    config.max_concurrent = std::num::NonZero::new(4).unwrap();
    config.cache = config::Duration(LONG);
    config.timeout = config::Duration(LONG);
    let forward = std::sync::Arc::new(forward(&config));
    let (anyone, fast) = (headers(&[]), place("fast", "a"));
    assert!(forward.ask(&anyone, Right::Read, &fast).await.is_ok());
    let mut waiting = tokio::task::JoinSet::new();
    for nth in 0..4 {
        let forward = std::sync::Arc::clone(&forward);
        waiting.spawn(async move {
            forward.ask(&headers(&[]), Right::Read, &place("slow", &nth.to_string())).await
        });
    }
    crate::asks::until(async || (service.asked() == 5).then_some(())).await;
    // All turns are taken for an hour, and this needs none.
    for _ in 0..1_000 {
        assert!(forward.ask(&anyone, Right::Read, &fast).await.is_ok());
    }
    assert_eq!(service.asked(), 5);
    waiting.abort_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_asked_at_a_time_than_may_be() {
    let service = Strange::start(|_| Says::Hangs(Vec::new())).await;
    let mut config = service.config();
    config.max_concurrent = std::num::NonZero::new(3).unwrap();
    config.timeout = config::Duration(LONG);
    let forward = std::sync::Arc::new(forward(&config));
    let mut all = tokio::task::JoinSet::new();
    for nth in 0..50 {
        let forward = std::sync::Arc::clone(&forward);
        all.spawn(async move {
            let there = place(&format!("w{nth}"), "a");
            forward.ask(&headers(&[]), Right::Read, &there).await.is_ok()
        });
    }
    crate::asks::until(async || (service.asked() == 3).then_some(())).await;
    let mut pause = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..20 {
        pause.tick().await;
        assert_eq!(service.asked(), 3);
    }
    all.abort_all();
}

/// What is asked beyond what may wait is answered at once.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_wait_than_may() {
    let service = Strange::start(|_| Says::Hangs(Vec::new())).await;
    let mut config = service.config();
    config.max_remembered = std::num::NonZero::new(10).unwrap();
    config.timeout = config::Duration(LONG);
    let forward = std::sync::Arc::new(forward(&config));
    let mut all = tokio::task::JoinSet::new();
    for nth in 0..15 {
        let forward = std::sync::Arc::clone(&forward);
        all.spawn(async move {
            let there = place(&format!("w{nth}"), "a");
            forward.ask(&headers(&[]), Right::Read, &there).await.unwrap_err().reason
        });
    }
    for _ in 0..5 {
        let refused = all.join_next().await.unwrap().unwrap();
        assert_eq!(refused, Reason::Unavailable);
    }
    assert_eq!(all.len(), 10);
    all.abort_all();
}
