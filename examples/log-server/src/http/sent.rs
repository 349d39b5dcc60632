//! Small bodies of JSON, and answers that nobody keeps.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::problem::Problem;

/// The most bytes of a body that signs in or out.
pub(super) const LARGEST: usize = 32 << 10;

pub(super) fn uncached(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    let never = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, never);
    response
}

/// A body that is a JSON object, or is left out.
pub(super) fn json<T: Default + for<'de> Deserialize<'de>>(
    body: Result<Bytes, BytesRejection>,
) -> Result<T, Problem> {
    let body = body.map_err(|_| Problem::too_large(LARGEST, "bytes"))?;
    if body.is_empty() {
        return Ok(T::default());
    }
    object(&body).map_err(Problem::bad_request)
}

/// Reads an object. Left to itself, serde takes a list for one, whose fields are in their order.
pub(super) fn object<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, serde_json::Error> {
    let fields: Map<String, Value> = serde_json::from_slice(body)?;
    serde_json::from_value(Value::Object(fields))
}
