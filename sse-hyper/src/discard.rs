//! What a client sends that is of no use to anybody.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Reads some of it, and answers how much; 0 at its end. Nothing is kept for this while it waits.
pub(crate) fn poll_discard<T: AsyncRead + Unpin>(
    socket: &mut T,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut scrap = [const { MaybeUninit::uninit() }; 4096];
    let mut scrap = ReadBuf::uninit(&mut scrap);
    ready!(Pin::new(socket).poll_read(context, &mut scrap))?;
    Poll::Ready(Ok(scrap.filled().len()))
}
