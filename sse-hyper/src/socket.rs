//! The socket of a connection, as what is said on it is read and written.

use std::io;
use std::task::{Context, Poll};

use crate::StallLimit;
use crate::idle::{PollGone, Readiness};
use crate::reads_and_writes::reads_and_writes;
#[cfg(feature = "tls")]
use crate::rewound::Rewound;
use crate::transport::Transport;

/// A socket of which everything that is said is encrypted.
#[cfg(feature = "tls")]
pub(crate) type Encrypted = tokio_rustls::server::TlsStream<Rewound<StallLimit<Transport>>>;

/// The stall limit is below the encryption: there the client's progress shows.
#[derive(Debug)]
pub(crate) enum Socket {
    Plain(StallLimit<Transport>),
    #[cfg(feature = "tls")]
    Tls(Box<Encrypted>),
}

impl Socket {
    fn transport(&self) -> &StallLimit<Transport> {
        match self {
            Self::Plain(socket) => socket,
            #[cfg(feature = "tls")]
            Self::Tls(socket) => socket.get_ref().0.get_ref(),
        }
    }

    fn transport_mut(&mut self) -> &mut StallLimit<Transport> {
        match self {
            Self::Plain(socket) => socket,
            #[cfg(feature = "tls")]
            Self::Tls(socket) => socket.get_mut().0.get_mut(),
        }
    }

    /// What the system has heard of the other side since it was asked the last time.
    pub(crate) fn error(&self) -> Option<io::Error> {
        self.transport().get_ref().error()
    }

    /// Keeps next to nothing for it from now on, since it is a stream's.
    ///
    /// # Errors
    ///
    /// When the system cannot watch it.
    pub(crate) fn make_idle(&mut self, readiness: &Readiness) -> io::Result<()> {
        let socket = self.transport_mut();
        socket.forget_stall();
        socket.get_mut().make_idle(readiness)
    }
}

/// Does the same with what it is.
macro_rules! with {
    ($of:expr, $socket:ident => $do:expr) => {
        match $of {
            Socket::Plain($socket) => $do,
            #[cfg(feature = "tls")]
            Socket::Tls($socket) => $do,
        }
    };
}

impl PollGone for Socket {
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.transport_mut().poll_gone(context)
    }
}

reads_and_writes!(Socket, with);
