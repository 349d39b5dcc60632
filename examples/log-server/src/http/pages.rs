//! `GET …/logs`: a page of history, and the position from which a stream goes on.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::value::RawValue;

use super::App;
use super::path::Workflow;
use super::problem::Problem;
use super::query::Parameters;
use crate::store::Store;

#[derive(Serialize)]
struct Page<'a> {
    logs: Vec<&'a RawValue>,
    next: Option<&'a str>,
    stream_position: &'a str,
}

pub(super) async fn page<S: Store>(
    State(app): State<App<S>>,
    workflow: Workflow,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, Problem> {
    let mut parameters = Parameters::new(query, &["limit", "cursor", "order"])?;
    let (limit, order) = (parameters.limit()?, parameters.order()?);
    let cursor = parameters.take("cursor");
    let page = app.log.page(&workflow.scope(), cursor.as_deref(), order, limit).await?;
    let logs: Result<_, _> =
        page.records.iter().map(|row| serde_json::from_str(row.json())).collect();
    let body = Page {
        logs: logs.map_err(|error| Problem::unavailable(&error))?,
        next: page.next.as_ref().map(sse_core::EventId::as_str),
        stream_position: page.stream_position.as_str(),
    };
    let json = serde_json::to_string(&body).map_err(|error| Problem::unavailable(&error))?;
    let mut response = json.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
