//! The rows in the body of a request.

use std::borrow::Cow;
use std::io::Read;

use axum::body::Bytes;
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, header};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

use super::kind::Kind;
use super::problem::Problem;
use crate::row::{NewRow, check_id};

/// The largest request, as it is sent and as it is unpacked.
pub(super) const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The most rows of one request.
const MOST_ROWS: usize = 10_000;

/// What is smaller is read at once, in less time than handing it on takes.
const SMALL: usize = 32 * 1024;

/// Larger ones are read on threads of their own.
static READING: Turns = Turns(Semaphore::const_new(2));

/// How many do so at the same time.
struct Turns(Semaphore);

/// The rows of a request, and the lines on which they stand.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) rows: Vec<NewRow>,
    pub(super) lines: Vec<usize>,
}

/// Reads the rows of a request.
pub(super) async fn read(headers: &HeaderMap, body: Bytes) -> Result<Posted, Problem> {
    let packed = is_packed(headers)?;
    let format = Format::of(headers)?;
    let key = repeat_key(headers)?;
    let small = !packed && body.len() <= SMALL;
    let rows = move || {
        let body = if packed { unpack(&body)?.into() } else { body };
        rows(&body, format, key.as_deref())
    };
    if small {
        return rows();
    }
    READING.take(rows).await.unwrap_or_else(|error| Err(Problem::defect(&error)))
}

impl Turns {
    /// The turn lasts as long as the work, also if nobody waits for it any more.
    async fn take<T: Send + 'static>(
        &'static self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let turn = self.0.acquire().await;
        let work = move || {
            let _turn = turn;
            work()
        };
        spawn_blocking(work).await
    }
}

/// What is no text stays something: it is to be refused, not passed over.
fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<Cow<'_, str>> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
}

fn is_packed(headers: &HeaderMap) -> Result<bool, Problem> {
    let encoding = text(headers, header::CONTENT_ENCODING).unwrap_or_default();
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" => Ok(true),
        other => Err(Problem::new(
            Kind::MEDIA_TYPE,
            format!("the content encoding is {other:?}; send gzip, or none"),
        )),
    }
}

fn unpack(body: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut unpacked = Vec::new();
    let most = LARGEST_BODY as u64 + 1;
    let read = MultiGzDecoder::new(body).take(most).read_to_end(&mut unpacked);
    match read {
        Ok(bytes) if bytes > LARGEST_BODY => {
            Err(Problem::too_large(LARGEST_BODY, "bytes when it is unpacked"))
        }
        Ok(_) => Ok(unpacked),
        Err(error) => Err(Problem::bad_request(format!("the body is not whole gzip: {error}"))),
    }
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Lines,
}

impl Format {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        // None is none of ours: a page of another site may send that without asking.
        let content_type = text(headers, header::CONTENT_TYPE).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/json" => Ok(Self::Json),
            "application/x-ndjson" | "application/ndjson" => Ok(Self::Lines),
            other => Err(Problem::bad_request(format!(
                "the content type is {other:?}; send application/json for one row or \
                 application/x-ndjson for one a line"
            ))),
        }
    }
}

/// What a client names a request by that it may repeat. In quotes or not: the draft of the header
/// has quotes, and many clients leave them out.
fn repeat_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = String::from_utf8_lossy(key.as_bytes());
    let key = key.trim();
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    match check_id(&id(key, MOST_ROWS)) {
        Ok(()) if !key.is_empty() => Ok(Some(key.to_owned())),
        _ => Err(Problem::bad_request(format!(
            "`Idempotency-Key` is {key:?}; it has 1 to 122 characters, letters and digits of ASCII \
             and any of - _ . : ~ / + = @"
        ))),
    }
}

/// The id of one of the rows of a request that may be repeated, from 1 on.
fn id(key: &str, row: usize) -> String {
    format!("{key}:{row}")
}

fn rows(body: &[u8], format: Format, key: Option<&str>) -> Result<Posted, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Problem::bad_request(format!("the body is not UTF-8: {error}")))?;
    // Some editors and tools begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let now = Timestamp::now();
    let mut posted = Posted { rows: Vec::new(), lines: Vec::new() };
    let mut add = |line: usize, json: &str| {
        let mut row = NewRow::from_json(json, now)?;
        if let Some(key) = key {
            row.id.get_or_insert_with(|| id(key, posted.rows.len() + 1));
        }
        posted.rows.push(row);
        posted.lines.push(line);
        Ok::<_, String>(posted.rows.len())
    };
    match format {
        Format::Json => {
            add(1, text).map_err(Problem::bad_request)?;
        }
        Format::Lines => {
            for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let count = add(at + 1, line)
                    .map_err(|wrong| Problem::bad_request(format!("line {}: {wrong}", at + 1)))?;
                if count > MOST_ROWS {
                    return Err(Problem::too_large(MOST_ROWS, "rows"));
                }
            }
        }
    }
    if posted.rows.is_empty() {
        return Err(Problem::bad_request("there is no row in the body"));
    }
    Ok(posted)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_client_that_leaves_gives_no_turn_away_that_is_still_used() {
        static TURNS: Turns = Turns(Semaphore::const_new(1));
        let (begun, begins) = tokio::sync::oneshot::channel();
        let (end, ends) = mpsc::channel::<()>();
        let left = TURNS.take(move || {
            let _ = begun.send(());
            let _ = ends.recv();
        });
        tokio::select! {
            biased;
            _ = left => panic!("it ended"),
            begun = begins => begun.expect("it begins"),
        }
        let mut next = Box::pin(TURNS.take(|| 7));
        assert!(timeout(Duration::from_millis(50), &mut next).await.is_err(), "two at a time");
        drop(end);
        let next = timeout(Duration::from_secs(20), next).await.expect("a turn");
        assert_eq!(next.expect("no panic"), 7);
    }
}
