//! `/revocations`: taking back what was given out.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::problem::Problem;
use super::sent::{json, uncached};
use super::told::About;
use crate::access::revoked::{Revocation, Revoke};
use crate::store::Store;

/// What to take back: one of them.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Revoke)]
pub(super) struct Sent {
    /// The id of a token or session, with all that was made from it.
    #[schema(value_type = Option<String>, min_length = 1)]
    credential: Option<Box<str>>,
    /// All that this user was given until now.
    #[schema(value_type = Option<String>, min_length = 1)]
    user: Option<Box<str>>,
    /// All that anybody was given until now.
    all: Option<bool>,
    /// When the token ends by itself, after which nothing needs to be remembered.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Timestamp>,
}

/// What was taken back.
#[derive(Serialize, ToSchema)]
pub(super) struct Revocations {
    #[schema(value_type = Vec<Object>)]
    revocations: Vec<Revocation>,
}

/// What was taken back.
#[utoipa::path(get, path = "", responses(
    (status = 200, description = "All that would still be good", body = Revocations),
))]
pub(super) async fn list<S: Store>(State(app): State<App<S>>) -> Response {
    uncached(Json(Revocations { revocations: app.sign_in.revoked().list() }))
}

/// Takes back a token, a session, or all of a user or of everybody.
#[utoipa::path(post, path = "",
    request_body(content = Sent, content_type = "application/json"),
    responses((status = 204, description = "It is taken back, and its streams end"), (status = 507)),
)]
pub(super) async fn add<S: Store>(
    State(app): State<App<S>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let Sent { credential, user, all, expires } = json(body)?;
    let what = match (credential, user, all) {
        (Some(id), None, None) if !id.is_empty() => Revoke::Credential(id),
        (None, Some(user), None) if !user.is_empty() => Revoke::User(user),
        (None, None, Some(true)) => Revoke::All(true),
        _ => {
            let detail = "write one of {\"credential\": \"ID\"}, {\"user\": \"NAME\"} and \
                          {\"all\": true}";
            return Err(Problem::bad_request(detail));
        }
    };
    if expires.is_some() && !matches!(what, Revoke::Credential(_)) {
        return Err(Problem::bad_request("`expires` is of one `credential`"));
    }
    let about = about(&what);
    let revocation = Revocation { expires, ..Revocation::new(what) };
    let done = app.sign_in.revoked().revoke(revocation).await;
    done?;
    Ok((Extension(about), StatusCode::NO_CONTENT).into_response())
}

/// As the audit has it.
fn about(what: &Revoke) -> About {
    About(match what {
        Revoke::Credential(id) => format!("credential {id}"),
        Revoke::User(user) => format!("user {user}"),
        Revoke::All(_) => "all".to_owned(),
    })
}
