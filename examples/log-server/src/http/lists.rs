//! Which workspaces and workflows there are, page by page.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde_json::{Value, json};

use super::App;
use super::path::Workspace;
use super::problem::Problem;
use super::query::Parameters;
use crate::store::Store;

pub(super) async fn workspaces<S: Store>(
    State(app): State<App<S>>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let List { after, limit } = List::new(query)?;
    let names = app.log.source().workspaces(after.as_deref(), limit + 1).await;
    let (names, next) = page(names.map_err(|error| Problem::unavailable(&error))?, limit);
    Ok(Json(json!({ "workspaces": names, "next": next })))
}

pub(super) async fn workflows<S: Store>(
    State(app): State<App<S>>,
    Workspace(workspace): Workspace,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let List { after, limit } = List::new(query)?;
    let names = app.log.source().workflows(&workspace, after.as_deref(), limit + 1).await;
    let (names, next) = page(names.map_err(|error| Problem::unavailable(&error))?, limit);
    Ok(Json(json!({ "workflows": names, "next": next })))
}

/// Which names are listed.
struct List {
    after: Option<String>,
    limit: usize,
}

impl List {
    fn new(query: Result<Query<Vec<(String, String)>>, QueryRejection>) -> Result<Self, Problem> {
        let mut parameters = Parameters::new(query, &["limit", "after"])?;
        Ok(Self { limit: parameters.limit()?, after: parameters.take("after") })
    }
}

/// The names of a page, of which one more was asked for, and the `after` of the next one.
fn page(mut names: Vec<String>, limit: usize) -> (Vec<String>, Option<String>) {
    let more = names.len() > limit;
    names.truncate(limit);
    let next = names.last().filter(|_| more).cloned();
    (names, next)
}
