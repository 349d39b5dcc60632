//! `/session`: signing in with a browser, and out.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use cookie::Cookie;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::asked::Asked;
use super::kind::Kind;
use super::problem::Problem;
use super::sent::{self, uncached};
use crate::access::revoked::{Revocation, Revoke};
use crate::access::{Caller, Credentials, Denied, Place, Reason, Right};
use crate::store::Store;

/// Who asks, and what he may.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    user: String,
    /// The way by which he is known: `token`, `jwt`, `ticket`, `session`, `forward`, or `nothing`.
    known_by: &'static str,
    /// When his sign-in ends by itself.
    #[schema(required, format = DateTime)]
    expires: Option<String>,
    /// What he may somewhere: `read`, `append`, `operate`.
    rights: Vec<&'static str>,
    /// How one may sign in here.
    ways: Vec<&'static str>,
}

/// Who asks, and what he may.
#[utoipa::path(get, path = "", responses(
    (status = 200, description = "It is known who asks", body = Session),
    (status = 401), (status = 403),
))]
pub(super) async fn show<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
) -> Result<Response, Problem> {
    let caller = app.access.identify(asked.credentials(), Right::Read, &Place::default()).await;
    let caller = caller.map_err(|denied| Problem::from(denied).with_ways(app.sign_in.ways()))?;
    asked.is_from(caller.clone());
    let rights = Right::ALL.into_iter().filter(|right| is_somewhere(&caller, *right));
    let body = Session {
        user: caller.user.to_string(),
        known_by: caller.known_by.as_str(),
        expires: caller.expires.map(|end| end.to_string()),
        rights: rights.map(Right::as_str).collect(),
        ways: app.sign_in.ways().names().to_vec(),
    };
    Ok(uncached(Json(body)))
}

/// Sets the cookie of a session for whoever has the token.
///
/// The token comes in `Authorization`, or else in the body.
#[utoipa::path(post, path = "",
    request_body(content = Token, content_type = "application/json"),
    responses(
        (status = 204, description = "The cookie is set"),
        (status = 401), (status = 409), (status = 415), (status = 422),
    ),
)]
pub(super) async fn begin<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    if !app.access.needs_sign_in() {
        let detail = "nobody has to sign in to this server";
        return Err(Problem::new(Kind::NO_SIGN_IN, detail));
    }
    let credentials = token(&headers, body)?;
    let caller = app.access.identify(&credentials, Right::Read, &Place::default()).await?;
    let begun = app.sign_in.sessions().begin(&caller, asked.client().is_https());
    asked.is_from(caller);
    let cookie = begun.map_err(|error| Problem::new(Kind::NO_SESSION, error))?;
    with_cookie(uncached(StatusCode::NO_CONTENT), &cookie)
}

/// Ends the session of the cookie, with its streams, and takes the cookie back.
#[utoipa::path(delete, path = "", responses(
    (status = 204, description = "There is no session any more"), (status = 507),
))]
pub(super) async fn end<S: Store>(
    State(app): State<App<S>>,
    asked: Asked,
) -> Result<Response, Problem> {
    let sessions = app.sign_in.sessions();
    let answer = match sessions.find(&asked.credentials().headers) {
        Ok(Some(session)) => {
            let revocation = Revocation {
                expires: session.expires,
                ended_by: Some(session.user.clone()),
                ..Revocation::new(Revoke::Credential(session.credential.clone()))
            };
            asked.is_from(session.into());
            match app.sign_in.revoked().revoke(revocation).await {
                Ok(()) => StatusCode::NO_CONTENT.into_response(),
                Err(error) => Problem::from(error).into_response(),
            }
        }
        // What is over needs no end.
        Ok(None) | Err(_) => StatusCode::NO_CONTENT.into_response(),
    };
    with_cookie(uncached(answer), &sessions.end(asked.client().is_https()))
}

/// A sign-in, for a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    /// A token of the configuration, or a signed one; as it would stand in a header.
    #[schema(pattern = r"^[^\x00-\x08\x0A-\x1F\x7F]*$")]
    token: String,
}

/// The token of the request: in `Authorization`, or else in a body of JSON. A body is to be right
/// even where it does not count.
fn token(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Credentials, Problem> {
    let mut only = HeaderMap::new();
    let authorization = headers.get(header::AUTHORIZATION);
    let body = body.map_err(|_| Problem::too_large(sent::LARGEST, "bytes"))?;
    if body.is_empty() {
        if let Some(value) = authorization {
            only.insert(header::AUTHORIZATION, value.clone());
            return Ok(Credentials::of(&only, None));
        }
        let words = "bring a token: `Authorization: Bearer …`, or {\"token\": \"…\"}";
        return Err(Denied::new(Reason::Unknown, words).into());
    }
    // Pages of other sites cannot send this type unasked.
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = content_type.map(|value| value.split(';').next().unwrap_or_default().trim());
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        let detail = "send {\"token\": \"…\"} as application/json";
        return Err(Problem::new(Kind::MEDIA_TYPE, detail));
    }
    // What is wrong with it might repeat it.
    let wrong = || Problem::bad_request("the body is to be {\"token\": \"…\"} and no more");
    let Token { token } = sent::object(&body).map_err(|_| wrong())?;
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| wrong())?;
    value.set_sensitive(true);
    only.insert(header::AUTHORIZATION, authorization.cloned().unwrap_or(value));
    Ok(Credentials::of(&only, None))
}

fn is_somewhere(caller: &Caller, right: Right) -> bool {
    caller.grants.allow(right, &Place::default())
}

fn with_cookie(mut response: Response, cookie: &Cookie<'_>) -> Result<Response, Problem> {
    let value = HeaderValue::try_from(cookie.to_string());
    let mut value = value.map_err(|error| Problem::defect(&error))?;
    value.set_sensitive(true);
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(response)
}
