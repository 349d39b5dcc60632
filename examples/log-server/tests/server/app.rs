//! The server's HTTP within the test, without a socket.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use gapless_sse_core::follow::Seal;
use gapless_sse_core::{Log, LogDriver, LogOptions};
use hyper::{Method, Request};
use log_server::access::{Leases, SignIn};
use log_server::audit::Audit;
use log_server::http::{
    App, Browsers, ClosedStreams, KnownCounts, LargePages, PageTurns, Proxies, Uploads, router,
};
use log_server::limits::Limits;
use log_server::search::{Effort, Searches};
use log_server::store::SqliteStore;
use tempfile::TempDir;
use tower_service::Service;

/// What large pages take together that are not read yet.
pub(crate) const LARGE_PAGES: usize = 3 << 20;

/// The paths of the server over a new file, and the driver of its log.
pub(crate) fn app() -> (TempDir, Router, LogDriver<SqliteStore>) {
    let (folder, app, driver) = parts();
    (folder, router(app, true), driver)
}

/// All methods of all paths, with names in them.
pub(crate) fn paths() -> Vec<(Method, String)> {
    let (_folder, app, _driver) = parts();
    let named = |path: &str| {
        path.replace("{workspace}", "etl")
            .replace("{workflow}", "orders")
            .replace("{kind}", "forbidden")
            .replace("{id}", "nothing")
    };
    let routes = log_server::http::routes(&app).into_iter();
    routes.map(|route| (route.method, named(route.path))).collect()
}

/// What they need.
pub(crate) fn parts() -> (TempDir, App<SqliteStore>, LogDriver<SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("logs.db")).unwrap();
    let (log, driver) = Log::new(store, Seal::random(), LogOptions::default());
    let sign_in = SignIn::anonymous().unwrap();
    let access = sign_in.access().clone();
    let app = App {
        log: log.into(),
        store: "a test".to_owned(),
        heartbeat: Duration::from_secs(1),
        max_lifetime: Duration::from_secs(60),
        limits: Limits::default(),
        proxies: Proxies::default(),
        browsers: Browsers::default(),
        searches: Searches::new(1 << 20),
        known_counts: KnownCounts::new(Effort::default()),
        page_turns: PageTurns::new(32 << 20),
        large_pages: LargePages::new(LARGE_PAGES),
        uploads: Uploads::new(16 << 20),
        leases: Leases::new(access.clone()),
        access,
        sign_in,
        audit: Audit::default(),
        closed: ClosedStreams::default(),
    };
    (folder, app, driver)
}

/// Its answer, of whose body nothing has been read.
pub(crate) async fn ask(router: &Router, mut request: Request<Body>) -> Response {
    let peer: SocketAddr = "127.0.0.1:9".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    router.clone().call(request).await.unwrap()
}
