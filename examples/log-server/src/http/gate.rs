//! Lets those pass who may.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::asked::Asked;
use super::logs::Logs;
use super::problem::Problem;
use crate::access::{Place, Right, SignIn};

/// What it takes to get to a route.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) sign_in: SignIn,
    pub(super) need: Right,
    /// Whether it is for the logs of workflows, and not for a list or the server.
    pub(super) logs: bool,
}

/// Lets a request pass whose caller may do what the route is for in the logs that it names. Nothing
/// is looked up but who he is: what there is has no part in it.
pub(super) async fn pass(
    State(gate): State<Gate>,
    asked: Asked,
    path: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = path.map_err(|error| Problem::bad_request(error.body_text()))?;
    let logs = gate.logs.then(|| Logs::of(&path, request.uri())).flatten();
    let workspace = path.iter().find(|(name, _)| *name == "workspace");
    let place = match (&logs, workspace) {
        (Some(logs), _) => logs.place()?,
        (None, Some((_, name))) => Place::workspace(name),
        (None, None) => Place::default(),
    };
    let caller = gate.sign_in.access().identify(asked.credentials(), gate.need, &place).await;
    let caller = caller.map_err(|denied| Problem::from(denied).with_ways(gate.sign_in.ways()))?;
    // The audit says also who it is that may not.
    asked.is_from(Arc::clone(&caller));
    caller.check(gate.need, &place)?;
    if let Some(logs) = logs {
        request.extensions_mut().insert(logs);
    }
    Ok(next.run(request).await)
}
