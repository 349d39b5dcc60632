//! Many who ask the same, and many who ask each something else.

use log_server::access::Right;
use tokio::task::JoinSet;

use crate::service::{Says, Service, Strange, forward, headers, place, read};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn a_thousand_streams_of_a_user_ask_once() {
    let service = Service::start();
    let mut config = service.config();
    config.cache = log_server::config::Duration(crate::service::LONG);
    let forward = std::sync::Arc::new(forward(&config));
    let mut crowd = JoinSet::new();
    for _ in 0..1_000 {
        let forward = std::sync::Arc::clone(&forward);
        crowd.spawn(async move { read(&forward, "ann", "etl").await.is_ok() });
    }
    assert!(crowd.join_all().await.into_iter().all(|allowed| allowed));
    assert_eq!(service.asked(), 1);
}

/// Who leaves before his answer comes keeps nobody from it, and it is remembered.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Flask; cargo xtask test runs it"]
async fn an_answer_comes_though_the_first_who_asked_has_left() {
    let service = Service::start();
    let forward = forward(&service.config());
    service.flask.program.stop().unwrap();
    {
        let mut first = std::pin::pin!(read(&forward, "ann", "etl"));
        let pending = std::future::poll_fn(|context| {
            std::task::Poll::Ready(first.as_mut().poll(context).is_pending())
        });
        assert!(pending.await);
    }
    service.flask.program.resume().unwrap();
    assert!(read(&forward, "ann", "etl").await.is_ok());
    assert_eq!(service.asked(), 1);
}

/// No more is remembered than is to be; strangers drive out nobody who was allowed, so that he goes
/// on when the service is down.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_drive_out_nobody() {
    let service = Strange::start(|head| {
        let known = head.contains("authorization: ann");
        let status = if known { "204 No Content" } else { "403 Forbidden" };
        Says::Bytes(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into_bytes())
    })
    .await;
    let mut config = service.config();
    config.max_remembered = std::num::NonZero::new(100).unwrap();
    config.cache = log_server::config::Duration(std::time::Duration::from_millis(1));
    let forward = forward(&config);
    let (ann, there) = (headers(&[("authorization", "ann")]), place("etl", "a"));
    assert!(forward.ask(&ann, Right::Read, &there).await.is_ok());
    for stranger in 0..1_000 {
        let stranger = headers(&[("authorization", &format!("stranger {stranger}"))]);
        assert!(forward.ask(&stranger, Right::Read, &there).await.is_err());
    }
    drop(service);
    // The socket closes when its task has been dropped.
    let refused = crate::asks::until(async || {
        let new = headers(&[("authorization", &format!("{:?}", std::time::Instant::now()))]);
        let denied = forward.ask(&new, Right::Read, &there).await.unwrap_err();
        (denied.reason == log_server::access::Reason::Unavailable).then_some(denied)
    });
    refused.await;
    assert!(forward.ask(&ann, Right::Read, &there).await.is_ok());
}
