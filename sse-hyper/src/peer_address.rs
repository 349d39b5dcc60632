//! Who asks.

use std::net::SocketAddr;

/// The address of the client, as an extension of each request that `serve` serves.
///
/// Behind a proxy, it is the proxy's; a client that has none, since it came by a Unix socket, has
/// 127.0.0.1, port 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub SocketAddr);

/// An extension of each request that came over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OverTls;
