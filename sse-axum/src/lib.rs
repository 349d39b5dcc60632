#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod last_event_id;
mod refused;
mod response;
mod serve;

#[doc(no_inline)]
pub use gapless_sse_core::{
    Admission, AdmissionLimits, Event, EventId, EventStream, EventStreamOptions, EventType, Permit,
    Refused,
};
#[doc(no_inline)]
pub use gapless_sse_hyper::{ServeOptions, bind};
pub use last_event_id::{LastEventId, LastEventIdRejection};
pub use refused::TooManyStreams;
pub use response::Sse;
pub use serve::{serve, serve_with};
