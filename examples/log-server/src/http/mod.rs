//! The server's HTTP: what every request needs, the paths, and what answers them.

mod append;
mod asked;
mod audited;
mod browser;
mod client;
mod closed;
mod context;
mod counts;
mod export;
mod export_body;
mod forwarded;
mod gate;
mod health;
mod host;
mod kind;
mod known_counts;
mod limited;
mod lists;
mod logs;
mod metrics;
mod node;
mod openapi;
mod origin;
mod own_rows;
mod page_body;
mod page_turns;
mod pages;
mod path;
mod posted;
mod problem;
mod problems;
mod proxies;
mod query;
mod request_id;
mod revocations;
mod router;
mod seen;
mod sent;
mod session;
mod stream;
mod ticket;
mod told;
mod unsent;
mod upload;
mod viewer;

use std::time::Duration;

use crate::access::{Access, Leases, SignIn};
use crate::audit::Audit;
use crate::limits::Limits;
use crate::logs::Logs;
use crate::search::Searches;
use crate::store::Store;
pub use browser::{Browsers, Cors, Embedding};
pub use closed::ClosedStreams;
pub use kind::Kind;
pub use known_counts::KnownCounts;
pub use origin::{InvalidOrigin, Origin};
pub use page_turns::PageTurns;
pub use proxies::{InvalidProxy, Proxies, Proxy, ProxyHeader};
pub use router::{Route, router, routes};
pub use unsent::LargePages;
pub use upload::Uploads;

/// What every request needs.
#[derive(Debug)]
pub struct App<S: Store> {
    /// The logs that are served.
    pub log: Logs<S>,
    /// How the store is named to people, without credentials.
    pub store: String,
    /// After how much silence a stream shows that it is alive.
    pub heartbeat: Duration,
    /// After about how long a stream ends by itself.
    pub max_lifetime: Duration,
    /// How much may be asked for.
    pub limits: Limits,
    /// Which proxies are believed.
    pub proxies: Proxies,
    /// What browsers are told.
    pub browsers: Browsers,
    /// What streams and pages look for.
    pub searches: Searches,
    /// What was counted a moment ago.
    pub known_counts: KnownCounts,
    /// Pages that are being read.
    pub page_turns: PageTurns,
    /// Large pages that are not sent yet.
    pub large_pages: LargePages,
    /// The bodies of requests.
    pub uploads: Uploads,
    /// Who may do what.
    pub access: Access,
    /// In which ways one signs in and out.
    pub sign_in: SignIn,
    /// How long streams may go on.
    pub leases: Leases,
    /// What is done.
    pub audit: Audit,
    /// Those that are over.
    pub closed: ClosedStreams,
}

impl<S: Store> Clone for App<S> {
    fn clone(&self) -> Self {
        Self {
            log: self.log.clone(),
            store: self.store.clone(),
            heartbeat: self.heartbeat,
            max_lifetime: self.max_lifetime,
            limits: self.limits.clone(),
            proxies: self.proxies.clone(),
            browsers: self.browsers.clone(),
            searches: self.searches.clone(),
            known_counts: self.known_counts.clone(),
            page_turns: self.page_turns.clone(),
            large_pages: self.large_pages.clone(),
            uploads: self.uploads.clone(),
            access: self.access.clone(),
            sign_in: self.sign_in.clone(),
            leases: self.leases.clone(),
            audit: self.audit.clone(),
            closed: self.closed.clone(),
        }
    }
}
