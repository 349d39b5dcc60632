//! `/problems`: what the `type` of a problem leads to.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use serde::Serialize;
use utoipa::ToSchema;

use super::kind::{Kind, Meaning};
use super::problem::Problem;

/// All kinds of problems.
#[derive(Serialize, ToSchema)]
pub(super) struct Kinds {
    problems: Vec<Meaning>,
}

/// All kinds of problems.
#[utoipa::path(get, path = "", responses(
    (status = 200, description = "All kinds", body = Kinds),
))]
pub(super) async fn list() -> Json<Kinds> {
    Json(Kinds { problems: Kind::ALL.iter().map(|kind| kind.said()).collect() })
}

/// What a kind of problem means, and what to do about it.
#[utoipa::path(get, path = "", responses(
    (status = 200, description = "The kind", body = Meaning), (status = 404),
))]
pub(super) async fn show(
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Meaning>, Problem> {
    let Path(name) = name.map_err(|error| Problem::bad_request(error.body_text()))?;
    let uri = format!("{}{name}", Kind::PATH);
    Kind::of_type(&uri).map(|kind| Json(kind.said())).ok_or_else(|| Problem::not_found(&uri))
}
