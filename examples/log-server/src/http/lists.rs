//! Which workspaces and workflows there are, page by page.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::asked::Asked;
use super::openapi::parameters;
use super::own_rows::OwnRows;
use super::path::Workspace;
use super::problem::Problem;
use super::query::Parameters;
use super::seen::Seen;
use crate::logs::Sources;
use crate::store::Store;

/// The most names that a page of a list looks at that its caller may not see.
const MOST_NAMES: usize = 100_000;

/// How many names are asked for at least, when those of a page were not enough.
const MANY_NAMES: usize = 1000;

/// Names of workspaces.
#[derive(Serialize, ToSchema)]
pub(super) struct Workspaces {
    workspaces: Vec<String>,
    /// The `after` of the next page, if there is one.
    #[schema(required)]
    next: Option<String>,
}

/// Names of workflows.
#[derive(Serialize, ToSchema)]
pub(super) struct Workflows {
    workflows: Vec<String>,
    /// The `after` of the next page, if there is one.
    #[schema(required)]
    next: Option<String>,
}

/// The workspaces that the caller may read, page by page.
#[utoipa::path(get, path = "", params(parameters::List), responses(
    (status = 200, description = "A page of names", body = Workspaces),
))]
pub(super) async fn workspaces<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Workspaces>, Problem> {
    let seen = Seen::new(&app.access, &asked, None)?;
    let own = OwnRows::new(&app, &asked).await?;
    let (workspaces, next) = List::new(query)?.page(app.log.source(), &seen, &own).await?;
    Ok(Json(Workspaces { workspaces, next }))
}

/// The workflows of a workspace that the caller may read, page by page.
#[utoipa::path(get, path = "", params(parameters::List), responses(
    (status = 200, description = "A page of names", body = Workflows),
))]
pub(super) async fn workflows<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
    Workspace(workspace): Workspace,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Workflows>, Problem> {
    let seen = Seen::new(&app.access, &asked, Some(&workspace))?;
    let own = OwnRows::new(&app, &asked).await?;
    let (workflows, next) = List::new(query)?.page(app.log.source(), &seen, &own).await?;
    Ok(Json(Workflows { workflows, next }))
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

    /// The names of a page that may be seen, and the `after` of the next one. However many may not
    /// be, the page is full if there are enough.
    async fn page<S: Store>(
        self,
        store: &Sources<S>,
        seen: &Seen<'_>,
        own: &OwnRows<'_, S>,
    ) -> Result<(Vec<String>, Option<String>), Problem> {
        let Self { after, limit } = self;
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let (mut after, mut wanted) = (after, limit + 1);
        while let Some(position) = seen.go_on(after.as_deref()) {
            let names = ask(store, seen.workspace(), position.as_deref(), wanted).await?;
            let more = (names.len() == wanted).then(|| names.last().cloned()).flatten();
            looked_at += names.len();
            let names = seen.of(names).await?;
            found.extend(own.of(seen.workspace(), names, limit + 1 - found.len()).await?);
            if found.len() > limit {
                found.truncate(limit);
                let next = found.last().cloned();
                return Ok((found, next));
            }
            let Some(last) = more else { break };
            if looked_at >= MOST_NAMES {
                return Err(Problem::too_long_a_list(MOST_NAMES));
            }
            (after, wanted) = (Some(last), (2 * wanted).clamp(MANY_NAMES, 10 * MANY_NAMES));
        }
        Ok((found, None))
    }
}

async fn ask<S: Store>(
    store: &Sources<S>,
    workspace: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, Problem> {
    let names = match workspace {
        Some(workspace) => store.workflows(workspace, after, limit).await,
        None => store.workspaces(after, limit).await,
    };
    names.map_err(|error| Problem::unavailable(&error))
}
