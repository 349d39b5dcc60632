//! Where connections come from.

mod accepted;
mod memory;
mod tcp;
#[cfg(unix)]
mod unix;

use std::io;
use std::task::{Context, Poll, ready};

use tokio::net::TcpListener;

pub use accepted::{Accepted, THIS_MACHINE};
pub use memory::{InMemory, InMemoryListener, in_memory};
pub use tcp::bind;
#[cfg(unix)]
pub use unix::bind_unix;

/// How many connects may wait to be accepted. When a server comes back, all its clients connect
/// at once; with the common 128, most are dropped and try again a second later.
const BACKLOG: u32 = 4096;

/// What [`serve`](crate::serve()) takes connections from: a port, a Unix socket, one of them
/// encrypted (`Tls`), [this process](in_memory), or one of your own. One that is
/// chosen as the program runs is a `Box<dyn Listener>`.
///
/// ```
/// use std::io;
/// use std::task::{Context, Poll, ready};
/// use gapless_sse_hyper::{Accepted, Listener};
/// use tokio::net::TcpListener;
///
/// /// Serves this machine only, wherever it listens.
/// struct Near(TcpListener);
///
/// impl Listener for Near {
///     fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
///         loop {
///             let (socket, peer) = ready!(self.0.poll_accept(context))?;
///             if peer.ip().is_loopback() {
///                 return Poll::Ready(Ok(Accepted::tcp(socket, peer)));
///             }
///         }
///     }
/// }
/// ```
pub trait Listener: Send {
    /// The next connection. What takes time, as a handshake does, is not to be waited for here.
    ///
    /// # Errors
    ///
    /// When there is none for now; it is asked again, after a pause unless the client had left.
    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Accepted>>;
}

impl Listener for TcpListener {
    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        let (socket, peer) = ready!(Self::poll_accept(self, context))?;
        Poll::Ready(Ok(Accepted::tcp(socket, peer)))
    }
}

#[cfg(unix)]
impl Listener for tokio::net::UnixListener {
    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        let (socket, _) = ready!(Self::poll_accept(self, context))?;
        Poll::Ready(Ok(Accepted::unix(socket)))
    }
}

impl<L: Listener + ?Sized> Listener for Box<L> {
    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        (**self).poll_accept(context)
    }
}
