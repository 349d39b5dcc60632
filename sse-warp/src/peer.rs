//! Who asks.

use std::convert::Infallible;
use std::net::SocketAddr;

use gapless_sse_hyper::PeerAddress;
use warp::Filter;

/// The address of the peer, under [`serve`](crate::serve()) as under warp's own server; `None`
/// when the request came over neither.
///
/// Behind a proxy, it is the proxy's; by a Unix socket, it is 127.0.0.1, port 0.
///
/// ```
/// use std::net::SocketAddr;
/// use warp::Filter;
///
/// let whoami = gapless_sse_warp::peer_address().map(|peer: Option<SocketAddr>| format!("{peer:?}"));
/// # let _ = warp::service(whoami);
/// ```
pub fn peer_address() -> impl Filter<Extract = (Option<SocketAddr>,), Error = Infallible> + Copy {
    warp::ext::optional().and(warp::addr::remote()).map(
        |served: Option<PeerAddress>, remote: Option<SocketAddr>| {
            served.map(|PeerAddress(address)| address).or(remote)
        },
    )
}
