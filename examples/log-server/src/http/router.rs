//! The paths of the server.

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::routing::get;
use axum::{Router, middleware};

use super::append::LARGEST_BODY;
use super::problem::Problem;
use super::{App, append, health, host, lists, metrics, pages, stream, upload, viewer};
use crate::store::Store;

/// All paths of the server; with `local_only`, for requests that name this machine and no others.
pub fn router<S: Store>(app: App<S>, local_only: bool) -> Router {
    let whole = middleware::from_fn_with_state(app.uploads.clone(), upload::whole);
    let append = append::append::<S>.layer(whole);
    let workflow = "/{workspace}/workflow/{workflow}";
    let workspaces = Router::new()
        .route("/", get(lists::workspaces))
        .route("/{workspace}/workflow", get(lists::workflows))
        .route(&format!("{workflow}/logs"), get(pages::page).post(append))
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
