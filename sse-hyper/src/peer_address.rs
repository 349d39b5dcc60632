//! Who asks.

use std::net::SocketAddr;

/// The address of the client, as an extension of each request that `serve` serves.
///
/// Behind a proxy, it is the proxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub SocketAddr);
