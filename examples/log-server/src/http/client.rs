//! Whom a request is counted for.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;

use super::problem::Problem;

/// The address that a request came from. A client of IPv6 has a whole network to call from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client(pub(super) IpAddr);

impl From<SocketAddr> for Client {
    fn from(peer: SocketAddr) -> Self {
        Self(match peer.ip().to_canonical() {
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into()
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl Client {
    /// Whether it has come over TLS, here or at the proxy.
    #[expect(clippy::unused_self, reason = "nothing is served over TLS yet")]
    pub(super) fn is_https(&self) -> bool {
        false
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let peer = ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await;
        let ConnectInfo(peer) = peer.map_err(|error| Problem::defect(&error))?;
        Ok(peer.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_an_address_or_a_network_of_ipv6() {
        let client = |peer: &str| {
            let peer: SocketAddr = peer.parse().expect("an address");
            Client::from(peer).0.to_string()
        };
        assert_eq!(client("192.0.2.7:80"), "192.0.2.7");
        assert_eq!(client("[::ffff:192.0.2.7]:80"), "192.0.2.7");
        assert_eq!(client("[2001:db8:1:2:3:4:5:6]:80"), "2001:db8:1:2::");
    }
}
