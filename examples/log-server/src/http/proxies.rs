//! The proxies that are believed when they say for whom they ask.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use gapless_sse_axum::OverTls;
use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use serde::Deserialize;

use super::client::{Client, Peer};
use super::forwarded::{Hop, forwarded, x_forwarded_for};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A proxy, or a network of them: `10.0.0.0/8`, `192.0.2.7`, or `unix` for all that come over a
/// Unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Proxy {
    /// These addresses.
    Network(IpNet),
    /// What comes over a Unix socket.
    Unix,
}

/// It is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no network; write 10.0.0.0/8, 192.0.2.7 or unix")]
pub struct InvalidProxy;

impl FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self::Network).map_err(|_| InvalidProxy)
    }
}

impl TryFrom<String> for Proxy {
    type Error = InvalidProxy;

    fn try_from(text: String) -> Result<Self, InvalidProxy> {
        text.parse()
    }
}

/// Where proxies say for whom they ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// In `Forwarded` (RFC 7239).
    Forwarded,
    /// In `X-Forwarded-For`, and in `X-Forwarded-Proto` whether it came over TLS.
    XForwardedFor,
}

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    listed: Arc<[Proxy]>,
    header: Option<ProxyHeader>,
}

impl Proxies {
    /// These. Without a header, either is taken; where a request has both and they disagree, one of
    /// them came through from the client, and neither is believed.
    pub fn new(listed: &[Proxy], header: Option<ProxyHeader>) -> Self {
        Self { listed: listed.into(), header }
    }

    /// From where a request comes that came over TLS, or not, from this peer.
    pub(super) fn client(&self, peer: Peer, tls: bool, headers: &HeaderMap) -> Client {
        let direct = Client { address: peer.address(), https: tls };
        let listed = match peer {
            Peer::Network(address) => self.lists(address),
            Peer::Unix => self.listed.contains(&Proxy::Unix),
        };
        if !listed {
            return direct;
        }
        let new = || self.walk(direct, forwarded(&joined(headers, &header::FORWARDED)));
        let old = || self.walk(direct, with_proto(headers));
        let has = |name: &HeaderName| headers.contains_key(name);
        match self.header {
            Some(ProxyHeader::Forwarded) => new(),
            Some(ProxyHeader::XForwardedFor) => old(),
            None if !has(&header::FORWARDED) => old(),
            None if !has(&X_FORWARDED_FOR) => new(),
            None => Some(new()).filter(|client| *client == old()).unwrap_or(direct),
        }
    }

    /// Goes from proxy to proxy, as long as they are listed.
    fn walk(&self, direct: Client, hops: impl Iterator<Item = Hop>) -> Client {
        let mut client = direct;
        for hop in hops {
            client.https = hop.https.unwrap_or(client.https);
            let Some(address) = hop.from else { break };
            client.address = address;
            if !self.lists(address) {
                break;
            }
        }
        client
    }

    fn lists(&self, address: IpAddr) -> bool {
        self.listed.iter().any(|proxy| match proxy {
            Proxy::Network(network) => network.contains(&address),
            Proxy::Unix => false,
        })
    }
}

/// The outermost layer: notes the client, for all who ask.
pub(super) async fn note_client(
    State(proxies): State<Proxies>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(Peer::Unix, |ConnectInfo(address)| Peer::of(*address));
    let over_tls = request.extensions().get::<OverTls>().is_some();
    let client = proxies.client(peer, over_tls, request.headers());
    request.extensions_mut().insert(client);
    next.run(request).await
}

/// All lines of a header, as one.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let lines = headers.get_all(name).iter();
    lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect::<Vec<_>>().join(", ")
}

