//! Which workspaces and workflows there are, page by page.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde_json::{Value, json};

use super::App;
use super::asked::Asked;
use super::client::Client;
use super::listed::{List, Seen};
use super::path::Workspace;
use super::problem::Problem;
use crate::store::Store;

pub(super) async fn workspaces<S: Store>(
    State(app): State<App<S>>,
    client: Client,
    asked: Asked,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let list = List::new(query)?;
    let seen = Seen::by(&app, client, asked.let_pass()?).await?;
    let (names, next) = seen.page(None, list).await?;
    Ok(Json(json!({ "workspaces": names, "next": next })))
}

pub(super) async fn workflows<S: Store>(
    State(app): State<App<S>>,
    client: Client,
    asked: Asked,
    Workspace(workspace): Workspace,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let list = List::new(query)?;
    let seen = Seen::by(&app, client, asked.let_pass()?).await?;
    let (names, next) = seen.page(Some(&workspace), list).await?;
    Ok(Json(json!({ "workflows": names, "next": next })))
}
