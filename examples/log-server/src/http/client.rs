//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a request comes from, as its connection says, or a proxy that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) address: IpAddr,
    pub(super) https: bool,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Network(IpAddr),
    /// Who comes over a Unix socket is on this machine.
    Unix,
}

impl Peer {
    /// The one with this address. What comes over a Unix socket has that of this machine, without a
    /// port; others can have a packet come from port 0 as well.
    pub(super) fn of(address: SocketAddr) -> Self {
        let ip = address.ip().to_canonical();
        if ip.is_loopback() && address.port() == 0 { Self::Unix } else { Self::Network(ip) }
    }

    pub(super) fn address(self) -> IpAddr {
        match self {
            Self::Network(address) => address,
            Self::Unix => Ipv4Addr::LOCALHOST.into(),
        }
    }
}

impl Client {
    /// The address, as it is.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// Whom a request is counted for: an address, or the network that a client of IPv6 has to call
    /// from.
    pub(super) fn network(&self) -> IpAddr {
        match self.address {
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into()
            }
            address @ IpAddr::V4(_) => address,
        }
    }

    /// Whether it has come over TLS, here or at the proxy.
    pub(super) fn is_https(&self) -> bool {
        self.https
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_comes_over_a_unix_socket() {
        let of = |address: &str| Peer::of(address.parse().expect("an address"));
        let network = |address: &str| Peer::Network(address.parse().expect("an address"));
        assert_eq!(of("127.0.0.1:0"), Peer::Unix);
        assert_eq!(of("203.0.113.5:0"), network("203.0.113.5"));
        assert_eq!(of("[::ffff:203.0.113.5]:0"), network("203.0.113.5"));
        assert_eq!(of("127.0.0.1:8080"), network("127.0.0.1"));
    }

    #[test]
    fn a_client_is_counted_by_address_or_by_network_of_ipv6() {
        let counted = |address: &str| {
            let address = address.parse::<IpAddr>().expect("an address").to_canonical();
            Client { address, https: false }.network().to_string()
        };
        assert_eq!(counted("192.0.2.7"), "192.0.2.7");
        assert_eq!(counted("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
