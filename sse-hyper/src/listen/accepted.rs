//! A connection that was accepted.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::answer::Peer;
use crate::transport::Transport;

/// The address of a peer that has none, since it is on this machine: 127.0.0.1, port 0.
pub const THIS_MACHINE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// A connection that a [`Listener`](crate::Listener) has accepted, before anything was said on it.
#[derive(Debug)]
pub struct Accepted {
    pub(crate) transport: Transport,
    pub(crate) peer: SocketAddr,
    /// How it is encrypted.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<std::sync::Arc<tokio_rustls::rustls::ServerConfig>>,
}

impl Accepted {
    /// One over TCP.
    pub fn tcp(socket: TcpStream, peer: SocketAddr) -> Self {
        Self::over(Transport::Tcp(Box::new(socket)), peer)
    }

    /// One over a Unix socket, whose peer is [`THIS_MACHINE`].
    #[cfg(unix)]
    pub fn unix(socket: tokio::net::UnixStream) -> Self {
        Self::over(Transport::Unix(Box::new(socket)), THIS_MACHINE)
    }

    /// One over anything else.
    pub fn other<T>(socket: T, peer: SocketAddr) -> Self
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::over(Transport::Other(Box::new(Box::new(socket))), peer)
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer {
            address: self.peer,
            #[cfg(feature = "tls")]
            over_tls: self.tls.is_some(),
            #[cfg(not(feature = "tls"))]
            over_tls: false,
        }
    }

    fn over(transport: Transport, peer: SocketAddr) -> Self {
        Self {
            transport,
            peer,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}
