//! `/revocations`: taking back what was given out.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::problem::Problem;
use super::sent::{json, uncached};
use super::told::About;
use crate::access::revoked::{Revocation, Revoke};
use crate::store::Store;

/// What to take back: one of them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sent {
    credential: Option<Box<str>>,
    user: Option<Box<str>>,
    all: Option<bool>,
    /// When the token ends by itself, after which nothing needs to be remembered.
    expires: Option<Timestamp>,
}

pub(super) async fn list<S: Store>(State(app): State<App<S>>) -> Response {
    uncached(Json(json!({ "revocations": app.sign_in.revoked().list() })))
}

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
