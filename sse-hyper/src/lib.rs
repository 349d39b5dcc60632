#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod chunks;
mod connection;
mod handover;
mod headers;
mod listen;
mod options;
mod refused;
mod serve;
mod stall;
mod unsent;

pub use connection::PeerAddress;
pub use headers::{InvalidLastEventId, LAST_EVENT_ID, last_event_id, response_headers};
pub use listen::bind;
pub use options::ServeOptions;
pub use refused::refused_response;
pub use serve::serve;
pub use stall::StallLimit;
