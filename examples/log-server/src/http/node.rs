//! One party of a forwarded request.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The address of a node as proxies write it: with or without a port, of IPv6 with or without
/// brackets. Nothing, if it is hidden (`unknown`, `_name`) or no address.
pub(super) fn address(node: &str) -> Option<IpAddr> {
    if let Ok(address) = node.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Ok(address) = node.parse::<SocketAddr>() {
        return Some(address.ip().to_canonical());
    }
    // The port may be hidden as well (RFC 7239, section 6.3).
    let (address, port) = if let Some(rest) = node.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        (address.parse::<Ipv6Addr>().ok()?.into(), port)
    } else {
        let (address, port) = node.split_at(node.find(':')?);
        (address.parse::<IpAddr>().ok()?, port)
    };
    let hidden = |port: &str| {
        port.strip_prefix(":_").is_some_and(|name| !name.is_empty() && name.bytes().all(in_name))
    };
    (port.is_empty() || hidden(port)).then(|| address.to_canonical())
}

fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}
