//! Serve long-lived streams with hyper: [`bind`] a socket that takes many connects at once,
//! [`serve`] any tower service on it, and end the connections that no longer move.
//!
//! It also holds what the adapters for web frameworks share: the [headers](response_headers) of
//! an event stream and the [last event ID](last_event_id) of a request.
//!
//! ```
//! use std::convert::Infallible;
//! use http::{Request, Response};
//! use sse_hyper::{PeerAddress, ServeOptions, bind, serve};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! # use std::task::{Context, Poll};
//! # #[derive(Clone)]
//! # struct Hello;
//! # impl<B> tower_service::Service<Request<B>> for Hello {
//! #     type Response = Response<String>;
//! #     type Error = Infallible;
//! #     type Future = std::future::Ready<Result<Self::Response, Infallible>>;
//! #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
//! #         Poll::Ready(Ok(()))
//! #     }
//! #     fn call(&mut self, request: Request<B>) -> Self::Future {
//! #         let peer = request.extensions().get::<PeerAddress>();
//! #         std::future::ready(Ok(Response::new(format!("hello, {peer:?}"))))
//! #     }
//! # }
//! # let service = Hello; // any tower service
//! # let shutdown = std::future::ready(());
//! let listener = bind("127.0.0.1:0").await?;
//! println!("listening on http://{}/", listener.local_addr()?);
//! serve(listener, service, ServeOptions::default(), shutdown).await;
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//!
//! - TLS: put a proxy that terminates it in front (and let it pass on without buffering).
//! - Over HTTP/2, a client that keeps a stream's window shut leaves its socket healthy: the stall
//!   limit, which looks at the socket, does not see it.
//! - Limits on the number of connections or streams.

mod connection;
mod headers;
mod listen;
mod options;
mod serve;
mod stall;

pub use connection::PeerAddress;
pub use headers::{InvalidLastEventId, LAST_EVENT_ID, last_event_id, response_headers};
pub use listen::bind;
pub use options::ServeOptions;
pub use serve::serve;
pub use stall::StallLimit;
