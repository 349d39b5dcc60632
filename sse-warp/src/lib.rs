#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout)]

mod last_event_id;
#[cfg(feature = "follow")]
mod not_driven;
mod peer;
mod refused;
mod reply;
#[cfg(feature = "serve")]
mod serve;

pub use gapless_sse_core as core;
#[doc(no_inline)]
pub use gapless_sse_core::{
    Admission, AdmissionLimits, CloseReason, Closed, EventId, EventStream, EventType, KeepAlive,
    Permit, Refused, try_events,
};
#[cfg(all(feature = "serve", unix))]
#[doc(no_inline)]
pub use gapless_sse_hyper::bind_unix;
#[cfg(feature = "serve")]
#[doc(no_inline)]
pub use gapless_sse_hyper::{
    Accepted, InMemory, InMemoryListener, Listener, ServeOptions, bind, in_memory,
};
#[cfg(feature = "tls")]
#[doc(no_inline)]
pub use gapless_sse_hyper::{CertificateError, Certificates, OverTls, Tls};
pub use last_event_id::{last_event_id, last_event_id_as, required_last_event_id};
#[cfg(feature = "follow")]
pub use not_driven::NotDriven;
pub use peer::peer_address;
pub use refused::TooManyStreams;
pub use reply::{Sse, reply, reply_bytes};
#[cfg(feature = "serve")]
pub use serve::{serve, serve_with};

#[cfg(feature = "follow")]
#[doc(no_inline)]
pub use gapless_sse_core::{FollowOptions, Log, LogOptions, LogState, Topics, follow};

/// An event that owns what it says, to be sent on a stream; [`core::Event`] may also borrow it.
pub type Event = core::Event<'static>;
