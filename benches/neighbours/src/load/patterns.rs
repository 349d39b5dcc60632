//! Streams with patterns that take long, and lines that they are held against.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::http;
use crate::outcome::Result;
use crate::rows::lines;
use crate::told::Told;

const STREAMS: usize = 100;
/// How many lines are written ten times a second.
const LINES: usize = 20;
const BUSY: &str = "busy";

/// From what takes longest to what is accepted in any case.
const PATTERNS: [&str; 10] = [
    r"(.*a.{60}){3}[XYZ]",
    r"(.*[aeiou].{30}){5}[\d]{3}",
    r"(.*[aeiou].{12}){3}[\d]{3}",
    r"(?-u)(.*[aeiou].{8}){2}\d{3}X",
    r"(\w+\s+){8}X$",
    r"[aeiou].{10}[aeiou].{10}X",
    r"(a|b|c|d|e)*[^x]{12}X",
    r"(?i)(timeout|timed out|deadline exceeded) after \d+(\.\d+)? ?(ms|s|min)",
    r"\p{L}+ wrote [\w/.-]+\.(parquet|csv) \(\d+ rows\)",
    r"took \d{4,} ms",
];

/// Opens as many streams as are taken of the worst pattern that is, each a little different, so
/// that none shares its work with another.
pub async fn start(address: SocketAddr, told: &Told) -> Result<JoinSet<()>> {
    let mut tasks = JoinSet::new();
    let mut open = 0;
    for pattern in PATTERNS {
        while open < STREAMS {
            let regex = escaped(&format!("{pattern}|never{open}"));
            let path = format!("{}/stream?history=0&regex={regex}", http::logs(BUSY));
            let mut stream = http::ask(address, &path, "").await?;
            let mut head = [0; 12];
            stream.read_exact(&mut head).await?;
            let status = String::from_utf8_lossy(&head[9..]).into_owned();
            told.note(&status);
            if status != "200" {
                break;
            }
            open += 1;
            tasks.spawn(async move {
                let mut bytes = [0; 4096];
                while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
            });
        }
    }
    told.note(format!("{open} streams"));
    tasks.spawn(async move {
        let mut clock = interval(Duration::from_millis(100));
        for first in (0..).step_by(LINES) {
            clock.tick().await;
            let _ = http::post(address, BUSY, &lines(LINES, first)).await;
        }
    });
    Ok(tasks)
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
