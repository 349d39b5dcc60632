//! `/problems`: what the `type` of a problem leads to.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use serde_json::{Value, json};

use super::kind::Kind;
use super::problem::Problem;

/// All kinds of problems.
pub(super) async fn list() -> Json<Value> {
    Json(json!({ "problems": Kind::ALL.iter().map(|kind| kind.json()).collect::<Vec<_>>() }))
}

/// One kind.
pub(super) async fn show(
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Problem> {
    let Path(name) = name.map_err(|error| Problem::bad_request(error.body_text()))?;
    let uri = format!("{}{name}", Kind::PATH);
    Kind::of_type(&uri).map(Kind::json).map(Json).ok_or_else(|| Problem::not_found(&uri))
}
