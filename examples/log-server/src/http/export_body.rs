//! An export on its way to a client.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use gapless_sse_core::HeldBytes;
use http_body::{Body, Frame};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long a client may take to read a piece.
const LONGEST: Duration = Duration::from_secs(60);

/// The export has ended before its last line: its connection is cut, so that it is not taken for
/// whole.
#[derive(Debug, thiserror::Error)]
#[error("the export was cut")]
pub(super) struct Cut;

enum Piece {
    /// With its memory among what is read and not sent.
    Rows(Bytes, Option<HeldBytes>),
    End,
}

/// What a client reads, piece by piece as it is written.
pub(super) struct ExportBody {
    pieces: mpsc::Receiver<Piece>,
    ended: bool,
    /// Until the client has the piece.
    held: Option<HeldBytes>,
}

/// Where the pieces of an export go.
pub(super) struct Pieces {
    to: mpsc::Sender<Piece>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    pub(super) bytes: u64,
}

/// Nobody reads it, or too slowly.
pub(super) struct Left;

/// A body, and where its pieces go: one waits while the client reads another.
pub(super) fn export_body(gzip: bool) -> (Pieces, ExportBody) {
    let (to, pieces) = mpsc::channel(1);
    let gzip = gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast()));
    let body = ExportBody { pieces, ended: false, held: None };
    (Pieces { to, gzip, bytes: 0 }, body)
}

impl Pieces {
    /// Ends when nobody reads it any longer.
    pub(super) async fn left(&self) {
        self.to.closed().await;
    }

    pub(super) async fn send(
        &mut self,
        piece: Vec<u8>,
        held: Option<HeldBytes>,
    ) -> Result<(), Left> {
        let piece = match &mut self.gzip {
            None => piece,
            Some(gzip) => {
                // Writing to memory does not fail.
                gzip.write_all(&piece).and_then(|()| gzip.flush()).map_err(|_| Left)?;
                std::mem::take(gzip.get_mut())
            }
        };
        self.hand_on(piece, held).await
    }

    /// The last piece, with which the export is as long as it says.
    pub(super) async fn end(&mut self, piece: Vec<u8>) -> Result<(), Left> {
        self.send(piece, None).await?;
        if let Some(gzip) = self.gzip.take() {
            let rest = gzip.finish().map_err(|_| Left)?;
            self.hand_on(rest, None).await?;
        }
        self.put(Piece::End).await
    }

    async fn hand_on(&mut self, piece: Vec<u8>, mut held: Option<HeldBytes>) -> Result<(), Left> {
        if piece.is_empty() {
            return Ok(());
        }
        self.bytes += piece.len() as u64;
        if let Some(held) = &mut held {
            held.shrink_to(piece.len());
        }
        self.put(Piece::Rows(piece.into(), held)).await
    }

    async fn put(&self, piece: Piece) -> Result<(), Left> {
        match timeout(LONGEST, self.to.send(piece)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Left),
        }
    }
}

impl Body for ExportBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.held = None;
        Poll::Ready(match ready!(self.pieces.poll_recv(cx)) {
            Some(Piece::Rows(piece, held)) => {
                self.held = held;
                Some(Ok(Frame::data(piece)))
            }
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            None => {
                self.ended = true;
                Some(Err(Cut))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn what_ends_before_its_last_piece_is_an_error() {
        for whole in [false, true] {
            let (mut pieces, body) = export_body(true);
            let written = tokio::spawn(async move {
                let _ = pieces.send(b"a row\n".to_vec(), None).await;
                if whole {
                    let _ = pieces.end(b"the end\n".to_vec()).await;
                }
            });
            let read = body.collect().await;
            written.await.expect("no panic");
            assert_eq!(read.is_ok(), whole);
            let Ok(read) = read else { continue };
            let mut text = String::new();
            let bytes = read.to_bytes();
            let mut gzip = flate2::read::GzDecoder::new(&*bytes);
            std::io::Read::read_to_string(&mut gzip, &mut text).expect("gzip");
            assert_eq!(text, "a row\nthe end\n");
        }
    }
}
