#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod last_event_id;
mod peer;
mod refused;
mod reply;
mod serve;

#[doc(no_inline)]
pub use gapless_sse_core::{
    Admission, AdmissionLimits, Event, EventId, EventStream, EventStreamOptions, EventType, Permit,
    Refused,
};
#[doc(no_inline)]
pub use gapless_sse_hyper::{ServeOptions, bind};
pub use last_event_id::{last_event_id, required_last_event_id};
pub use peer::peer_address;
pub use refused::TooManyStreams;
pub use reply::{reply, reply_events};
pub use serve::{serve, serve_with};
