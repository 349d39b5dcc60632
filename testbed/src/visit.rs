//! A client of a program's event streams.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a line may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A response that is read line by line while it comes.
///
/// It is asked for with HTTP/1.0, so that its body is the lines of the stream and nothing else.
#[derive(Debug)]
pub struct Visit {
    /// The status code of the response.
    pub status: u16,
    lines: BufReader<TcpStream>,
}

impl Visit {
    /// Asks for `path` at `address` (`127.0.0.1:8080`) with further `headers`, by name and value.
    ///
    /// # Errors
    ///
    /// When the program cannot be reached, or answers with something else than HTTP.
    pub fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> io::Result<Self> {
        Self::send(address, "GET", path, headers, "")
    }

    /// Sends `body` to `path`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn post(
        address: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Self> {
        Self::send(address, "POST", path, headers, body)
    }

    fn send(
        address: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Self> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut request = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\n");
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        write!(socket, "{request}Content-Length: {}\r\n\r\n{body}", body.len())?;
        let mut lines = BufReader::new(socket);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if lines.read_line(&mut head)? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, head));
            }
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, head))?;
        Ok(Self { status, lines })
    }

    /// The next line of the body, without its end; `None` at the end of the body.
    ///
    /// # Errors
    ///
    /// When the connection fails, or nothing comes for a minute.
    pub fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// What follows `prefix` on the next line that begins with it; lines before it are passed over.
    ///
    /// # Errors
    ///
    /// As [`line`](Self::line), and when the body ends before such a line.
    pub fn line_after(&mut self, prefix: &str) -> io::Result<String> {
        while let Some(line) = self.line()? {
            if let Some(rest) = line.strip_prefix(prefix) {
                return Ok(rest.to_owned());
            }
        }
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("no line begins with {prefix:?}")))
    }
}