/// The hops of `X-Forwarded-For`, each with what `X-Forwarded-Proto` has at the same place from the
/// right. Many proxies replace the latter instead of adding to it.
fn with_proto(headers: &HeaderMap) -> impl Iterator<Item = Hop> {
    let protos = joined(headers, &X_FORWARDED_PROTO);
    let is_https = |proto: &str| proto.trim().eq_ignore_ascii_case("https");
    let protos: Vec<bool> = match protos.as_str() {
        "" => Vec::new(),
        protos => protos.rsplit(',').map(is_https).collect(),
    };
    let hops: Vec<_> = x_forwarded_for(&joined(headers, &X_FORWARDED_FOR)).collect();
    hops.into_iter()
        .enumerate()
        .map(move |(at, hop)| Hop { https: protos.get(at).or(protos.last()).copied(), ..hop })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use proptest::prelude::*;

    use super::*;

    fn proxies(header: Option<ProxyHeader>) -> Proxies {
        let listed = ["10.0.0.0/8", "2001:db8:aaaa::/48", "192.0.2.7", "unix"];
        Proxies::new(&listed.map(|text| text.parse().unwrap()), header)
    }

    fn client(from: &str, lines: &[(&'static str, &str)], header: Option<ProxyHeader>) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let peer = match from {
            "unix" => Peer::Unix,
            address => Peer::Network(address.parse().unwrap()),
        };
        let client = proxies(header).client(peer, false, &headers);
        let scheme = if client.is_https() { "https" } else { "http" };
        format!("{scheme} {}", client.address())
    }

    #[test]
    fn only_listed_proxies_are_believed_and_only_as_far_as_they_are() {
        let x = |from, value| client(from, &[("x-forwarded-for", value)], None);
        assert_eq!(x("203.0.113.5", "198.51.100.1"), "http 203.0.113.5");
        assert_eq!(x("10.0.0.1", "198.51.100.1"), "http 198.51.100.1");
        assert_eq!(x("10.0.0.1", "1.1.1.1, 198.51.100.1"), "http 198.51.100.1");
        assert_eq!(x("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.2.2.2"), "http 198.51.100.1");
        assert_eq!(x("10.0.0.1", "10.3.3.3, 10.2.2.2"), "http 10.3.3.3");
        assert_eq!(x("10.0.0.1", "198.51.100.1, rubbish, 10.2.2.2"), "http 10.2.2.2");
        assert_eq!(x("10.0.0.1", ""), "http 10.0.0.1");
        assert_eq!(x("unix", "198.51.100.1"), "http 198.51.100.1");
        let f = |from, value| client(from, &[("forwarded", value)], None);
        let both = "for=\"[2001:db8::1]:80\";proto=https, for=\"[2001:db8:aaaa::1]\"";
        assert_eq!(f("10.0.0.1", both), "https 2001:db8::1");
        assert_eq!(f("10.0.0.1", "for=1.1.1.1, for=_hidden"), "http 10.0.0.1");
        assert_eq!(f("10.0.0.1", "for=1.1.1.1, for=;"), "http 10.0.0.1");
        assert_eq!(f("203.0.113.5", "for=1.1.1.1;proto=https"), "http 203.0.113.5");
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(client("192.0.2.7", &lines, None), "http 198.51.100.1");
    }

    #[test]
    fn a_socket_is_no_proxy_unless_it_is_listed() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "198.51.100.1".parse().unwrap());
        let client = Proxies::default().client(Peer::Unix, false, &headers);
        assert_eq!(client.address().to_string(), "127.0.0.1");
    }

    #[test]
    fn of_two_headers_that_disagree_neither_is_believed_unless_one_is_named() {
        let lines = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(client("10.0.0.1", &lines, None), "http 10.0.0.1");
        assert_eq!(client("10.0.0.1", &lines, Some(ProxyHeader::Forwarded)), "http 1.1.1.1");
        let named = client("10.0.0.1", &lines, Some(ProxyHeader::XForwardedFor));
        assert_eq!(named, "http 198.51.100.1");
        let lines = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "1.1.1.1")];
        assert_eq!(client("10.0.0.1", &lines, None), "http 1.1.1.1");
    }

    #[test]
    fn whether_it_was_tls_is_what_the_outermost_listed_proxy_says() {
        let x = |from, to, proto| {
            client(from, &[("x-forwarded-for", to), ("x-forwarded-proto", proto)], None)
        };
        assert_eq!(x("10.0.0.1", "198.51.100.1", "https"), "https 198.51.100.1");
        assert_eq!(x("10.0.0.1", "198.51.100.1", "https, http"), "http 198.51.100.1");
        let chain = "198.51.100.1, 10.2.2.2";
        assert_eq!(x("10.0.0.1", chain, "https, http"), "https 198.51.100.1");
        assert_eq!(x("10.0.0.1", chain, "https"), "https 198.51.100.1");
        assert_eq!(x("203.0.113.5", "198.51.100.1", "https"), "http 203.0.113.5");
        let only = client("10.0.0.1", &[("x-forwarded-proto", "https")], None);
        assert_eq!(only, "https 10.0.0.1");
    }

    proptest! {
        /// Nobody is taken for another address than his own, whatever he sends through a proxy.
        #[test]
        fn nobody_forges_an_address_through_a_proxy(
            sent in "[ -~]{0,60}",
            quiet in any::<bool>(),
        ) {
            let appended =
                |own: &str| if quiet { own.to_owned() } else { format!("{sent}, {own}") };
            let (new, old) = (appended("for=203.0.113.9"), appended("203.0.113.9"));
            let lines = [("forwarded", &*new), ("x-forwarded-for", &*sent)];
            let got = client("10.0.0.1", &lines, Some(ProxyHeader::Forwarded));
            prop_assert_eq!(got, "http 203.0.113.9");
            let lines = [("forwarded", &*sent), ("x-forwarded-for", &*old)];
            let got = client("10.0.0.1", &lines, Some(ProxyHeader::XForwardedFor));
            prop_assert_eq!(got, "http 203.0.113.9");
            // Unless it is said which one the proxy writes, the worst is to be counted with it.
            let got = client("10.0.0.1", &lines, None);
            prop_assert!(got.ends_with(" 203.0.113.9") || got.ends_with(" 10.0.0.1"), "{}", got);
        }
    }
}
