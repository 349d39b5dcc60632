//! How often something may be asked for: each limit by its name.

use std::time::Duration;

use log_server::limits::{Limit, Per, What};
use tokio::time::timeout;

use crate::caller::{From, Reply, config};
use crate::server::Server;
use crate::store::Store;

const ANN: From = From { user: "ann", workspace: "etl", address: "192.0.2.1" };
const OPS: From = From { user: "ops", workspace: "ops", address: "192.0.2.9" };

async fn ask(server: &Server, what: What, from: From) -> Reply {
    match what {
        What::Requests | What::Pages => from.get(server, "").await,
        What::Searches => from.get(server, "?q=x").await,
        What::Connects => from.get(server, "/stream").await,
        What::Exports => from.get(server, "/stream?history=all").await,
        What::Appends => from.post(server).await,
        What::Streams | What::OpenExports | What::FailedSignIns => panic!("no rate of requests"),
    }
}

/// Others, who have nothing in common with ann but the one thing, and all but that.
fn others(per: Per) -> (From, Vec<From>) {
    let other = From { user: "bob", workspace: "sales", address: "192.0.2.2" };
    match per {
        Per::Address => (
            From { address: ANN.address, ..other },
            vec![other, From { address: other.address, ..ANN }],
        ),
        Per::User => {
            (From { user: ANN.user, ..other }, vec![other, From { user: other.user, ..ANN }])
        }
        Per::Workspace => (
            From { workspace: ANN.workspace, ..other },
            vec![other, From { workspace: other.workspace, ..ANN }],
        ),
        Per::All => (other, Vec::new()),
    }
}

fn refused(reply: &Reply, limit: Limit, most: usize) {
    assert_eq!(reply.status, 429, "{limit}: {reply:?}");
    let problem = reply.json();
    assert_eq!(problem["limit"], limit.to_string(), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(&limit.setting()), "{detail}");
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(reply.header("ratelimit-policy"), format!("\"{limit}\";q={most};w=3600"));
    let rate = reply.header("ratelimit");
    let wait: u64 = rate.strip_prefix(&format!("\"{limit}\";r=0;t=")).unwrap().parse().unwrap();
    let again: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=1800).contains(&wait) && (wait..=wait + 2).contains(&again), "{reply:?}");
}

async fn is_ready(server: &Server) {
    let ready = || OPS.request(&hyper::Method::GET, "/readyz");
    let is_so = async { while crate::caller::reply(server, ready()).await.status != 200 {} };
    timeout(Duration::from_secs(30), is_so).await.expect("it is ready");
}

