//! One hostile request, byte by byte, and what may come of it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Who may see what of the workspaces.
pub(crate) const WORKSPACES: [&str; 3] = ["etl", "sales", "hr"];

/// For how long an answer may pause before it counts as all there is.
const PAUSE: Duration = Duration::from_secs(2);

/// A hostile request.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    name: String,
    bytes: Vec<u8>,
    /// Whether it may be answered with success, by what its sender may see.
    may_succeed: bool,
    /// The workspaces that its sender may see.
    sees: &'static [&'static str],
}

impl Attempt {
    /// A request that is to be refused.
    pub(crate) fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into(), may_succeed: false, sees: &[] }
    }

    /// A request of this head, whose lines end as they should.
    pub(crate) fn head(name: impl Into<String>, lines: &[&str]) -> Self {
        Self::new(name, lines.join("\r\n") + "\r\n\r\n")
    }

    /// A request for this path by somebody with this `Authorization`.
    pub(crate) fn get(name: impl Into<String>, path: &str, authorization: &str) -> Self {
        let line = format!("GET {path} HTTP/1.1");
        let authorization = format!("Authorization: {authorization}");
        let mut lines = vec![line.as_str(), "Host: localhost", "Connection: close"];
        if authorization.len() > "Authorization: ".len() {
            lines.push(&authorization);
        }
        Self::head(name, &lines)
    }

    /// It may succeed, and show what somebody with a right to `etl` sees.
    pub(crate) fn may_see_etl(self) -> Self {
        Self { may_succeed: true, sees: &["etl"], ..self }
    }

    /// It may succeed, and show nothing of any workspace.
    pub(crate) fn may_succeed(self) -> Self {
        Self { may_succeed: true, ..self }
    }

    /// Makes it, and says what was wrong with the answer.
    pub(crate) async fn make(&self, server: SocketAddr) -> Result<(), String> {
        let answer = exchange(server, &self.bytes).await;
        let text = String::from_utf8_lossy(&answer);
        let wrong = self.judge(&text);
        wrong.map_or(Ok(()), |wrong| {
            let shown: String = text.chars().take(400).collect();
            Err(format!("{}: {wrong}: {shown}", self.name))
        })
    }

    fn judge(&self, answer: &str) -> Option<String> {
        for workspace in WORKSPACES {
            let marks = [format!("SECRET-{workspace}"), format!("confidential-{workspace}")];
            let shown = marks.iter().any(|mark| answer.contains(mark));
            if shown && !self.sees.contains(&workspace) {
                return Some(format!("it shows {workspace}"));
            }
        }
        // An answer to one request may be followed by answers to what looked like more of them.
        for line in answer.lines().filter(|line| line.starts_with("HTTP/1.")) {
            let status = line.split(' ').nth(1)?;
            let is_bad = status.starts_with('5') && !["501", "505"].contains(&status);
            let succeeds = status.starts_with('2') && !self.may_succeed;
            if is_bad || succeeds {
                return Some(format!("it was answered {status}"));
            }
        }
        None
    }
}

/// What comes back for these bytes, until the server closes or has nothing more to say.
pub(crate) async fn exchange(server: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(server).await.unwrap();
    let (mut read, mut write) = socket.split();
    let mut answer = Vec::new();
    let reading = async {
        let mut part = vec![0; 64 * 1024];
        // A server may close what it has refused before all of it was sent.
        while let Ok(Ok(count @ 1..)) = timeout(PAUSE, read.read(&mut part)).await {
            answer.extend_from_slice(&part[..count]);
            if answer.len() > 4 << 20 {
                break;
            }
        }
    };
    let writing = async {
        let _ = write.write_all(bytes).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
    }
    answer
}
