//! HTTP/1.1 as bytes on a socket: nothing between the tests and what the server wrote.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Head;
use crate::within;

pub(super) struct Response {
    socket: BufReader<TcpStream>,
    length: Option<usize>,
}

impl Response {
    pub(super) async fn get(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &[u8])],
    ) -> (Head, Self) {
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
        let mut response = Self { socket: BufReader::new(socket), length: None };
        let head = response.read_head().await;
        response.length = head.header("content-length").first().map(|text| text.parse().unwrap());
        (head, response)
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        within(self.socket.read_line(&mut line)).await.unwrap();
        line.strip_suffix("\r\n").expect("a whole line").to_owned()
    }

    async fn read_head(&mut self) -> Head {
        let status = self.line().await;
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Head { status, headers }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.socket.get_ref().local_addr().unwrap()
    }

    pub(super) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let length = match self.length {
            Some(_) => self.length.replace(0).unwrap(),
            None => usize::from_str_radix(&self.line().await, 16).unwrap(),
        };
        let mut chunk = vec![0; length];
        within(self.socket.read_exact(&mut chunk)).await.unwrap();
        if self.length.is_none() {
            assert_eq!(self.line().await, "");
        }
        (length > 0).then_some(chunk)
    }

    pub(super) async fn ended(&mut self) {
        let mut rest = Vec::new();
        within(self.socket.read_to_end(&mut rest)).await.ok();
    }
}
