//! Listening on a port.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, ToSocketAddrs, lookup_host};

use super::BACKLOG;

/// Listens on the first of `address` that can be had, with `SO_REUSEADDR` (a restart need not
/// wait for old connections to time out) and a backlog of 4,096 (which the system may lower:
/// `net.core.somaxconn` on Linux).
///
/// # Errors
///
/// When `address` does not resolve or none of it can be listened on.
pub async fn bind(address: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let mut refused = None;
    for candidate in lookup_host(address).await? {
        match listen(candidate) {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.unwrap_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "the address resolves to nothing")
    }))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Windows the option lets another program take over a port in use.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
