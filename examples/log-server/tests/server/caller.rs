//! Requests of several users from several addresses, as a proxy on this machine passes them on.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, Request};
use log_server::access::tokens::TokenHash;

use crate::http;
use crate::server::Server;

/// Lets ann and bob do everything, and ops operate; the tests' own address is a proxy's.
pub(crate) fn config(more: &str) -> String {
    let token = |user: &str, rights: &str| {
        let hash = TokenHash::of(user);
        format!(
            "[[token]]\nname = \"{user}\"\nsha256 = \"{hash}\"\nworkspaces = [\"*\"]\n\
             rights = [{rights}]\n"
        )
    };
    let all = "\"read\", \"append\"";
    let (ann, bob) = (token("ann", all), token("bob", all));
    let ops = token("ops", "\"operate\"");
    format!("proxies = [\"127.0.0.1\"]\n{ann}{bob}{ops}{more}")
}

/// Who asks, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct From {
    pub(crate) user: &'static str,
    pub(crate) workspace: &'static str,
    pub(crate) address: &'static str,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

impl From {
    pub(crate) fn logs(self, rest: &str) -> String {
        format!("/wfm/workflow/workspace/{}/workflow/orders/logs{rest}", self.workspace)
    }

    pub(crate) fn request(self, method: &Method, path: &str) -> Request<Full<Bytes>> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.user))
            .header("x-forwarded-for", self.address);
        let body = if *method == Method::POST { "{\"message\":\"x\"}" } else { "" };
        request.header("content-type", "application/json").body(body.into()).unwrap()
    }

    pub(crate) async fn get(self, server: &Server, rest: &str) -> Reply {
        reply(server, self.request(&Method::GET, &self.logs(rest))).await
    }

    pub(crate) async fn post(self, server: &Server) -> Reply {
        reply(server, self.request(&Method::POST, &self.logs(""))).await
    }
}

/// The answer; of a stream, its head.
pub(crate) async fn reply(server: &Server, request: Request<Full<Bytes>>) -> Reply {
    let (response, _connection) = http::send(server.address, request).await.unwrap();
    let (head, body) = response.into_parts();
    let is_stream = head.headers.get("content-type").is_some_and(|of| of == "text/event-stream");
    let body = if is_stream { Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
    Reply { status: head.status.as_u16(), headers: head.headers, body }
}
