//! A client that says all it was sent, over either protocol.

mod http1;
mod http2;

use std::net::SocketAddr;
use std::time::Duration;

use gapless_sse_core::{Item, Parser};

use crate::host::Protocol;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Event { event_type: String, data: String, id: String },
    Comment(String),
    Retry(Duration),
}

impl Received {
    pub(crate) fn message(data: &str, id: &str) -> Self {
        Self::Event { event_type: "message".into(), data: data.into(), id: id.into() }
    }
}

pub(crate) struct Client {
    pub(crate) head: Head,
    response: Response,
}

pub(crate) struct Head {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

enum Response {
    Http1(http1::Response),
    Http2(http2::Response),
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|(other, _)| other == name);
        values.map(|(_, value)| value.as_str()).collect()
    }
}

impl Client {
    pub(crate) async fn get(
        protocol: Protocol,
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &[u8])],
    ) -> Self {
        match protocol {
            Protocol::Http1 => {
                let (head, response) = http1::Response::get(address, path, headers).await;
                Self { head, response: Response::Http1(response) }
            }
            Protocol::Http2 => {
                let (head, response) = http2::Response::get(address, path, headers).await;
                Self { head, response: Response::Http2(response) }
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match &self.response {
            Response::Http1(response) => response.address(),
            Response::Http2(response) => response.address(),
        }
    }

    /// The next part of the body; `None` at its end in order.
    pub(crate) async fn chunk(&mut self) -> Option<Vec<u8>> {
        match &mut self.response {
            Response::Http1(response) => response.chunk().await,
            Response::Http2(response) => response.chunk().await,
        }
    }

    /// The body as text.
    pub(crate) async fn text(&mut self) -> String {
        let mut text = Vec::new();
        while let Some(chunk) = self.chunk().await {
            text.extend(chunk);
        }
        String::from_utf8(text).unwrap()
    }

    /// The first `count` things that `parser` reads from the stream, or fewer at its end.
    pub(crate) async fn receive(&mut self, parser: &mut Parser, count: usize) -> Vec<Received> {
        let mut received = Vec::new();
        while received.len() < count {
            let Some(chunk) = self.chunk().await else { break };
            let mut items = parser.push(&chunk);
            while let Some(item) = items.next().unwrap() {
                received.push(match item {
                    Item::Comment(text) => Received::Comment(text.to_owned()),
                    Item::Retry(time) => Received::Retry(time),
                    Item::Event(message) => Received::Event {
                        event_type: message.event_type.to_owned(),
                        data: message.data.to_owned(),
                        id: message.last_event_id.to_owned(),
                    },
                });
            }
        }
        received
    }

    /// Waits until the server has ended the stream, in order or not.
    pub(crate) async fn ended(&mut self) {
        match &mut self.response {
            Response::Http1(response) => response.ended().await,
            Response::Http2(response) => response.ended().await,
        }
    }

    /// Reads to the end, which comes in order.
    pub(crate) async fn ended_in_order(&mut self) {
        while self.chunk().await.is_some() {}
    }

    /// Gives up the stream. Over HTTP/2 its connection stays, and ends with what this gives.
    pub(crate) fn leave(self) -> impl Drop + use<> {
        struct Left(Option<http2::Connection>);
        impl Drop for Left {
            fn drop(&mut self) {
                self.0.take();
            }
        }
        Left(match self.response {
            Response::Http1(_) => None,
            Response::Http2(response) => Some(response.reset()),
        })
    }
}
