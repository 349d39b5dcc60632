//! `POST …/logs`: one row, or one a line.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::App;
use super::path::Workflow;
use super::problem::Problem;
use crate::row::NewRow;
use crate::store::Store;

/// The largest request.
pub(super) const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The most rows of one request.
const MOST_ROWS: usize = 10_000;

pub(super) async fn append<S: Store>(
    State(app): State<App<S>>,
    workflow: Workflow,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let body = body.map_err(|_| Problem::too_large(LARGEST_BODY, "bytes"))?;
    let text = std::str::from_utf8(&body)
        .map_err(|error| Problem::bad_request(format!("the body is not UTF-8: {error}")))?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let rows = read(text, content_type)?;
    let written = app.log.source().append(&workflow.topic(), rows).await;
    written
        .map(|ids| (StatusCode::CREATED, Json(json!({ "ids": ids }))))
        .map_err(|error| Problem::bad_request(&error))
}

fn read(text: &str, content_type: Option<&str>) -> Result<Vec<NewRow>, Problem> {
    // None is none of ours: a page of another site may send that without asking.
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let now = Timestamp::now();
    let rows = match media_type.to_ascii_lowercase().as_str() {
        "application/json" => {
            vec![NewRow::from_json(text, now).map_err(Problem::bad_request)?]
        }
        "application/x-ndjson" | "application/ndjson" => text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .take(MOST_ROWS + 1)
            .map(|(at, line)| {
                NewRow::from_json(line, now)
                    .map_err(|wrong| Problem::bad_request(format!("line {}: {wrong}", at + 1)))
            })
            .collect::<Result<_, _>>()?,
        other => {
            return Err(Problem::bad_request(format!(
                "the content type is {other:?}; send application/json for one row or \
                 application/x-ndjson for one a line"
            )));
        }
    };
    if rows.len() > MOST_ROWS {
        return Err(Problem::too_large(MOST_ROWS, "rows"));
    }
    if rows.is_empty() {
        Err(Problem::bad_request("there is no row in the body"))
    } else {
        Ok(rows)
    }
}
