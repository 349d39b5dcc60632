//! Bytes to events and events to bytes.

mod encode;
mod event;
mod frame;

pub use encode::encode;
pub use event::{Event, EventId, EventType, InvalidField};
pub use frame::Frame;
