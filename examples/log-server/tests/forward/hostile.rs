//! Services that answer as none should, and callers who want more of one than it is asked.

use std::time::Duration;

use log_server::access::forward::{Forward, ForwardAuth};
use log_server::access::{Place, Reason, Right};
use log_server::config;

use crate::service::{Says, Strange, forward, headers, place};

async fn said(says: Says) -> Result<String, Reason> {
    let service = Strange::start(move |_| says.clone()).await;
    let mut config = service.config();
    config.timeout = config::Duration(Duration::from_millis(1_500));
    let said = forward(&config).ask(&headers(&[]), Right::Read, &place("etl", "a")).await;
    said.and_then(|caller| {
        caller.check(Right::Read, &place("etl", "a"))?;
        Ok(caller.user.into())
    })
    .map_err(|denied| denied.reason)
}

fn head(text: &str) -> Says {
    Says::Bytes(format!("HTTP/1.1 {text}\r\nContent-Length: 0\r\n\r\n").into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_a_yes_is_one() {
    let huge = "x".repeat(200_000);
    let yes = Ok("anonymous".to_owned());
    let user = |name: &str| Ok(name.to_owned());
    let (unknown, forbidden, down) =
        (Err(Reason::Unknown), Err(Reason::Forbidden), Err(Reason::Unavailable));
    let cases = [
        (head("200 OK"), yes.clone()),
        (head("299 Whatever"), yes.clone()),
        (head("204 No Content\r\nLog-User: ann"), user("ann")),
        (head("204 No Content\r\nLog-User: J%C3%BCrgen"), user("Jürgen")),
        (head("204 No Content\r\nLog-User: \u{fc}"), user("ü")),
        (head("204 No Content\r\nLog-User: "), yes.clone()),
        (head("401 Unauthorized"), unknown.clone()),
        (head("302 Found\r\nLocation: /login"), unknown.clone()),
        (head("307 Temporary Redirect\r\nLocation: /yes"), unknown.clone()),
        (head("304 Not Modified"), unknown.clone()),
        (head("403 Forbidden\r\nLog-User: ann\r\nLog-Rights: read"), forbidden.clone()),
        (head("404 Not Found"), forbidden.clone()),
        (head("410 Gone"), forbidden.clone()),
        (head("400 Bad Request"), down.clone()),
        (head("429 Too Many Requests"), down.clone()),
        (head("500 Internal Server Error"), down.clone()),
        (head("503 Service Unavailable"), down.clone()),
        // A yes that allows something else only.
        (head("204 No Content\r\nLog-Rights: append"), forbidden.clone()),
        (head("204 No Content\r\nLog-Rights: "), forbidden.clone()),
        (head("204 No Content\r\nLog-Workspaces: crm"), forbidden.clone()),
        (head("204 No Content\r\nLog-Workspaces: crm\r\nLog-Workspaces: e*"), yes.clone()),
        (head("204 No Content\r\nLog-Workspaces: e%2A"), forbidden.clone()),
        (head("204 No Content\r\nLog-Workspaces: etl%2Ccrm"), forbidden.clone()),
        (head("204 No Content\r\nLog-Workflows: b"), forbidden),
        // A yes that makes no sense.
        (head("204 No Content\r\nLog-Rights: raed"), down.clone()),
        (head("204 No Content\r\nLog-Rows: everything"), down.clone()),
        (head("204 No Content\r\nLog-Rows: =ann"), down.clone()),
        (head("204 No Content\r\nLog-User: %FF"), down.clone()),
        (head(&format!("204 No Content\r\nLog-User: {}", &huge[..10_000])), down.clone()),
        // What is no answer.
        (head(&format!("204 No Content\r\nX: {huge}")), down.clone()),
        (head(&format!("204 No Content{}", "\r\nX: y".repeat(1_000))), down.clone()),
        (head("204 No Content\r\nbroken header"), down.clone()),
        (Says::Bytes(Vec::new()), down.clone()),
        (Says::Bytes(b"\x16\x03\x01 what\r\n\r\n".to_vec()), down.clone()),
        (Says::Bytes(b"200 OK\r\n\r\n".to_vec()), down.clone()),
        (Says::Bytes(b"HTTP/1.1 204".to_vec()), down.clone()),
        (Says::Hangs(Vec::new()), down.clone()),
        (Says::Hangs(b"HTTP/1.1 204 No Content\r\nLog-".to_vec()), down.clone()),
        (Says::Endlessly(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), b"\r\n".to_vec()), down),
        // The head is the answer, whatever comes behind it.
        (Says::Hangs(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".to_vec()), yes.clone()),
        (Says::Endlessly(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), huge.into_bytes()), yes.clone()),
    ];
    for (nth, (says, expected)) in cases.into_iter().enumerate() {
        let shown = match &says {
            Says::Bytes(bytes) | Says::Hangs(bytes) | Says::Endlessly(bytes, _) => {
                String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned()
            }
        };
        assert_eq!(said(says).await, expected, "case {nth}: {shown}");
    }
}

/// Some close a connection that they have said they keep, just when it is used again.
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_closes_is_no_outage() {
    let service = Strange::start(|_| head("204 No Content")).await;
    let forward = forward(&service.config());
    for nth in 0..500 {
        let there = place(&nth.to_string(), "a");
        assert!(forward.ask(&headers(&[]), Right::Read, &there).await.is_ok(), "{nth}");
    }
}

/// A redirection is not followed, and what a caller sends besides his credentials stays here.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_sent_nothing_but_the_question() {
    let elsewhere = Strange::start(|_| head("204 No Content")).await;
    let to = format!("302 Found\r\nLocation: http://{}/", elsewhere.address);
    let service = Strange::start(move |_| head(&to)).await;
    let forward = forward(&service.config());
    let caller = headers(&[
        ("authorization", "Bearer t"),
        ("cookie", "a=1; log_session=ours"),
        ("x-original-uri", "/forged"),
        ("x-forwarded-for", "1.2.3.4"),
        ("host", "forged"),
        ("log-user", "root"),
    ]);
    let there = place("a\r\nX-Forged: 1\r\n\r\nGET / HTTP/1.1", "b");
    assert!(forward.ask(&caller, Right::Append, &there).await.is_err());
    assert_eq!(elsewhere.asked(), 0);
    let sent = service.sent.lock().unwrap().concat();
    let mut lines: Vec<_> = sent.trim_end().split("\r\n").collect();
    lines[1..].sort_unstable();
    let name = "a%0D%0AX-Forged%3A%201%0D%0A%0D%0AGET%20%2F%20HTTP%2F1.1";
    assert_eq!(
        lines,
        [
            &format!("GET /may?of={name} HTTP/1.1"),
            "authorization: Bearer t",
            "cookie: a=1",
            &format!("host: {}", service.address),
            concat!("user-agent: log-server/", env!("CARGO_PKG_VERSION")),
            "x-original-method: POST",
            &format!("x-original-uri: /wfm/workflow/workspace/{name}/workflow/b/logs"),
        ]
    );
}

/// A name that could lead a path elsewhere is answered without asking.
#[tokio::test(flavor = "multi_thread")]
async fn names_do_not_choose_the_path() {
    let service = Strange::start(|_| head("204 No Content")).await;
    let url = format!("http://{}/auth/{{workspace}}/{{workflow}}", service.address);
    let forward = forward(&ForwardAuth::at(url));
    for name in ["..", ".", "../../yes", "a/b", "a%2fb", "a;b"] {
        for there in [place(name, "a"), place("a", name)] {
            let denied = forward.ask(&headers(&[]), Right::Read, &there).await.unwrap_err();
            assert_eq!(denied.reason, Reason::Forbidden, "{name}");
        }
    }
    assert_eq!(service.asked(), 0);
    assert!(forward.ask(&headers(&[]), Right::Read, &place("a b", "ü")).await.is_ok());
    assert!(service.sent.lock().unwrap().concat().starts_with("GET /auth/a%20b/%C3%BC HTTP/1.1"));
}

/// Of lists that the service says nothing of, each name is to be asked about.
#[tokio::test(flavor = "multi_thread")]
async fn a_yes_without_names_is_about_no_name() {
    let service = Strange::start(|asked| {
        let names = asked.contains("authorization: named");
        head(if names { "204 No Content\r\nLog-Workspaces: etl, b*" } else { "204 No Content" })
    })
    .await;
    let forward = forward(&service.config());
    let (all, one) = (Place::default(), place("etl", "a"));
    let none = headers(&[]);
    let caller = forward.ask(&none, Right::Read, &all).await.unwrap();
    assert!(caller.only_there && caller.check(Right::Read, &all).is_ok());
    let named = headers(&[("authorization", "named")]);
    let caller = forward.ask(&named, Right::Read, &all).await.unwrap();
    assert!(!caller.only_there);
    assert!(caller.check(Right::Read, &one).is_ok());
    assert!(caller.check(Right::Read, &place("crm", "a")).is_err());
}

/// However long an answer is to count.
#[tokio::test(flavor = "multi_thread")]
async fn times_may_be_any() {
    let service = Strange::start(|_| head("204 No Content")).await;
    for time in [Duration::ZERO, Duration::MAX] {
        let time = config::Duration(time);
        let config = ForwardAuth {
            cache: time,
            cache_refusals: time,
            grace: time,
            timeout: config::Duration(Duration::from_secs(60).max(time.into())),
            ..service.config()
        };
        let forward = forward(&config);
        for _ in 0..3 {
            assert!(forward.ask(&headers(&[]), Right::Read, &place("etl", "a")).await.is_ok());
        }
    }
}

#[test]
fn what_cannot_be_asked_is_refused_at_the_start() {
    let refused = |config: &ForwardAuth| {
        let error = Forward::new(config, b"").expect_err("it is not right");
        log_server::store::chain(&error)
    };
    let good = ForwardAuth::at("http://127.0.0.1/");
    assert!(refused(&ForwardAuth::at("http://a/{user}")).contains("{workspace}"));
    let mut config = good.clone();
    config.headers.user = "a b".to_owned();
    assert!(refused(&config).contains("no name of a header"));
    let config = ForwardAuth { ca_file: Some("/nowhere.pem".into()), ..good };
    assert!(refused(&config).contains("ca-file"));
}
