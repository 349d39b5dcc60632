//! Bytes to events and events to bytes.

mod buffers;
mod chunk;
mod decode;
mod encode;
mod event;
mod field;
mod frame;
#[cfg(feature = "stream")]
mod incoming;
#[cfg(feature = "json")]
mod json;
mod limits;
mod line;
pub mod naive;
mod parse;

pub use encode::encode;
pub use event::{Event, EventId, EventIdRef, EventType, InvalidField};
pub use frame::Frame;
#[cfg(feature = "stream")]
pub use incoming::{Incoming, IncomingError, Received, ReceivedEvent};
#[cfg(feature = "json")]
pub use json::encode_json;
pub use limits::{LimitExceeded, Limits};
pub use parse::{Item, Items, Message, Parser};
