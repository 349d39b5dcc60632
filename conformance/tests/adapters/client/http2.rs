//! HTTP/2 with prior knowledge, each request over a connection of its own.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::Head;
use crate::within;

pub(super) struct Response {
    body: Incoming,
    connection: Connection,
}

/// Ends with this value, as when a client goes away.
pub(super) struct Connection {
    address: SocketAddr,
    _requests: SendRequest<Empty<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Response {
    pub(super) async fn get(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &[u8])],
    ) -> (Head, Self) {
        let socket = within(TcpStream::connect(address)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let (mut requests, driver) =
            within(handshake(TokioExecutor::new(), TokioIo::new(socket))).await.unwrap();
        // How it ends shows in the body.
        let driver = tokio::spawn(async { drop(driver.await) });
        let mut request = Request::get(format!("http://test{path}")).body(Empty::new()).unwrap();
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).unwrap();
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        let response = within(requests.send_request(request)).await.unwrap();
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let headers = response.headers().iter();
        let head = Head {
            status: response.status().as_u16(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
        };
        let connection = Connection { address, _requests: requests, driver };
        (head, Self { body: response.into_body(), connection })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.connection.address
    }

    pub(super) async fn chunk(&mut self) -> Option<Vec<u8>> {
        loop {
            let frame = within(self.body.frame()).await?.expect("the stream goes on or ends");
            let data = frame.into_data().expect("a stream has no trailers");
            if !data.is_empty() {
                return Some(data.into());
            }
        }
    }

    pub(super) async fn ended(&mut self) {
        within(async { while let Some(Ok(_)) = self.body.frame().await {} }).await;
    }

    /// Gives up the stream, and keeps its connection.
    pub(super) fn reset(self) -> Connection {
        self.connection
    }
}
