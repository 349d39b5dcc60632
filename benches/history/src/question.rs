//! What is asked of each.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use memchr::memmem;

use crate::http;
use crate::outcome::Result;
use crate::rows::{LONG, MANY, ONE, RARE_LEVEL, RARE_WORD, WORKFLOWS, workflow};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    Page,
    RareLevel,
    RareWord,
    Counts,
    Export,
    Merged,
}

static COUNTED: AtomicU32 = AtomicU32::new(0);

/// How many workflows are merged.
pub const MERGED: usize = 100;

impl Question {
    pub const ALL: [Self; 6] =
        [Self::Page, Self::RareLevel, Self::RareWord, Self::Counts, Self::Export, Self::Merged];

    pub fn title(self) -> &'static str {
        match self {
            Self::Page => "the newest 1,000 rows",
            Self::RareLevel => "the newest row of a level that two rows have",
            Self::RareWord => "the newest row with a word that two rows have",
            Self::Counts => "how many rows of each level",
            Self::Export => "all rows",
            Self::Merged => "the newest 1,000 rows of 100 workflows, merged",
        }
    }

    /// How often it is asked.
    pub fn rounds(self) -> usize {
        match self {
            Self::Counts | Self::Export => 3,
            _ => 5,
        }
    }
}

/// The workflows that are merged: spread over all of them.
pub fn merged() -> impl Iterator<Item = String> {
    (0..MERGED).map(|nth| workflow(nth * WORKFLOWS / MERGED))
}

/// Asks a log server; answers how many requests it took, or `None` if it cannot be asked this.
pub async fn ask(address: SocketAddr, question: Question, old: bool) -> Result<Option<usize>> {
    let logs = format!("/wfm/workflow/workspace/{ONE}/workflow/{LONG}/logs");
    Ok(Some(match question {
        Question::Page => {
            http::get(address, &format!("{logs}?limit=1000")).await?;
            1
        }
        Question::RareLevel => {
            until_found(address, &format!("{logs}?limit=1&level={RARE_LEVEL}")).await?
        }
        Question::RareWord => {
            until_found(address, &format!("{logs}?limit=1&q={RARE_WORD}")).await?
        }
        Question::Counts if old => return Ok(None),
        Question::Counts => {
            // Equal questions are answered from memory for a while: each is another one.
            let nth = COUNTED.fetch_add(1, Ordering::Relaxed);
            let from = format!("1970-01-01T00:{:02}:{:02}Z", nth / 60 % 60, nth % 60);
            http::get(address, &format!("{logs}/counts?from={from}")).await?;
            1
        }
        Question::Export if old => all_pages(address, &logs).await?,
        Question::Export => {
            let last = http::drain(address, &format!("{logs}/export?format=ndjson")).await?;
            if memmem::find(&last, br#""complete":true"#).is_none() {
                return Err("the export is not complete".into());
            }
            1
        }
        Question::Merged if old => {
            for workflow in merged() {
                let path = format!("/wfm/workflow/workspace/{MANY}/workflow/{workflow}/logs");
                http::get(address, &format!("{path}?limit=1000")).await?;
            }
            MERGED
        }
        Question::Merged => {
            let names: Vec<_> = merged().map(|name| format!("workflow={name}")).collect();
            let path = format!("/wfm/workflow/workspace/{MANY}/logs?limit=1000");
            http::get(address, &format!("{path}&{}", names.join("&"))).await?;
            1
        }
    }))
}

/// Waits until all rows are indexed.
pub async fn indexed(address: SocketAddr) -> Result<()> {
    let all = b"\nlog_sqlite_unindexed_rows 0\n";
    while memmem::find(&http::get(address, "/metrics").await?, all).is_none() {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn until_found(address: SocketAddr, path: &str) -> Result<usize> {
    let mut page = http::get(address, path).await?;
    let mut requests = 1;
    while memmem::find(&page, br#"{"logs":[]"#).is_some() {
        let next = next(&page).ok_or("it was not found")?;
        page = http::get(address, &format!("{path}&cursor={next}")).await?;
        requests += 1;
    }
    Ok(requests)
}

async fn all_pages(address: SocketAddr, logs: &str) -> Result<usize> {
    let path = format!("{logs}?limit=10000&order=asc");
    let mut page = http::get(address, &path).await?;
    let mut requests = 1;
    while let Some(next) = next(&page) {
        page = http::get(address, &format!("{path}&cursor={next}")).await?;
        requests += 1;
    }
    Ok(requests)
}

fn next(page: &[u8]) -> Option<String> {
    let from = memmem::rfind(page, br#""next":""#)? + 8;
    let length = memchr::memchr(b'"', &page[from..])?;
    String::from_utf8(page[from..from + length].to_vec()).ok()
}
