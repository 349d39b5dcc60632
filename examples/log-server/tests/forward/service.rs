//! The Flask service, its users, and what it is asked.

use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use log_server::access::forward::{Forward, ForwardAuth};
use log_server::access::{Caller, Credentials, Denied, Place, Right};
use serde_json::{Value, json};
use testbed::Flask;

/// Longer than any test.
pub(crate) const LONG: Duration = Duration::from_secs(3600);

/// The Flask service with two users: `ann` may read and append in `etl` and read in `billing`, and
/// `bob` may read in `crm`.
pub(crate) struct Service {
    pub(crate) flask: Flask,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self { flask: Flask::start(&two_users().to_string(), None).unwrap() }
    }

    /// Gives it other users, from its next request on.
    pub(crate) fn has_users(&self, users: &Value) {
        self.flask.has_users(&users.to_string()).unwrap();
    }

    /// How it is asked.
    pub(crate) fn config(&self) -> ForwardAuth {
        let query = "workspace={workspace}&workflow={workflow}&right={right}";
        ForwardAuth::at(format!("http://{}/auth/logs?{query}", self.flask.address))
    }

    /// How often it was asked since it was started.
    pub(crate) fn asked(&self) -> usize {
        self.flask.answers("GET /auth/logs").unwrap().len()
    }
}

pub(crate) fn two_users() -> Value {
    json!({
        "ann": {
            "token": "token-of-ann",
            "workspaces": { "etl": ["read", "append"], "billing": ["read"] },
            "rows": { "owner": "ann" },
        },
        "bob": { "token": "token-of-bob", "workspaces": { "crm": ["read"] } },
    })
}

pub(crate) fn forward(config: &ForwardAuth) -> Forward {
    Forward::new(config, b"a secret").unwrap()
}

pub(crate) fn headers(headers: &[(&str, &str)]) -> Credentials {
    let each = headers.iter().map(|(name, value)| {
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    });
    Credentials::of(&each.collect::<HeaderMap>(), None)
}

pub(crate) fn token_of(user: &str) -> Credentials {
    headers(&[("authorization", &format!("Bearer token-of-{user}"))])
}

pub(crate) fn place(workspace: &str, workflow: &str) -> Place {
    Place::workflow(workspace, workflow)
}

/// What is said of a user who wants to read in a workspace.
pub(crate) async fn read(forward: &Forward, user: &str, workspace: &str) -> Result<Caller, Denied> {
    forward.ask(&token_of(user), Right::Read, &place(workspace, "orders")).await
}

/// A service that is none: it answers each connection as it is told, and keeps what it was sent.
pub(crate) struct Strange {
    pub(crate) address: SocketAddr,
    pub(crate) sent: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

/// How a strange service answers.
#[derive(Clone)]
pub(crate) enum Says {
    /// This, and then closes.
    Bytes(Vec<u8>),
    /// This, and then nothing for ever.
    Hangs(Vec<u8>),
    /// This, and then more of the same without an end.
    Endlessly(Vec<u8>, Vec<u8>),
}

impl Strange {
    pub(crate) async fn start(says: impl Fn(&str) -> Says + Clone + Send + Sync + 'static) -> Self {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sent: std::sync::Arc<std::sync::Mutex<Vec<String>>> = std::sync::Arc::default();
        let keeps = std::sync::Arc::clone(&sent);
        let task = tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (says, keeps) = (says.clone(), std::sync::Arc::clone(&keeps));
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        match socket.read_u8().await {
                            Ok(byte) => head.push(byte),
                            Err(_) => return,
                        }
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    keeps.lock().unwrap().push(head.clone());
                    match says(&head) {
                        Says::Bytes(bytes) => {
                            let _ = socket.write_all(&bytes).await;
                            let _ = socket.shutdown().await;
                        }
                        Says::Hangs(bytes) => {
                            let _ = socket.write_all(&bytes).await;
                            std::future::pending::<()>().await;
                        }
                        Says::Endlessly(bytes, more) => {
                            let _ = socket.write_all(&bytes).await;
                            while socket.write_all(&more).await.is_ok() {}
                        }
                    }
                });
            }
        });
        Self { address, sent, task }
    }

    pub(crate) fn config(&self) -> ForwardAuth {
        ForwardAuth::at(format!("http://{}/may?of={{workspace}}", self.address))
    }

    pub(crate) fn asked(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

impl Drop for Strange {
    fn drop(&mut self) {
        self.task.abort();
    }
}
