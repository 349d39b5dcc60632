//! A page of history on its way to a client.

use std::convert::Infallible;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::row::Row;

/// About how many bytes are handed on at a time.
const PIECE: usize = 32 * 1024;

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
}

impl PageBody {
    /// The page of these rows; `about` is a JSON object of what it says besides.
    pub(super) fn new(rows: Vec<Row>, about: &str) -> Self {
        let start = "{\"logs\":[".to_owned();
        let end = format!("],{}", about.strip_prefix('{').unwrap_or(about));
        let commas = rows.len().saturating_sub(1);
        let bytes = rows.iter().map(|row| row.json().len()).sum::<usize>();
        let left = (start.len() + bytes + commas + end.len()) as u64;
        Self { start, rows: rows.into_iter(), end, left }
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
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
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
            let mut body = PageBody::new((0..rows).map(row).collect(), r#"{"next":null}"#);
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
}
