//! The rows and refusals, as the description of the server has them.
#![allow(dead_code, reason = "they are described, and written and read by others")]

use std::collections::HashMap;

use serde_json::Value;
use utoipa::ToSchema;

/// A row: what its writer sent, or what stands in the database, and where it belongs.
#[derive(ToSchema)]
pub(in crate::http) struct Row {
    /// Its id: no other row of its workflow has the same.
    id: String,
    #[schema(required)]
    workspace_id: Value,
    #[schema(required)]
    workflow_id: Value,
    /// When it happened, as in `2025-09-22T08:54:01.2Z`, unless the database has something else there.
    date: Option<Value>,
    /// `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`, unless the database has something else there.
    level: Option<Value>,
    /// The kind of thing that happened.
    r#type: Option<Value>,
    /// What happened, in words.
    message: Option<Value>,
    /// Whatever else it says.
    #[serde(flatten)]
    more: HashMap<String, Value>,
}

/// A row to be written.
#[derive(ToSchema)]
pub(in crate::http) struct NewRow {
    /// What happened, in words.
    message: String,
    /// An id of your own, that no other row of the workflow has: a row that is sent again under it is
    /// not written twice.
    #[schema(min_length = 1, max_length = 128)]
    id: Option<String>,
    /// When it happened; now, if that is not said.
    #[schema(format = DateTime)]
    date: Option<String>,
    /// `INFO`, if that is not said.
    #[schema(inline)]
    level: Option<Level>,
    /// The kind of thing that happened, such as `stage` or `progress`.
    r#type: Option<String>,
    /// Whatever else there is to say, which is kept as it is.
    #[serde(flatten)]
    more: HashMap<String, Value>,
}

/// How much a row matters.
#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
pub(in crate::http) enum Level {
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}
