//! The ways in which one may sign in.

use std::collections::HashMap;

use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use http_body_util::Full;
use hyper::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header};
use log_server::access::Right;
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::task::JoinHandle;

use super::matrix::may;
use super::setup::{Guarded, bearer};
use crate::http;

/// What a request brings; `ticket` goes into its query.
pub(super) type Headers = Vec<(&'static str, String)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Token,
    Jwt,
    Forward,
    Session,
    Ticket,
}

impl Way {
    pub(super) const ALL: [Self; 5] =
        [Self::Token, Self::Jwt, Self::Forward, Self::Session, Self::Ticket];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Jwt => "jwt",
            Self::Forward => "forward",
            Self::Session => "session",
            Self::Ticket => "ticket",
        }
    }

    /// What a request of this user brings, who has this token; each time anew.
    pub(super) async fn headers(
        self,
        guarded: &Guarded,
        user: &str,
        token: &str,
        secret: &NamedTempFile,
    ) -> Headers {
        match self {
            Self::Token => vec![("authorization", bearer(token))],
            Self::Jwt => vec![("authorization", bearer(&signed(user, secret)))],
            Self::Forward => vec![("authorization", bearer(&format!("forward-{user}")))],
            Self::Session => vec![("cookie", session(guarded, token).await)],
            Self::Ticket => vec![("ticket", ticket(guarded, token).await)],
        }
    }
}

/// The cookie of a new session.
async fn session(guarded: &Guarded, token: &str) -> String {
    let request = Request::post("/session").header("authorization", bearer(token));
    let request = request.body(Full::default()).unwrap();
    let (response, _connection) = http::send(guarded.server.address, request).await.unwrap();
    assert_eq!(response.status(), 204);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn ticket(guarded: &Guarded, token: &str) -> String {
    let answer = guarded.post("/ticket", token, "").await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["ticket"].as_str().unwrap().to_owned()
}

/// What signed tokens are signed with.
pub(super) fn secret() -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(&file, "a secret of whoever signs tokens, and of this server").unwrap();
    file
}

fn signed(user: &str, secret: &NamedTempFile) -> String {
    let workspaces: Vec<_> = ["etl", "ml", "ops"]
        .into_iter()
        .filter(|name| may(user, Right::Read, Some(name)))
        .collect();
    let rights = Right::ALL.into_iter().filter(|right| may(user, *right, None));
    let claims = json!({
        "sub": user,
        "exp": Timestamp::now().as_second() + 3600,
        "workspaces": workspaces,
        "rights": rights.map(Right::as_str).collect::<Vec<_>>(),
    });
    let key = EncodingKey::from_secret(&std::fs::read(secret).unwrap());
    jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
}

/// A service that knows the users by tokens of its own.
pub(super) struct Service {
    address: String,
    serving: JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Service {
    pub(super) async fn start() -> Self {
        let listener = gapless_sse_axum::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().route("/auth", get(decide));
        let serving = gapless_sse_axum::serve(listener, router, std::future::pending());
        Self { address, serving: tokio::spawn(serving) }
    }
}

async fn decide(
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> (StatusCode, [(&'static str, String); 2]) {
    let known = headers.get("authorization").and_then(|value| value.to_str().ok());
    let user = known.and_then(|value| value.strip_prefix("Bearer forward-"));
    let said = |user: &str| [("log-user", user.to_owned()), ("log-workflows", "*".to_owned())];
    let Some(user) = user else { return (StatusCode::UNAUTHORIZED, said("")) };
    let workspace = Some(&*asked["workspace"]).filter(|name| !name.is_empty());
    let right = asked["right"].parse().unwrap();
    let status = if may(user, right, workspace) { StatusCode::OK } else { StatusCode::FORBIDDEN };
    (status, said(user))
}

/// The configuration of all but the tokens.
pub(super) fn config(service: &Service, secret: &NamedTempFile) -> String {
    let secret = secret.path().display();
    let forward_auth = forward_auth(service);
    format!(
        "[jwt]\n\
         secret-file = \"{secret}\"\n\
         workspaces-claim = \"workspaces\"\n\
         rights-claim = \"rights\"\n\
         {forward_auth}"
    )
}

/// The configuration of the service.
pub(super) fn forward_auth(Service { address, .. }: &Service) -> String {
    format!(
        "[forward-auth]\nurl = \"http://{address}/auth?right={{right}}&workspace={{workspace}}\"\n"
    )
}
