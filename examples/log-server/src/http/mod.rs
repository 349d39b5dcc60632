//! The server's HTTP: the paths, and what answers them.

mod append;
mod closed;
mod health;
mod host;
mod lists;
mod metrics;
mod pages;
mod path;
mod problem;
mod query;
mod stream;
mod viewer;

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Router, middleware};
use gapless_sse_core::{Admission, Log};

use crate::store::Store;
pub use closed::ClosedStreams;
use problem::Problem;

/// The largest request that writes rows.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// What every request needs.
#[derive(Debug)]
pub struct App<S: Store> {
    /// The log that is served.
    pub log: Log<S>,
    /// How the store is named to people, without credentials.
    pub store: String,
    /// After how much silence a stream shows that it is alive.
    pub heartbeat: Duration,
    /// After about how long a stream ends by itself.
    pub max_lifetime: Duration,
    /// Which streams may open, by the address of the client.
    pub admission: Admission<IpAddr>,
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
            admission: self.admission.clone(),
            closed: self.closed.clone(),
        }
    }
}

/// All paths of the server; with `local_only`, for requests that name this machine and no others.
pub fn router<S: Store>(app: App<S>, local_only: bool) -> Router {
    let workflow = "/{workspace}/workflow/{workflow}";
    let workspaces = Router::new()
        .route("/", get(lists::workspaces))
        .route("/{workspace}/workflow", get(lists::workflows))
        .route(&format!("{workflow}/logs"), get(pages::page).post(append::append))
        .route(&format!("{workflow}/logs/stream"), get(stream::stream));
    let router = Router::new()
        .nest("/wfm/workflow/workspace", workspaces)
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        .fallback(viewer::file)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(app);
    if local_only { router.layer(middleware::from_fn(host::local_only)) } else { router }
}
