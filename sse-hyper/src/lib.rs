#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout)]

mod headers;
mod peer_address;
mod refused;

#[cfg(feature = "serve")]
mod answer;
#[cfg(feature = "serve")]
mod chunks;
#[cfg(feature = "serve")]
mod connection;
#[cfg(feature = "serve")]
mod discard;
#[cfg(feature = "serve")]
mod error;
#[cfg(feature = "serve")]
mod exchange;
#[cfg(feature = "serve")]
mod http1;
#[cfg(feature = "serve")]
mod http2;
#[cfg(feature = "serve")]
mod idle;
#[cfg(feature = "serve")]
mod linger;
#[cfg(feature = "serve")]
mod listen;
#[cfg(feature = "serve")]
mod options;
#[cfg(feature = "serve")]
mod protocol;
#[cfg(feature = "serve")]
mod reads_and_writes;
#[cfg(feature = "serve")]
mod request_body;
#[cfg(feature = "serve")]
mod rewound;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "serve")]
mod shutdown;
#[cfg(feature = "serve")]
mod socket;
#[cfg(feature = "serve")]
mod stall;
#[cfg(feature = "serve")]
mod stream;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "serve")]
mod transport;
#[cfg(feature = "serve")]
mod unsent;

pub use headers::{InvalidLastEventId, LAST_EVENT_ID, last_event_id, response_headers};
pub use peer_address::{OverTls, PeerAddress};
pub use refused::{refused_response, unavailable_response};

#[cfg(all(feature = "serve", unix))]
pub use listen::bind_unix;
#[cfg(feature = "serve")]
pub use listen::{Accepted, InMemory, InMemoryListener, Listener, THIS_MACHINE, bind, in_memory};
#[cfg(feature = "serve")]
pub use options::ServeOptions;
#[cfg(feature = "serve")]
pub use request_body::RequestBody;
#[cfg(feature = "serve")]
pub use serve::serve;
#[cfg(feature = "serve")]
pub use stall::StallLimit;
#[cfg(feature = "tls")]
pub use tls::{CertificateError, Certificates, Tls};
