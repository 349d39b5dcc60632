//! A client of bytes on a socket: nothing between the tests and what the server wrote.

use std::net::SocketAddr;
use std::time::Duration;

use sse_core::{Item, Parser};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::within;

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
    socket: BufReader<TcpStream>,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

impl Client {
    pub(crate) async fn get(address: SocketAddr, path: &str, headers: &[(&str, &[u8])]) -> Self {
        let mut request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n").into_bytes();
        for (name, value) in headers {
            request.extend_from_slice(name.as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        let mut socket = within(TcpStream::connect(address)).await.unwrap();
        within(socket.write_all(&request)).await.unwrap();
        let mut client = Self { socket: BufReader::new(socket), status: 0, headers: Vec::new() };
        client.read_head().await;
        client
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        within(self.socket.read_line(&mut line)).await.unwrap();
        line.strip_suffix("\r\n").expect("a whole line").to_owned()
    }

    async fn read_head(&mut self) {
        let status = self.line().await;
        self.status = status.split(' ').nth(1).unwrap().parse().unwrap();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(": ") else { break };
            self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }

    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|(other, _)| other == name);
        values.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.get_ref().local_addr().unwrap()
    }

    /// The next chunk of the body; `None` at its end in order.
    pub(crate) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let length = usize::from_str_radix(&self.line().await, 16).unwrap();
        let mut chunk = vec![0; length];
        within(self.socket.read_exact(&mut chunk)).await.unwrap();
        assert_eq!(self.line().await, "");
        (length > 0).then_some(chunk)
    }

    /// The body of a response that says its length.
    pub(crate) async fn text(&mut self) -> String {
        let length = self.header("content-length").concat().parse().unwrap();
        let mut text = vec![0; length];
        within(self.socket.read_exact(&mut text)).await.unwrap();
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

    /// Waits until the server has ended the connection, in order or not.
    pub(crate) async fn ended(&mut self) {
        let mut rest = Vec::new();
        within(self.socket.read_to_end(&mut rest)).await.ok();
    }
}
