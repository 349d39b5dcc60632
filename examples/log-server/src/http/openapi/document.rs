//! The description of all routes, put together.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;

use super::{events, shapes};
use crate::access::Right;
use crate::http::kind::Kind;
use crate::http::{
    append, context, counts, health, lists, logs, pages, problem, problems, revocations, session,
    ticket,
};

const ABOUT: &str = "\
The logs of workflows, as pages of history and live.\n\n\
What is refused is `application/problem+json`: its `type` leads to what it means, and `/problems` lists \
all of them. A parameter that a path does not know is refused, unless it begins with `_`.";

/// What is sent and answered, by name.
#[derive(OpenApi)]
#[openapi(components(schemas(
    append::Written,
    context::Context<'_>,
    counts::Counts,
    health::Health,
    health::Ready,
    lists::Workflows,
    lists::Workspaces,
    pages::Page<'_>,
    problem::Said,
    problems::Kinds,
    revocations::Revocations,
    revocations::Sent,
    session::Session,
    session::Token,
    shapes::NewRow,
    shapes::Row,
    ticket::For,
    ticket::Ticket,
)))]
struct Shapes;

/// A method of a path, for its description.
pub(in crate::http) struct Route<'a> {
    pub(in crate::http) method: &'a Method,
    pub(in crate::http) path: &'a str,
    pub(in crate::http) need: Option<Right>,
    pub(in crate::http) operation: &'a Operation,
}

/// The description in OpenAPI 3.1, the same for the same routes; for a server to which somebody has
/// to sign in, or nobody.
pub(super) fn document<'a>(
    routes: impl IntoIterator<Item = Route<'a>>,
    needs_sign_in: bool,
) -> Result<String, serde_json::Error> {
    let mut paths = BTreeMap::<&str, BTreeMap<String, Value>>::new();
    for route in routes {
        let method = route.method.as_str().to_ascii_lowercase();
        paths.entry(route.path).or_default().insert(method, operation(&route, needs_sign_in)?);
    }
    let mut schemas: BTreeMap<String, Value> = match Shapes::openapi().components {
        Some(components) => serde_json::from_value(json!(components.schemas))?,
        None => BTreeMap::new(),
    };
    shapes::tie_together(&mut schemas);
    schemas.extend(events::schemas().into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "log-server", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": refusals(),
            "securitySchemes": ways(),
        },
    });
    serde_json::to_string(&document)
}

fn operation(route: &Route<'_>, needs_sign_in: bool) -> Result<Value, serde_json::Error> {
    let mut operation = serde_json::to_value(route.operation)?;
    operation["operationId"] = json!(id(route.method, route.path));
    let mut parameters = names(route.path).map(in_path).collect::<Vec<_>>();
    if is_of_a_workspace(route.path) {
        parameters.push(workflows());
    }
    if let Some(Value::Array(more)) = operation.get_mut("parameters") {
        parameters.append(more);
    }
    operation["parameters"] = json!(parameters);
    // What must be said exactly once is said by the right, whoever describes the path.
    let ways = [json!({ "bearer": [] }), json!({ "session": [] }), json!({ "ticket": [] })];
    let signed = needs_sign_in && route.need.is_some();
    operation["security"] = if signed { json!(ways) } else { json!([]) };
    if let Some(right) = route.need {
        operation["x-right"] = json!(right.as_str());
    }
    let has_body = operation.get("requestBody").is_some();
    if let Some(body) = operation.get_mut("requestBody") {
        // Those of signing in may be left out.
        body["required"] = json!(route.path.starts_with("/wfm/") || route.path == "/revocations");
    }
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        stream(responses);
        for status in refused(route, has_body) {
            responses.insert(status.as_str().to_owned(), refusal(status));
        }
        // Those that only this path makes.
        for (status, response) in responses.iter_mut() {
            let status = status.parse().ok().filter(|status: &StatusCode| is_refusal(*status));
            if let Some(status) = status {
                *response = refusal(status);
            }
        }
        responses.sort_keys();
    }
    Ok(operation)
}

