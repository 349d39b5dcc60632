//! A page of history on its way to a client.

use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll};

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::unsent::Unsent;
use crate::row::Row;

/// About how many bytes are handed on at a time.
const PIECE: usize = 32 * 1024;

/// How long a client may take to read a page, however many pieces of it it takes meanwhile.
const LONGEST: Duration = Duration::from_secs(60);

/// The client takes longer than others can wait for the memory of its page.
#[derive(Debug, thiserror::Error)]
#[error("the page was not read within {} s", LONGEST.as_secs())]
pub(super) struct TooSlow;

/// The JSON of a page, written while it is sent: a row is held as it was read, and let go when it
/// is handed on.
#[derive(Debug)]
pub(super) struct PageBody {
    /// What the next piece begins with.
    start: String,
    rows: std::vec::IntoIter<Row>,
    /// What follows the last row.
    end: String,
    left: u64,
    began: Instant,
    /// Until all is handed on.
    _unsent: Unsent,
}

impl PageBody {
    /// The page of these rows, which `unsent` is for; `about` is a JSON object of what it says
    /// besides.
    pub(super) fn new(rows: Vec<Row>, about: &str, unsent: Unsent) -> Self {
        Self::starting_with("{\"logs\":[".to_owned(), rows, about, unsent)
    }

    /// The same, which begins otherwise: up to the bracket before the rows.
    pub(super) fn starting_with(
        start: String,
        rows: Vec<Row>,
        about: &str,
        unsent: Unsent,
    ) -> Self {
        let end = format!("],{}", about.strip_prefix('{').unwrap_or(about));
        let commas = rows.len().saturating_sub(1);
        let bytes = rows.iter().map(|row| row.json().len()).sum::<usize>();
        let left = (start.len() + bytes + commas + end.len()) as u64;
        let (rows, began) = (rows.into_iter(), Instant::now());
        Self { start, rows, end, left, began, _unsent: unsent }
    }

    fn piece(&mut self) -> Option<Bytes> {
        let mut piece = take(&mut self.start);
        while piece.len() < PIECE {
            let Some(row) = self.rows.next() else {
                piece.push_str(&take(&mut self.end));
                break;
            };
            piece.push_str(row.json());
            if !self.rows.as_slice().is_empty() {
                piece.push(',');
            }
        }
        (!piece.is_empty()).then(|| Bytes::from(piece))
    }
}

impl Body for PageBody {
    type Data = Bytes;
    type Error = TooSlow;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooSlow>>> {
        if self.left > 0 && self.began.elapsed() > LONGEST {
            return Poll::Ready(Some(Err(TooSlow)));
        }
        let piece = self.piece();
        self.left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_written_in_pieces_and_as_long_as_it_said() {
        for rows in [0, 1, 2, 3000] {
            let row = |n| Row::new(format!(r#"{{"n":{n},"message":"{}"}}"#, "x".repeat(90)), None);
            let mut body =
                PageBody::new((0..rows).map(row).collect(), r#"{"next":null}"#, Unsent::default());
            let said = body.left;
            let pieces: Vec<_> = std::iter::from_fn(|| body.piece()).collect();
            let largest = pieces.iter().map(Bytes::len).max().unwrap_or_default();
            assert!(largest < PIECE + 200, "{largest}");
            let text = pieces.concat();
            assert_eq!(text.len() as u64, said);
            let page: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
            assert_eq!(page["logs"].as_array().map(Vec::len), Some(rows));
            assert!(page["next"].is_null());
        }
    }

    #[test]
    fn a_page_that_is_not_read_in_time_ends_in_an_error() {
        let rows = (0..2).map(|_| Row::new("1".repeat(PIECE), None)).collect();
        let mut body = PageBody::new(rows, "{}", Unsent::default());
        let poll = |body: &mut PageBody| {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            Pin::new(body).poll_frame(&mut cx)
        };
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Ok(_)))));
        body.began = Instant::now().checked_sub(LONGEST * 2).expect("a time");
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Err(TooSlow)))));
    }
}
