//! As much of HTTP as is needed here: a request, and an answer that ends with its connection.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::outcome::Result;

/// The path of a workflow's logs.
pub fn logs(workflow: &str) -> String {
    format!("/wfm/workflow/workspace/bench/workflow/{workflow}/logs")
}

/// Opens a connection and sends a request that has no body.
pub async fn ask(address: SocketAddr, path: &str, headers: &str) -> Result<TcpStream> {
    let mut socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    socket.write_all(head.as_bytes()).await?;
    Ok(socket)
}

/// The status and the whole answer.
pub async fn get(address: SocketAddr, path: &str) -> Result<(u16, Vec<u8>)> {
    answer(ask(address, path, "").await?).await
}

/// Sends rows, one a line.
pub async fn post(address: SocketAddr, workflow: &str, rows: &str) -> Result<(u16, Vec<u8>)> {
    let mut socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: \
         application/x-ndjson\r\nContent-Length: {}\r\n\r\n{rows}",
        logs(workflow),
        rows.len(),
    );
    socket.write_all(head.as_bytes()).await?;
    answer(socket).await
}

async fn answer(mut socket: TcpStream) -> Result<(u16, Vec<u8>)> {
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await?;
    let status = bytes.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    Ok((status.ok_or("an answer without a status")?, bytes))
}

/// Reads until `found` is seen in a stream, and keeps what came after it out of sight.
pub async fn until(socket: &mut TcpStream, found: &[u8]) -> Result<()> {
    let mut bytes = Vec::new();
    loop {
        if memchr::memmem::find(&bytes, found).is_some() {
            return Ok(());
        }
        let keep = bytes.len().saturating_sub(found.len());
        bytes.drain(..keep);
        if socket.read_buf(&mut bytes).await? == 0 {
            return Err("the server ended a stream".into());
        }
    }
}