async fn is_held(store: &Store, limit: Limit) {
    let setting = limit.setting();
    let (section, key) = setting.rsplit_once('.').unwrap();
    let server = Server::configured(store, &config(&format!("[{section}]\n{key} = \"2/1h\"")));
    if matches!(limit.what, What::Connects | What::Exports) {
        is_ready(&server).await;
    }
    let (alike, unlike) = others(limit.per);
    let ok = if limit.what == What::Appends { 201 } else { 200 };
    for _ in 0..2 {
        assert_eq!(ask(&server, limit.what, ANN).await.status, ok, "{limit}");
    }
    refused(&ask(&server, limit.what, ANN).await, limit, 2);
    refused(&ask(&server, limit.what, alike).await, limit, 2);
    for from in unlike {
        assert_eq!(ask(&server, limit.what, from).await.status, ok, "{limit}: {from:?}");
    }
    if (limit.what, limit.per) != (What::Requests, Per::All) {
        let request = OPS.request(&hyper::Method::GET, "/metrics");
        let metrics = crate::caller::reply(&server, request).await;
        let text = String::from_utf8(metrics.body.into()).unwrap();
        let counted = text.lines().filter(|line| line.starts_with("log_refused_total{"));
        for line in counted {
            let expected = u64::from(line.contains(&format!("\"{limit}\""))) * 2;
            assert!(line.ends_with(&format!(" {expected}")), "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rate_holds_whom_it_is_for_and_nobody_else() {
    let store = Store::sqlite();
    for limit in Limit::rates() {
        is_held(&store, limit).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_takes_nothing_of_what_others_share() {
    let store = Store::sqlite();
    let limits = "[limits.pages]\nper-user = \"1/1h\"\nper-workspace = \"3/1h\"\nin-all = \"3/1h\"";
    let server = Server::configured(&store, &config(limits));
    assert_eq!(ANN.get(&server, "").await.status, 200);
    for _ in 0..5 {
        assert_eq!(ANN.get(&server, "").await.json()["limit"], "pages_per_user");
    }
    let bob = From { user: "bob", ..ANN };
    assert_eq!(bob.get(&server, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_goes_on_is_no_export_and_lists_are_pages() {
    let store = Store::sqlite();
    let limits = "[limits.exports]\nper-user = \"1/1h\"\n[limits.pages]\nper-user = \"3/1h\"";
    let server = Server::configured(&store, &config(limits));
    let page = ANN.get(&server, "").await.json();
    let position = page["stream_position"].as_str().unwrap();
    for _ in 0..3 {
        let rest = format!("/stream?history=all&after={position}");
        assert_eq!(ANN.get(&server, &rest).await.status, 200);
        assert_eq!(ANN.get(&server, "/stream?history=10").await.status, 200);
    }
    assert_eq!(ANN.get(&server, "/stream?history=all").await.status, 200);
    for all in ["%68istory=all", "history=all&lastEventId=", "after=&history=all"] {
        let refused = ANN.get(&server, &format!("/stream?{all}")).await;
        assert_eq!(refused.json()["limit"], "exports_per_user", "{all}");
    }
    for path in ["/wfm/workflow/workspace", "/wfm/workflow/workspace/etl/workflow"] {
        let list = crate::caller::reply(&server, ANN.request(&hyper::Method::GET, path)).await;
        assert_eq!(list.status, 200);
    }
    assert_eq!(ANN.get(&server, "").await.json()["limit"], "pages_per_user");
    assert_eq!(ANN.get(&server, "?%71=x").await.status, 200, "a search is another thing");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_no_user() {
    let store = Store::sqlite();
    let limits = "[limits.pages]\nper-user = \"1/1h\"\n[limits.streams]\nper-user = 1";
    let server = Server::configured(&store, limits);
    let mut streams = Vec::new();
    for _ in 0..3 {
        assert_eq!(ANN.get(&server, "").await.status, 200);
        streams.push(crate::limits::open(&server).await);
        assert_eq!(streams.last().unwrap().0.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_cannot_be_guessed_from_one_address() {
    let store = Store::sqlite();
    let server =
        Server::configured(&store, &config("[limits]\nfailed-sign-ins-per-address = \"3/1h\""));
    let guess = From { user: "guess", ..ANN };
    for _ in 0..4 {
        assert_eq!(guess.get(&server, "").await.status, 401);
    }
    let limit = Limit { what: What::FailedSignIns, per: Per::Address };
    refused(&guess.get(&server, "").await, limit, 3);
    refused(&ANN.get(&server, "").await, limit, 3);
    let elsewhere = From { address: "192.0.2.2", ..ANN };
    assert_eq!(elsewhere.get(&server, "").await.status, 200);
    // Who brings nothing guesses nothing, and is told to sign in.
    let nothing = || hyper::Request::get(ANN.logs("")).header("x-forwarded-for", "192.0.2.3");
    for _ in 0..9 {
        let request = nothing().body(http_body_util::Full::default()).unwrap();
        assert_eq!(crate::caller::reply(&server, request).await.status, 401);
    }
    let there = From { address: "192.0.2.3", ..ANN };
    assert_eq!(there.get(&server, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_counted_for_all_whom_they_are_of() {
    let store = Store::sqlite();
    for per in Per::ALL {
        let limit = Limit { what: What::Streams, per };
        let setting = limit.setting();
        let (section, key) = setting.rsplit_once('.').unwrap();
        let server = Server::configured(&store, &config(&format!("[{section}]\n{key} = 2")));
        let open = async |from: From| {
            let request = from.request(&hyper::Method::GET, &from.logs("/stream"));
            crate::http::send(server.address, request).await.unwrap()
        };
        let mut held = vec![open(ANN).await, open(ANN).await];
        let (alike, unlike) = others(per);
        for from in [ANN, alike] {
            let refused = from.get(&server, "/stream").await;
            assert_eq!(
                (refused.status, &refused.json()["limit"]),
                (429, &limit.to_string().into())
            );
            assert_eq!(refused.header("ratelimit-policy"), format!("\"{limit}\";q=2"));
            assert_eq!(refused.header("ratelimit"), format!("\"{limit}\";r=0"));
            assert!((2..=8).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
        }
        for from in unlike {
            assert_eq!(from.get(&server, "/stream").await.status, 200, "{limit}: {from:?}");
        }
        assert!(held.iter().all(|(response, _)| response.status() == 200));
        held.pop();
        let free = async { while ANN.get(&server, "/stream").await.status != 200 {} };
        timeout(Duration::from_secs(30), free).await.expect("a place is free");
    }
}
