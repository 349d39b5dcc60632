//! Reads a stream, and counts how often each row comes.

use std::net::SocketAddr;

use memchr::memmem;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::outcome::Result;

/// What stands before the number of a row.
const BEFORE: &[u8] = br#""message":"row "#;

pub struct Reader {
    body: BufReader<TcpStream>,
    /// What was read and is not looked at.
    text: Vec<u8>,
    /// How often each row has come.
    pub came: Vec<u8>,
    pub count: usize,
}

impl Reader {
    /// Opens a stream in which rows of these numbers are to come.
    pub async fn open(address: SocketAddr, path: &str, rows: usize) -> Result<Self> {
        let mut socket = TcpStream::connect(address).await?;
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        socket.write_all(head.as_bytes()).await?;
        let mut body = BufReader::with_capacity(1 << 16, socket);
        let mut line = String::new();
        body.read_line(&mut line).await?;
        if !line.starts_with("HTTP/1.1 200") {
            return Err(format!("{path} is answered {}", line.trim()).into());
        }
        while line != "\r\n" {
            line.clear();
            body.read_line(&mut line).await?;
        }
        Ok(Self { body, text: Vec::new(), came: vec![0; rows], count: 0 })
    }

    /// Reads until so many rows have come.
    pub async fn read(&mut self, count: usize) -> Result<()> {
        while self.count < count {
            self.chunk().await?;
            self.look()?;
        }
        Ok(())
    }

    /// Reads one chunk more.
    async fn chunk(&mut self) -> Result<()> {
        let mut size = String::new();
        self.body.read_line(&mut size).await?;
        let size = usize::from_str_radix(size.trim(), 16)?;
        if size == 0 {
            return Err("the stream has ended".into());
        }
        let start = self.text.len();
        self.text.resize(start + size, 0);
        self.body.read_exact(&mut self.text[start..]).await?;
        self.body.read_line(&mut String::new()).await?;
        Ok(())
    }

    /// Counts the rows in whole lines.
    fn look(&mut self) -> Result<()> {
        let end = memchr::memrchr(b'\n', &self.text).map_or(0, |at| at + 1);
        let lines: Vec<u8> = self.text.drain(..end).collect();
        for at in memmem::find_iter(&lines, BEFORE) {
            let digits = lines[at + BEFORE.len()..].iter().take_while(|byte| byte.is_ascii_digit());
            let number = digits.fold(0, |number, digit| 10 * number + usize::from(digit - b'0'));
            let came = self.came.get_mut(number).ok_or("a row that was not written")?;
            *came = came.saturating_add(1);
            self.count += 1;
        }
        Ok(())
    }
}
