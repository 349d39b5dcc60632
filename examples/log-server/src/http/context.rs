//! `GET …/logs/row/{id}`: a row, and what stands around it.

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use gapless_sse_core::{EventId, LogAround};
use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::App;
use super::asked::Asked;
use super::logs::Logs;
use super::openapi::{parameters, shapes};
use super::page_body::PageBody;
use super::problem::Problem;
use super::query::Parameters;
use crate::row::Row;
use crate::search::Terms;
use crate::store::Store;

/// A row, and what stands around it.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it is described; its rows are written as they come")]
pub(super) struct Context<'a> {
    row: shapes::Row,
    /// The rows right before it, the oldest first.
    before: Vec<shapes::Row>,
    /// The rows right behind it, the oldest first.
    after: Vec<shapes::Row>,
    #[serde(flatten)]
    about: About<'a>,
}

/// How to go on.
#[derive(Serialize, ToSchema)]
#[schema(as = AboutContext)]
struct About<'a> {
    /// The `cursor` of a page with `order=desc` of earlier rows, if there are more.
    #[schema(required)]
    earlier: Option<&'a str>,
    /// The `cursor` of a page with `order=asc` of later rows, if there are more.
    #[schema(required)]
    later: Option<&'a str>,
    /// Where a stream goes on (`after`) that brings what was written since.
    stream_position: &'a str,
}

/// A row, and what stands around it in its workflow, whatever is searched for.
#[utoipa::path(get, path = "", params(parameters::Context), responses(
    (status = 200, description = "The row and those around it", body = Context<'_>), (status = 404),
))]
pub(super) async fn context<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
    logs: Logs,
    path: Result<Path<(String, String, String)>, PathRejection>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, Problem> {
    let mut parameters = Parameters::new(query, &["before", "after"])?;
    let (before, after) = (parameters.around("before")?, parameters.around("after")?);
    let Path((.., id)) = path.map_err(|error| Problem::bad_request(error.body_text()))?;
    let rules = &asked.let_pass()?.rows;
    let search = app.searches.open(asked.client().network(), rules, Terms::default()).await?;
    let scope = logs.scope().filtered(search);
    let found = app.log.source().find(&logs.topic(), &id).await;
    let found = found.map_err(|error| Problem::unavailable(&error))?;
    // What the caller may not see is answered as what is not there.
    let found = found.filter(|found| scope.admits(&found.record)).ok_or_else(Problem::no_row)?;
    let around = app.log.around(&scope, &found.key, before, after).await?;
    let LogAround { record, before, after, earlier, later, stream_position, held, .. } =
        around.ok_or_else(Problem::no_row)?;
    let about = About {
        earlier: earlier.as_ref().map(EventId::as_str),
        later: later.as_ref().map(EventId::as_str),
        stream_position: stream_position.as_str(),
    };
    let json = |row: &Row| {
        let json = serde_json::from_str::<&RawValue>(row.json());
        json.map(|json| json.get().to_owned()).map_err(|error| Problem::not_json(&error))
    };
    let row = json(&record)?;
    let before = before.iter().map(json).collect::<Result<Vec<_>, _>>()?.join(",");
    after.iter().try_for_each(|row| json(row).map(drop))?;
    let start = format!("{{\"row\":{row},\"before\":[{before}],\"after\":[");
    let bytes = start.len() + after.iter().map(|row| row.json().len()).sum::<usize>();
    let about = serde_json::to_string(&about).map_err(|error| Problem::not_json(&error))?;
    let unsent = app.large_pages.hold(bytes, held, None)?;
    let body = PageBody::starting_with(start, after, &about, unsent);
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
