//! The rows and refusals, as the description of the server has them.
#![allow(dead_code, reason = "they are described, and written and read by others")]

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
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
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9_.:~/+=@-]*[A-Za-z_.:~/+=@-][A-Za-z0-9_.:~/+=@-]*$"
    )]
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

/// Says which fields of a body go together, which is more than one field says.
pub(super) fn tie_together(schemas: &mut BTreeMap<String, Value>) {
    let (text, none) = (json!({ "type": "string" }), json!({ "type": "null" }));
    let one = |name: &str, mut fields: Value| {
        for other in ["credential", "user", "all"].iter().filter(|other| **other != name) {
            fields[other] = none.clone();
        }
        json!({ "required": [name], "properties": fields })
    };
    if let Some(revoke) = schemas.get_mut("Revoke") {
        revoke["oneOf"] = json!([
            one("credential", json!({ "credential": text })),
            one("user", json!({ "user": text, "expires": none })),
            one("all", json!({ "all": { "const": true }, "expires": none })),
        ]);
    }
    if let Some(ticket) = schemas.get_mut("For") {
        ticket["anyOf"] = json!([
            { "properties": { "workflow": none } },
            { "required": ["workspace"], "properties": { "workspace": text } },
        ]);
    }
}
