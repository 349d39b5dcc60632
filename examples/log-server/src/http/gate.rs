//! Lets those pass who may.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::asked::Asked;
use super::problem::Problem;
use crate::access::{Place, Right, SignIn};

/// What it takes to get to a route.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) sign_in: SignIn,
    pub(super) need: Right,
}

/// Lets a request pass whose caller may do at the place of its path what the route is for. Nothing is
/// looked up but who he is: what there is has no part in it.
pub(super) async fn pass(
    State(gate): State<Gate>,
    asked: Asked,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = path.map_err(|error| Problem::bad_request(error.body_text()))?;
    let part = |name| path.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    let place = Place { workspace: part("workspace"), workflow: part("workflow") };
    let caller = gate.sign_in.access().identify(asked.credentials(), gate.need, &place).await;
    let caller = caller.map_err(|denied| Problem::from(denied).with_ways(gate.sign_in.ways()))?;
    // The audit says also who it is that may not.
    asked.is_from(Arc::clone(&caller));
    caller.check(gate.need, &place)?;
    Ok(next.run(request).await)
}
