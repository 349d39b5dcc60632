//! What is in the log before the measurement begins.

use std::fmt::Write;
use std::net::SocketAddr;

use crate::http;
use crate::outcome::Result;

/// The workflow of the probes.
pub const PROBED: &str = "probed";
/// A long one, which is searched.
pub const SEARCHED: &str = "searched";
/// Of lines of a megabyte.
pub const LARGE: &str = "large";
/// What clients come back to.
pub const MISSED: &str = "missed";

const MEGABYTE: usize = 1_000_000;
/// How many lines of a megabyte there are.
const LARGE_ROWS: usize = 60;
/// How many lines clients have missed.
const MISSED_ROWS: usize = 2_000;

/// Lines of about 200 bytes, as rows to post.
pub fn lines(count: usize, first: usize) -> String {
    let mut lines = String::new();
    for nth in first..first + count {
        let message = "extracted a batch of orders from the warehouse in Rotterdam and wrote it to \
                       the lake, partition by partition, as it came";
        let _ =
            writeln!(lines, r#"{{"level":"INFO","type":"log","message":"{message} {nth:>40}"}}"#);
    }
    lines
}

async fn stored(address: SocketAddr, workflow: &str, rows: &str) -> Result<()> {
    match http::post(address, workflow, rows).await? {
        (201, _) => Ok(()),
        (status, answer) => {
            Err(format!("POST: {status} {}", String::from_utf8_lossy(&answer)).into())
        }
    }
}

pub async fn fill(address: SocketAddr, searched: usize) -> Result<()> {
    stored(address, PROBED, &lines(1_000, 0)).await?;
    stored(address, MISSED, &lines(1, 0)).await?;
    for first in (0..searched).step_by(5_000) {
        stored(address, SEARCHED, &lines(5_000, first)).await?;
    }
    let row = format!(r#"{{"level":"INFO","message":"{}"}}"#, "x".repeat(MEGABYTE));
    for _ in 0..LARGE_ROWS {
        stored(address, LARGE, &row).await?;
    }
    Ok(())
}

/// The position at which a stream of a workflow is now.
pub async fn position(address: SocketAddr, workflow: &str) -> Result<String> {
    let (_, answer) = http::get(address, &format!("{}?limit=1", http::logs(workflow))).await?;
    let answer = String::from_utf8_lossy(&answer);
    let position = answer.split("\"stream_position\":\"").nth(1);
    let position = position.and_then(|rest| rest.split('"').next());
    Ok(position.ok_or("a page has no position")?.to_owned())
}

/// Writes what clients will have missed.
pub async fn missed(address: SocketAddr) -> Result<()> {
    stored(address, MISSED, &lines(MISSED_ROWS, 0)).await
}

/// What a server does once is done: pages and streams were served.
pub async fn warm(address: SocketAddr) -> Result<()> {
    for _ in 0..50 {
        if http::get(address, "/readyz").await?.0 == 200 {
            http::get(address, &http::logs(PROBED)).await?;
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err("the server does not become ready".into())
}
