//! `POST /ticket`: for clients that can send neither a header nor a cookie.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::asked::Asked;
use super::problem::Problem;
use super::sent::{json, uncached};
use crate::access::{Denied, KnownBy, Place, Reason, Workflows, ticket};
use crate::store::Store;

/// Where a ticket is to be good; wherever its owner may read, if that is not said.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct For {
    #[schema(value_type = Option<String>)]
    workspace: Option<Box<str>>,
    /// One of the workspace.
    #[schema(value_type = Option<String>)]
    workflow: Option<Box<str>>,
}

/// What gets in once, in the parameter `ticket`.
#[derive(Serialize, ToSchema)]
pub(super) struct Ticket {
    ticket: String,
    /// For how many seconds it is good.
    expires_in: u64,
}

/// Gives whoever asks a ticket, good once and for a short while.
#[utoipa::path(post, path = "",
    request_body(content = For, content_type = "application/json"),
    responses((status = 201, description = "The ticket", body = Ticket)),
)]
pub(super) async fn give<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let caller = asked.let_pass()?;
    if caller.known_by == KnownBy::Ticket {
        let words = "a ticket does not give another one; ask with what gave you the first";
        return Err(Denied::new(Reason::Forbidden, words).into());
    }
    let For { workspace, workflow } = json(body)?;
    if workspace.is_none() && workflow.is_some() {
        return Err(Problem::bad_request("a `workflow` is one of a `workspace`: give that too"));
    }
    let place = Place { workspace, workflows: workflow.map_or(Workflows::Some, Workflows::One) };
    let ticket = app.sign_in.tickets().give(caller, asked.credentials(), place);
    let ticket = ticket.map_err(|error| Problem::defect(&error))?;
    let seconds = ticket::LIFETIME.as_secs();
    let body = Json(Ticket { ticket, expires_in: seconds });
    Ok(uncached((StatusCode::CREATED, body)))
}
