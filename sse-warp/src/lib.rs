#![doc = include_str!("../README.md")]

mod last_event_id;
mod peer;
mod refused;
mod reply;
mod serve;

pub use last_event_id::{last_event_id, required_last_event_id};
pub use peer::peer_address;
pub use refused::TooManyStreams;
pub use reply::{reply, reply_events};
pub use serve::{serve, serve_with};
#[doc(no_inline)]
pub use sse_core::{
    Admission, AdmissionLimits, Event, EventId, EventStream, EventStreamOptions, EventType, Permit,
    Refused,
};
#[doc(no_inline)]
pub use sse_hyper::{ServeOptions, bind};
