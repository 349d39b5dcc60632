//! Which workspaces and workflows there are.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::App;
use super::path::Workspace;
use super::problem::Problem;
use crate::store::Store;

pub(super) async fn workspaces<S: Store>(
    State(app): State<App<S>>,
) -> Result<Json<Value>, Problem> {
    let names = app.log.source().workspaces().await;
    names
        .map(|names| Json(json!({ "workspaces": names })))
        .map_err(|error| Problem::unavailable(&error))
}

pub(super) async fn workflows<S: Store>(
    State(app): State<App<S>>,
    Workspace(workspace): Workspace,
) -> Result<Json<Value>, Problem> {
    let names = app.log.source().workflows(&workspace).await;
    names
        .map(|names| Json(json!({ "workflows": names })))
        .map_err(|error| Problem::unavailable(&error))
}
