//! The paths of the server.

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, post};
use axum::{Extension, Router, middleware};
use http::Method;
use utoipa::openapi::path::Operation;

use super::append::LARGEST_BODY;
use super::gate::Gate;
use super::openapi::Description;
use super::problem::Problem;
use super::{
    App, append, asked, audited, context, counts, export, gate, health, host, limited, lists,
    metrics, openapi, pages, problems, proxies, request_id, revocations, sent, session, stream,
    ticket, upload, viewer,
};
use crate::access::Right;
use crate::store::Store;

/// A method of a path, and what it takes to use it.
pub struct Route<S: Store> {
    /// The method.
    pub method: Method,
    /// The path, with names in braces.
    pub path: &'static str,
    /// What the caller is to have; nothing is needed by `None`.
    pub need: Option<Right>,
    operation: Option<Operation>,
    handler: MethodRouter<App<S>>,
}

impl<S: Store> Route<S> {
    /// Says what it takes and answers, as its handler has it.
    fn described<P: utoipa::Path>(self) -> Self {
        Self { operation: Some(P::operation()), ..self }
    }

    fn for_description(&self) -> Option<openapi::Route<'_>> {
        let Self { method, path, need, operation, .. } = self;
        Some(openapi::Route { method, path, need: *need, operation: operation.as_ref()? })
    }
}

const WORKSPACE_LOGS: &str = "/wfm/workflow/workspace/{workspace}/logs";
const LOGS: &str = "/wfm/workflow/workspace/{workspace}/workflow/{workflow}/logs";

/// All methods of all paths, but for the page's files, which anyone may have.
pub fn routes<S: Store>(app: &App<S>) -> Vec<Route<S>> {
    let route =
        |method, path, need, handler| Route { method, path, need, operation: None, handler };
    let (read, open) = (Some(Right::Read), None);
    let stream_path = "/wfm/workflow/workspace/{workspace}/workflow/{workflow}/logs/stream";
    let workspace_stream = "/wfm/workflow/workspace/{workspace}/logs/stream";
    // Below a name of its own, so that no id is taken for another path.
    let row = "/wfm/workflow/workspace/{workspace}/workflow/{workflow}/logs/row/{id}";
    let export_path = "/wfm/workflow/workspace/{workspace}/workflow/{workflow}/logs/export";
    let workspace_export = "/wfm/workflow/workspace/{workspace}/logs/export";
    let counts_path = "/wfm/workflow/workspace/{workspace}/workflow/{workflow}/logs/counts";
    let workspace_counts = "/wfm/workflow/workspace/{workspace}/logs/counts";
    let workflows = "/wfm/workflow/workspace/{workspace}/workflow";
    let whole = middleware::from_fn_with_state(app.uploads.clone(), upload::whole);
    let append = post(append::append::<S>.layer(whole));
    let small = DefaultBodyLimit::max(sent::LARGEST);
    let operate = Some(Right::Operate);
    vec![
        route(Method::GET, "/session", open, get(session::show))
            .described::<session::__path_show>(),
        route(Method::POST, "/session", open, post(session::begin.layer(small)))
            .described::<session::__path_begin>(),
        route(Method::DELETE, "/session", open, delete(session::end))
            .described::<session::__path_end>(),
        route(Method::POST, "/ticket", read, post(ticket::give.layer(small)))
            .described::<ticket::__path_give>(),
        route(Method::GET, "/revocations", operate, get(revocations::list))
            .described::<revocations::__path_list>(),
        route(Method::POST, "/revocations", operate, post(revocations::add.layer(small)))
            .described::<revocations::__path_add>(),
        route(Method::GET, "/wfm/workflow/workspace", read, get(lists::workspaces))
            .described::<lists::__path_workspaces>(),
        route(Method::GET, workflows, read, get(lists::workflows))
            .described::<lists::__path_workflows>(),
        route(Method::GET, LOGS, read, get(pages::page)).described::<pages::__path_page>(),
        route(Method::GET, WORKSPACE_LOGS, read, get(pages::page))
            .described::<pages::__path_page>(),
        route(Method::GET, workspace_stream, read, get(stream::stream))
            .described::<stream::__path_stream>(),
        route(Method::POST, LOGS, Some(Right::Append), append).described::<append::__path_append>(),
        route(Method::GET, stream_path, read, get(stream::stream))
            .described::<stream::__path_stream>(),
        route(Method::GET, counts_path, read, get(counts::counts))
            .described::<counts::__path_counts>(),
        route(Method::GET, workspace_counts, read, get(counts::counts))
            .described::<counts::__path_counts>(),
        route(Method::GET, export_path, read, get(export::export))
            .described::<export::__path_export>(),
        route(Method::GET, workspace_export, read, get(export::export))
            .described::<export::__path_export>(),
        route(Method::GET, row, read, get(context::context)).described::<context::__path_context>(),
        route(Method::GET, "/metrics", operate, get(metrics::metrics))
            .described::<metrics::__path_metrics>(),
        route(Method::GET, "/healthz", open, get(health::healthz))
            .described::<health::__path_healthz>(),
        route(Method::GET, "/readyz", open, get(health::readyz))
            .described::<health::__path_readyz>(),
        route(Method::GET, "/problems", open, get(problems::list))
            .described::<problems::__path_list>(),
        route(Method::GET, "/problems/{kind}", open, get(problems::show))
            .described::<problems::__path_show>(),
        route(Method::GET, "/openapi.json", open, get(openapi::show))
            .described::<openapi::__path_show>(),
    ]
}

/// All paths of the server; with `local_only`, for requests that name this machine and no others.
pub fn router<S: Store>(app: App<S>, local_only: bool) -> Router {
    let routes = routes(&app);
    let described = routes.iter().filter_map(Route::for_description);
    let description = Description::of(described, app.access.needs_sign_in());
    let mut router = Router::new();
    for Route { path, need, handler, .. } in routes {
        let held = middleware::from_fn_with_state(app.limits.clone(), limited::by_caller);
        // What is below the logs of workflows is for those of them that are named.
        let logs = path.split('/').any(|part| part == "logs");
        let gated = need.map(|need| Gate { sign_in: app.sign_in.clone(), need, logs });
        let gated = gated.map(|gate| middleware::from_fn_with_state(gate, gate::pass));
        router = router.route(
            path,
            match gated {
                Some(gate) => handler.route_layer(held).route_layer(gate),
                None => handler,
            },
        );
    }
    let router = router
        .fallback(viewer::file)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(Extension(description))
        .layer(middleware::from_fn_with_state(app.limits.clone(), limited::by_address));
    let local = middleware::from_fn(host::local_only);
    let router = if local_only { router.layer(local) } else { router };
    let (proxies, browsers) = (app.proxies.clone(), app.browsers.clone());
    let router = browsers
        .guard(router)
        .layer(middleware::from_fn_with_state(app.audit.clone(), audited::note))
        .layer(middleware::from_fn(asked::note));
    browsers
        .tell(router)
        .layer(middleware::from_fn(request_id::name))
        .layer(middleware::from_fn_with_state(proxies, proxies::note_client))
        .with_state(app)
}
