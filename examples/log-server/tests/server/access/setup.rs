//! A server whose users sign in, and requests of theirs.

use std::fmt::Write as _;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use log_server::access::tokens::TokenHash;
use tempfile::NamedTempFile;

use crate::http::{self, Answer};
use crate::server::Server;
use crate::store::Store;

pub(crate) const ANN: &str = "the token of ann";
pub(crate) const BOB: &str = "the token of bob";

/// Tokens of the configuration, and more lines of their entries.
pub(crate) fn tokens(entries: &[(&str, &str, &str)]) -> String {
    entries.iter().fold(String::new(), |mut text, (name, token, more)| {
        let hash = TokenHash::of(token);
        writeln!(text, "[[token]]\nname = \"{name}\"\nsha256 = \"{hash}\"\n{more}").unwrap();
        text
    })
}

/// Ann reads and writes in `etl`, Bob reads in `ml` and runs the server.
pub(crate) fn ann_and_bob() -> String {
    tokens(&[
        ("ann", ANN, "workspaces = [\"etl\"]\nrights = [\"read\", \"append\"]"),
        ("bob", BOB, "workspaces = [\"ml\"]\nrights = [\"read\", \"operate\"]"),
    ])
}

/// A server with this configuration.
pub(crate) struct Guarded {
    pub(crate) server: Server,
    pub(crate) store: Store,
    _config: NamedTempFile,
}

impl Guarded {
    pub(crate) fn start(config: &str) -> Self {
        Self::start_with(Store::sqlite(), config)
    }

    pub(crate) fn start_with(store: Store, config: &str) -> Self {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, config).unwrap();
        let path = file.path().to_str().unwrap();
        let server =
            Server::start(&["--store", &store.address(), "--config", path, "--heartbeat", "200ms"]);
        Self { server, store, _config: file }
    }

    /// Asks for a path as whoever has this token.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("authorization", bearer(token));
        http::ask(self.server.address, request.body(Full::default()).unwrap()).await
    }

    /// Sends a row as whoever has this token.
    pub(crate) async fn post(&self, path: &str, token: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::post(path)
            .header("authorization", bearer(token))
            .header("content-type", "application/json");
        http::ask(self.server.address, request.body(Full::new(body.into())).unwrap()).await
    }
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

pub(crate) fn logs(workspace: &str) -> String {
    format!("/wfm/workflow/workspace/{workspace}/workflow/orders/logs")
}
