//! Whether the server is well.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::App;
use super::problem::Problem;
use crate::store::Store;

/// The process answers: restarting it would not help.
pub(super) async fn healthz<S: Store>(State(app): State<App<S>>) -> Json<Value> {
    Json(json!({ "status": "ok", "store": app.store, "streams": app.log.stats().open }))
}

/// The store answers: requests may be sent here.
pub(super) async fn readyz<S: Store>(State(app): State<App<S>>) -> Result<Json<Value>, Problem> {
    match app.log.source().epoch().await {
        Ok(_) => Ok(Json(json!({ "status": "ready" }))),
        Err(error) => Err(Problem::unavailable(&error)),
    }
}
