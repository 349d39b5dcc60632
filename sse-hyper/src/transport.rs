//! What carries the bytes of a connection.

use std::fmt;
use std::io;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::idle::{PollGone, Readiness};
use crate::reads_and_writes::reads_and_writes;

/// A socket of the system's, or what is like one.
///
/// Tokio's are in boxes: a stream, of which there are thousands, has none of them any more, and is to
/// have no room for one.
pub(crate) enum Transport {
    Tcp(Box<TcpStream>),
    #[cfg(unix)]
    Unix(Box<tokio::net::UnixStream>),
    Other(Box<Box<dyn Duplex>>),
    #[cfg(target_os = "linux")]
    Idle(crate::idle::IdleSocket),
}

/// What can be read and written.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Transport {
    /// Events are small and must not wait for the acknowledgement of the one before.
    ///
    /// # Errors
    ///
    /// When the socket is not connected any more.
    pub(crate) fn send_at_once(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.set_nodelay(true),
            _ => Ok(()),
        }
    }

    /// What the system has heard of the other side since it was asked the last time.
    pub(crate) fn error(&self) -> Option<io::Error> {
        let error = match self {
            Self::Tcp(socket) => socket.take_error(),
            #[cfg(unix)]
            Self::Unix(socket) => socket.take_error(),
            Self::Other(_) => Ok(None),
            #[cfg(target_os = "linux")]
            Self::Idle(socket) => socket.take_error(),
        };
        error.unwrap_or_else(Some)
    }

    /// Keeps next to nothing for it from now on, where the system lets it.
    ///
    /// # Errors
    ///
    /// When the system cannot watch it.
    #[cfg(target_os = "linux")]
    pub(crate) fn make_idle(&mut self, readiness: &Readiness) -> io::Result<()> {
        let nothing = Self::Other(Box::new(Box::new(tokio::io::empty())));
        let socket = match std::mem::replace(self, nothing) {
            Self::Tcp(socket) => socket.into_std()?.into(),
            Self::Unix(socket) => socket.into_std()?.into(),
            other => {
                *self = other;
                return Ok(());
            }
        };
        *self = Self::Idle(crate::idle::IdleSocket::new(socket, readiness)?);
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn make_idle(&mut self, _: &Readiness) -> io::Result<()> {
        Ok(())
    }
}

/// Does the same with what it is.
macro_rules! with {
    ($transport:expr, $socket:ident => $do:expr) => {
        match $transport {
            Transport::Tcp($socket) => $do,
            #[cfg(unix)]
            Transport::Unix($socket) => $do,
            Transport::Other($socket) => $do,
            #[cfg(target_os = "linux")]
            Transport::Idle($socket) => $do,
        }
    };
}

impl PollGone for Transport {
    #[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "nothing tells"))]
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Idle(socket) => socket.poll_gone(context),
            // Nothing tells before the next write.
            _ => Poll::Pending,
        }
    }
}

reads_and_writes!(Transport, with);

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(socket) => socket.fmt(f),
            #[cfg(unix)]
            Self::Unix(socket) => socket.fmt(f),
            Self::Other(_) => f.write_str("Other(…)"),
            #[cfg(target_os = "linux")]
            Self::Idle(socket) => socket.fmt(f),
        }
    }
}
