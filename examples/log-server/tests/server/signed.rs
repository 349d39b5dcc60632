//! The program with users, and requests of theirs.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use jsonwebtoken::{EncodingKey, Header};
use log_server::access::tokens::TokenHash;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::http::{self, Answer, Connection};
use crate::server::Server;
use crate::store::{LOGS, Store, Writer};

const SECRET: &str = "a secret of 32 bytes or more for HS256";

/// How long anything that is to come may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A token of the configuration that may read and append in the workspace of the tests.
pub(crate) const ANN: &str = "token-of-ann";

/// One that may do so in another workspace.
pub(crate) const BOB: &str = "token-of-bob";

/// One that may operate the server.
pub(crate) const OPERATOR: &str = "token-of-an-operator";

pub(crate) struct Signed {
    pub(crate) server: Server,
    pub(crate) writer: Writer,
    pub(crate) folder: TempDir,
    _store: Store,
}

impl Signed {
    pub(crate) async fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::sqlite();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        private(&secret);
        let config = folder.path().join("config.toml");
        std::fs::write(&config, configuration(&secret, more)).unwrap();
        let (store_address, config) = (store.address(), config.to_str().unwrap().to_owned());
        let arguments = ["--store", &store_address, "--config", &config, "--heartbeat", "200ms"];
        let server = Server::start(&arguments);
        let writer = store.writer().await;
        Self { server, writer, folder, _store: store }
    }

    /// Writes the configuration anew, for the next start.
    pub(crate) fn configure(&self, change: impl FnOnce(String) -> String) {
        let path = self.folder.path().join("config.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, change(text)).unwrap();
    }

    pub(crate) async fn send(&self, ask: Ask) -> (Response<Incoming>, Connection) {
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let body = Full::new(ask.body.into());
        http::send(self.server.address, request.body(body).unwrap()).await.unwrap()
    }

    pub(crate) async fn answer(&self, ask: Ask) -> Answer {
        let (response, _connection) = self.send(ask).await;
        let content_type = response.headers().get("content-type");
        Answer {
            status: response.status().as_u16(),
            content_type: content_type.map_or("", |value| value.to_str().unwrap()).to_owned(),
            text: String::from_utf8(response.collect().await.unwrap().to_bytes().into()).unwrap(),
        }
    }

    pub(crate) async fn status(&self, ask: Ask) -> u16 {
        self.send(ask).await.0.status().as_u16()
    }

    /// Signs in; the cookie as a browser sends it back.
    pub(crate) async fn session(&self, token: &str) -> String {
        let (response, _connection) = self.send(Ask::post("/session").bearer(token)).await;
        assert_eq!(response.status(), 204);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(crate) async fn ticket(&self, ask: Ask) -> String {
        let answer = self.answer(ask).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["ticket"].as_str().unwrap().to_owned()
    }

    /// A stream that is open.
    pub(crate) async fn stream(&self, ask: Ask) -> (Response<Incoming>, Connection) {
        let opened = self.send(ask).await;
        assert_eq!(opened.0.status(), 200);
        opened
    }
}

/// All that comes on a stream, which is to end by itself.
pub(crate) async fn to_its_end(stream: (Response<Incoming>, Connection)) -> String {
    let collected = timeout(PATIENCE, stream.0.collect()).await.expect("it ends");
    String::from_utf8(collected.unwrap().to_bytes().into()).unwrap()
}

/// The reason with which a stream ends.
pub(crate) async fn denied(stream: (Response<Incoming>, Connection)) -> String {
    let text = to_its_end(stream).await;
    let (_, data) = text.rsplit_once("event: denied\ndata: ").unwrap_or_else(|| panic!("{text}"));
    let data: Value = serde_json::from_str(data.lines().next().unwrap()).unwrap();
    data["reason"].as_str().unwrap().to_owned()
}

/// A request.
#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Ask {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self.header("content-type", "application/json")
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }
}

/// A signed token of this user, who may read where the tests write.
#[expect(clippy::needless_pass_by_value, reason = "they are written where this is called")]
pub(crate) fn signed(user: &str, more: Value) -> String {
    let mut claims = json!({
        "sub": user, "aud": "logs", "exp": jiff::Timestamp::now().as_second() + 600,
        "workspaces": ["etl"],
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
}

pub(crate) fn stream_path() -> String {
    format!("{LOGS}/stream")
}

fn configuration(secret: &std::path::Path, more: &str) -> String {
    let token = |name: &str, token: &str, workspace: &str, rights: &str| {
        let hash = TokenHash::of(token);
        format!(
            "[[token]]\nname = \"the-token-of-{name}\"\nuser = \"{name}\"\nsha256 = \"{hash}\"\n\
             workspaces = [\"{workspace}\"]\nrights = [{rights}]\n"
        )
    };
    let tokens = [
        token("ann", ANN, "etl", "\"read\", \"append\""),
        token("bob", BOB, "crm", "\"read\", \"append\""),
        token("root", OPERATOR, "etl", "\"operate\""),
    ];
    format!(
        "{}\n[jwt]\nsecret-file = '{}'\naudience = \"logs\"\n\
         workspaces-claim = \"workspaces\"\nleeway = \"0s\"\n{more}\n",
        tokens.concat(),
        secret.display()
    )
}

fn private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