/// A name that stays as long as method and path do.
fn id(method: &Method, path: &str) -> String {
    let parts = path.split(['/', '.']).filter(|part| !part.is_empty() && !part.starts_with("wfm"));
    let parts = parts.map(|part| part.trim_matches(['{', '}']).replace('-', "_"));
    let path = parts.collect::<Vec<_>>().join("_");
    format!("{}_{path}", method.as_str().to_ascii_lowercase())
}

/// The names in braces.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn in_path(name: &str) -> Value {
    let about = match name {
        "workspace" => "The workspace.",
        "workflow" => "The workflow.",
        "kind" => "The end of the `type` of a problem.",
        "id" => "The id of a row.",
        _ => "",
    };
    let schema = json!({ "type": "string", "minLength": 1 });
    json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema })
}

/// Whether it is about the logs of a whole workspace, or of those workflows that the query names.
fn is_of_a_workspace(path: &str) -> bool {
    path.contains("/{workspace}/logs")
}

fn workflows() -> Value {
    json!({
        "name": logs::WORKFLOW, "in": "query",
        "description": "These workflows of the workspace, 1,000 at most; without it all, and those to come.",
        "schema": { "type": "array", "items": { "type": "string", "minLength": 1 } },
    })
}

/// What any path of its kind may be refused by.
fn refused(route: &Route<'_>, has_body: bool) -> BTreeSet<StatusCode> {
    let always = [
        StatusCode::BAD_REQUEST,
        StatusCode::URI_TOO_LONG,
        StatusCode::MISDIRECTED_REQUEST,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    let mut refused = BTreeSet::from(always);
    if route.need.is_some() {
        refused.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]);
    }
    if !route.method.is_safe() {
        // Another site's page may ask.
        refused.insert(StatusCode::FORBIDDEN);
    }
    if has_body {
        refused.extend([StatusCode::REQUEST_TIMEOUT, StatusCode::PAYLOAD_TOO_LARGE]);
    }
    refused
}

fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

fn refusal(status: StatusCode) -> Value {
    json!({ "$ref": format!("#/components/responses/Refused{}", status.as_str()) })
}

/// The refusals of each status, with the kinds of problems that have it.
fn refusals() -> BTreeMap<String, Value> {
    let statuses: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.status).collect();
    let of = |status: StatusCode| {
        let kinds = || Kind::ALL.iter().filter(move |kind| kind.status == status);
        let lines = kinds().map(|kind| format!("- `{}`: {}", kind.uri(), kind.means));
        let about = lines.collect::<Vec<_>>().join("\n");
        let types: Vec<_> = kinds().map(|kind| kind.uri()).collect();
        let schema = json!({
            "allOf": [{ "$ref": "#/components/schemas/Problem" }],
            "properties": { "type": { "enum": types }, "status": { "const": status.as_u16() } },
        });
        let mut response = json!({
            "description": about,
            "content": { "application/problem+json": { "schema": schema } },
        });
        if kinds().any(|kind| kind.passing) {
            response["headers"] = json!({ "Retry-After": {
                "description": "After how many seconds to ask again, if the cause ends by itself.",
                "schema": { "type": "integer", "minimum": 0 },
            }});
        }
        (format!("Refused{}", status.as_str()), response)
    };
    statuses.into_iter().map(of).collect()
}

/// Says of a stream what its events are.
fn stream(responses: &mut Map<String, Value>) {
    let content = responses.get_mut("200").and_then(|response| response.get_mut("content"));
    if let Some(stream) = content.and_then(|content| content.get_mut("text/event-stream")) {
        stream["schema"] = json!({ "$ref": "#/components/schemas/Events" });
    }
}

/// The ways of signing in, as a request shows them.
fn ways() -> Value {
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer",
            "description": "A token of the configuration, or a signed token (JWT). A service that \
                            decides may go by whatever it knows instead.",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "log_session",
            "description": "The cookie that `POST /session` sets for a token, for browsers.",
        },
        "ticket": {
            "type": "apiKey", "in": "query", "name": "ticket",
            "description": "What `POST /ticket` gives, good once and for a short while, for clients \
                            that can send neither header nor cookie.",
        },
    })
}
