//! As much of HTTP as is needed here: a request, and an answer that ends with its connection.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::outcome::Result;

/// The body of the answer to a GET, as it came: of one in chunks, with their sizes.
pub async fn get(address: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    answer(address, &head, "").await
}

/// Sends rows, one a line.
pub async fn post(address: SocketAddr, path: &str, rows: &str) -> Result<()> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: \
         application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        rows.len(),
    );
    answer(address, &head, rows).await.map(drop)
}

async fn answer(address: SocketAddr, head: &str, body: &str) -> Result<Vec<u8>> {
    let mut socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(body.as_bytes()).await?;
    let mut bytes = Vec::with_capacity(1 << 20);
    socket.read_to_end(&mut bytes).await?;
    let end = memchr::memmem::find(&bytes, b"\r\n\r\n").ok_or("an answer without a head")?;
    if !matches!(bytes.get(9..12), Some(b"200" | b"201")) {
        let words = String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]);
        return Err(format!("{}: {words}", head.lines().next().unwrap_or_default()).into());
    }
    bytes.drain(..end + 4);
    Ok(bytes)
}

/// Reads a whole answer and keeps only its last bytes.
pub async fn drain(address: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let mut socket = TcpStream::connect(address).await?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.write_all(head.as_bytes()).await?;
    let mut piece = vec![0; 1 << 18];
    let mut last = Vec::new();
    loop {
        let read = socket.read(&mut piece).await?;
        if read == 0 {
            return Ok(last);
        }
        last.extend_from_slice(&piece[read.saturating_sub(KEPT)..read]);
        last.drain(..last.len().saturating_sub(KEPT));
    }
}

const KEPT: usize = 4096;
