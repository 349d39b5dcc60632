//! Whoever decides is asked again while streams last, once for all streams of a caller.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use log_server::access::{
    Access, Authority, Caller, Credentials, Denied, Identified, Lease, Leases, NothingRevoked,
    Place, Reason, Revocations, Right, RowRule, RowRules,
};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// How often the decision is to be asked for.
const AGAIN: Duration = Duration::from_secs(10);

/// How long it takes until it has been asked for again, once.
const ONCE: Duration = Duration::from_secs(11);

type Decision = Result<RowRules, Denied>;

/// Decides as it is told to, and counts how often it is asked.
#[derive(Debug)]
struct Decides {
    decision: Mutex<Decision>,
    asked: AtomicUsize,
}

impl Decides {
    fn decide(&self, decision: Decision) {
        *self.decision.lock().unwrap() = decision;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Asks(Arc<Decides>);

impl Authority for Asks {
    fn identify<'a>(&'a self, of: &'a Credentials, _: Right, _: &'a Place) -> Identified<'a> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        let user = of.bearer().unwrap_or_default().into();
        let rows = self.0.decision.lock().unwrap().clone();
        let again = Some((Instant::now() + AGAIN).into_std());
        Box::pin(async move {
            Ok(Some(Caller { user, rows: rows?, ask_again: again, ..Caller::anyone() }))
        })
    }
}

/// Takes back what it is told to.
#[derive(Debug)]
struct TakesBack(watch::Sender<u64>, Mutex<Vec<Box<str>>>);

impl TakesBack {
    fn take_back(&self, user: &str) {
        self.1.lock().unwrap().push(user.into());
        self.0.send_modify(|changes| *changes += 1);
    }
}

impl Revocations for TakesBack {
    fn is_revoked(&self, caller: &Caller) -> bool {
        self.1.lock().unwrap().contains(&caller.user)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

struct Streams {
    access: Access,
    leases: Leases,
    decides: Arc<Decides>,
}

impl Streams {
    fn new(revocations: Arc<dyn Revocations>) -> Self {
        let asked = AtomicUsize::new(0);
        let decides = Arc::new(Decides { decision: Mutex::new(Ok(RowRules::default())), asked });
        let access = Access::new(vec![Box::new(Asks(decides.clone()))], revocations);
        Self { leases: Leases::new(access.clone()), access, decides }
    }

    /// Opens a stream of this user.
    async fn open(&self, user: &str) -> Lease {
        let mut headers = hyper::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {user}").parse().unwrap());
        let credentials = Credentials::of(&headers, None);
        let place = Place::workflow("etl", "orders");
        let caller = self.access.check(&credentials, Right::Read, &place).await.unwrap();
        self.leases.of(&caller, &credentials, Right::Read, &place).unwrap()
    }

    async fn open_many(&self, user: &str, many: usize) -> Vec<Lease> {
        let mut leases = Vec::new();
        for _ in 0..many {
            leases.push(self.open(user).await);
        }
        leases
    }
}

async fn all_end(leases: Vec<Lease>, reason: Reason) {
    for lease in leases {
        assert_eq!(timeout(10 * AGAIN, lease).await.expect("it ends").reason, reason);
    }
}

async fn goes_on(lease: &mut Lease, time: Duration) {
    assert!(timeout(time, lease).await.is_err(), "it goes on");
}

async fn pass(time: Duration) {
    let nothing = std::future::pending::<()>();
    timeout(time, nothing).await.expect_err("time passes");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_streams_of_a_caller_ask_once() {
    let streams = Streams::new(Arc::new(NothingRevoked));
    let mut leases = streams.open_many("ann", 1000).await;
    let mut other = streams.open("bob").await;
    assert_eq!(streams.decides.asked(), 1001, "when they are opened, each");
    for round in 1..=5 {
        goes_on(&mut leases[0], ONCE).await;
        assert_eq!(streams.decides.asked(), 1001 + 2 * round, "once for each of the two");
    }
    streams.decides.decide(Err(Denied::new(Reason::Forbidden, "not any longer")));
    goes_on(&mut other, Duration::from_millis(1)).await;
    all_end(leases, Reason::Forbidden).await;
    assert_eq!(other.await.words, "not any longer");
    assert_eq!(streams.decides.asked(), 1001 + 12);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_for_streams_that_are_gone() {
    let streams = Streams::new(Arc::new(NothingRevoked));
    let mut leases = streams.open_many("ann", 10).await;
    let mut last = leases.pop().unwrap();
    drop(leases);
    goes_on(&mut last, ONCE).await;
    assert_eq!(streams.decides.asked(), 11, "one is left");
    drop(last);
    pass(10 * AGAIN).await;
    assert_eq!(streams.decides.asked(), 11);

    // Who comes back is asked about again.
    let mut again = streams.open("ann").await;
    goes_on(&mut again, ONCE).await;
    assert_eq!(streams.decides.asked(), 13);
}

#[tokio::test(start_paused = true)]
async fn what_is_decided_says_why_a_stream_ends() {
    let rule = RowRule { field: "owner".into(), value: "bob".into() };
    for (decision, reason) in [
        (Err(Denied::new(Reason::Unknown, "who is that?")), Reason::Revoked),
        (Err(Denied::new(Reason::Unavailable, "no answer")), Reason::Unavailable),
        (Err(Denied::new(Reason::Expired, "over")), Reason::Expired),
        // The stream has been opened by other rules.
        (Ok(RowRules(vec![rule])), Reason::Expired),
    ] {
        let streams = Streams::new(Arc::new(NothingRevoked));
        let mut lease = streams.open("ann").await;
        goes_on(&mut lease, ONCE).await;
        streams.decides.decide(decision);
        all_end(vec![lease], reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_back_ends_at_once_and_only_that() {
    let revoked = Arc::new(TakesBack(watch::Sender::new(0), Mutex::default()));
    let streams = Streams::new(revoked.clone());
    let mut leases = streams.open_many("ann", 100).await;
    let mut other = streams.open("bob").await;
    goes_on(&mut leases[0], Duration::from_millis(1)).await;
    let asked = streams.decides.asked();
    revoked.take_back("ann");
    let began = Instant::now();
    all_end(leases, Reason::Revoked).await;
    assert_eq!(began.elapsed(), Duration::ZERO, "no time passes");
    goes_on(&mut other, Duration::from_millis(1)).await;
    assert_eq!(streams.decides.asked(), asked, "nobody is asked");
}
