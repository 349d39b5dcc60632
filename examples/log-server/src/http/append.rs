//! `POST …/logs`: one row, or one a line.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use gapless_sse_core::follow::SourceError;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::asked::Asked;
use super::kind::Kind;
use super::openapi::{parameters, shapes};
use super::path::Workflow;
use super::posted::{self, Posted};
use super::problem::Problem;
use super::told;
use crate::access::Place;
use crate::row::Writer;
use crate::store::{AppendError, Store};

pub(super) use super::posted::LARGEST_BODY;

/// The most characters of the name of a workspace or workflow.
const LONGEST_NAME: usize = 255;

/// That rows were written.
#[derive(Serialize, ToSchema)]
pub(super) struct Written {
    /// Their ids, in the order in which they were sent.
    ids: Vec<String>,
}

/// Writes one row, or one a line.
///
/// Rows that are sent again under the same `Idempotency-Key`, or with the same ids, are not written
/// twice, and are answered with the same ids.
#[utoipa::path(post, path = "", params(parameters::Sent),
    request_body(content(
        (shapes::NewRow = "application/json"),
        (String = "application/x-ndjson"),
    )),
    responses(
        (status = 201, description = "All are written", body = Written),
        (status = 409), (status = 415), (status = 422),
    ),
)]
pub(super) async fn append<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
    workflow: Workflow,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match write(&app, &asked, &workflow, &headers, body).await {
        Ok(ids) => {
            let written = Extension(told::Written(ids.len()));
            (StatusCode::CREATED, written, Json(Written { ids })).into_response()
        }
        Err(Failed { problem, written }) => {
            let mut response = (Extension(told::Written(written)), problem).into_response();
            if response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
                let known = HeaderValue::from_static("gzip");
                response.headers_mut().insert(header::ACCEPT_ENCODING, known);
            }
            response
        }
    }
}

/// Why not all rows were written, and how many were.
struct Failed {
    problem: Problem,
    written: usize,
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self { problem, written: 0 }
    }
}

async fn write<S: Store>(
    app: &App<S>,
    asked: &Asked,
    workflow: &Workflow,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Vec<String>, Failed> {
    let topic = workflow.topic();
    check_name("workspace", topic.space())?;
    check_name("workflow", topic.name())?;
    let body = body.map_err(|_| Problem::too_large(LARGEST_BODY, "bytes"))?;
    let caller = asked.let_pass()?;
    let writer = Writer::of(caller, &Place::from(&topic), app.searches.fields());
    let writer = writer.map_err(Problem::from)?;
    let Posted { mut rows, lines } = posted::read(headers, body).await?;
    let count = rows.len();
    for (row, line) in rows.iter_mut().zip(&lines) {
        writer.sign(row).map_err(|wrong| {
            let detail = format!("line {line}: {wrong}; none of the {count} lines was written");
            Problem::new(Kind::ROW_NOT_YOURS, detail)
        })?;
    }
    let written = app.log.source().append(&topic, rows).await;
    written.map_err(|error| {
        let written = match &error {
            AppendError::Refused { written, .. } | AppendError::Conflict { written, .. } => {
                *written
            }
            AppendError::Store(_) | AppendError::Busy(_) => 0,
        };
        Failed { problem: refusal(&error, &lines, count), written }
    })
}

/// Refuses names that people could not read or type.
fn check_name(what: &str, name: &str) -> Result<(), Problem> {
    let wrong = if let Some(control) = name.chars().find(|character| character.is_control()) {
        format!("holds the control character {control:?}; leave it out")
    } else if name.chars().count() > LONGEST_NAME {
        format!("has more than {LONGEST_NAME} characters; take a shorter one")
    } else {
        return Ok(());
    };
    Err(Problem::bad_request(format!("the name of the {what} {wrong}")))
}

/// Why rows were not written, with the line of the one that is wrong.
fn refusal<E: SourceError>(error: &AppendError<E>, lines: &[usize], count: usize) -> Problem {
    let of = |row: usize, written: usize| {
        let line = lines.get(row).copied().unwrap_or_default();
        let written = match written {
            0 => format!("none of the {count} lines was written"),
            some => format!("the first {some} of the {count} lines were written, and no other"),
        };
        format!("line {line}: {error}; {written}")
    };
    match error {
        AppendError::Store(store) => Problem::unavailable(store),
        AppendError::Busy(_) => Problem::new(Kind::BUSY, error),
        AppendError::Refused { row, written, .. } => {
            Problem::new(Kind::ROW_REFUSED, of(*row, *written))
        }
        AppendError::Conflict { row, written, .. } => {
            Problem::new(Kind::ID_TAKEN, of(*row, *written))
        }
    }
}
