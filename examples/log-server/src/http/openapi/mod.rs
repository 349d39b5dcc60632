//! `/openapi.json`: the server as programs read it, made of its routes.

mod document;
mod events;
pub(super) mod parameters;
pub(super) mod shapes;

use std::sync::Arc;

use axum::Extension;
use axum::response::IntoResponse;
use http::header;

use super::problem::Problem;

pub(super) use document::Route;
use document::document;

/// The description, as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Description(Arc<Result<String, serde_json::Error>>);

impl Description {
    /// Of these routes, of a server to which somebody has to sign in, or nobody.
    pub(super) fn of<'a>(routes: impl IntoIterator<Item = Route<'a>>, needs_sign_in: bool) -> Self {
        Self(Arc::new(document(routes, needs_sign_in)))
    }
}

/// This description, in OpenAPI 3.1.
#[utoipa::path(get, path = "", responses(
    (status = 200, description = "The description", content_type = "application/json", body = Object),
))]
pub(super) async fn show(
    Extension(Description(document)): Extension<Description>,
) -> Result<impl IntoResponse, Problem> {
    let document = document.as_ref().as_ref().map_err(|error| Problem::defect(error))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document.clone()))
}
