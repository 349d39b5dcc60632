//! Requests over a connection of their own.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use log_server::http::Kind;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A connection that ends when this is dropped, as when a client goes away.
#[derive(Debug)]
pub(crate) struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) async fn send(
    address: SocketAddr,
    mut request: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, Connection), Box<dyn std::error::Error + Send + Sync>> {
    let socket = TcpStream::connect(address).await?;
    let host = HeaderValue::try_from(address.to_string())?;
    request.headers_mut().entry("host").or_insert(host);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(socket)).await?;
    let connection = Connection(tokio::spawn(async move {
        // How the connection ends shows in the response.
        let _ = connection.await;
    }));
    Ok((sender.send_request(request).await?, connection))
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

pub(crate) async fn ask(address: SocketAddr, request: Request<Full<Bytes>>) -> Answer {
    let (response, _connection) = send(address, request).await.unwrap();
    let content_type = response.headers().get("content-type");
    let answer = Answer {
        status: response.status().as_u16(),
        content_type: content_type.map_or("", |value| value.to_str().unwrap()).to_owned(),
        text: String::from_utf8(response.collect().await.unwrap().to_bytes().into()).unwrap(),
    };
    assert_eq!(
        answer.status >= 400,
        answer.content_type == "application/problem+json",
        "what is refused is a problem: {answer:?}"
    );
    if answer.status >= 400 {
        is_a_known_problem(&answer.json());
    }
    answer
}

/// Whatever is refused anywhere in the tests is of a kind that is described.
pub(crate) fn is_a_known_problem(problem: &serde_json::Value) {
    let kind = problem["type"].as_str().and_then(Kind::of_type);
    let kind = kind.unwrap_or_else(|| panic!("no kind that is described: {problem}"));
    assert_eq!(problem["title"], kind.title, "{problem}");
    assert_eq!(problem["status"], kind.status.as_u16(), "{problem}");
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, Request::get(path).body(Full::default()).unwrap()).await
}

pub(crate) async fn post(
    address: SocketAddr,
    path: &str,
    content_type: &str,
    body: impl Into<Bytes>,
) -> Answer {
    let request = Request::post(path).header("content-type", content_type);
    ask(address, request.body(Full::new(body.into())).unwrap()).await
}
