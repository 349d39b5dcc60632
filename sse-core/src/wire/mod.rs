//! Bytes to events and events to bytes.

mod buffers;
mod chunk;
mod decode;
mod encode;
mod encoded;
mod event;
mod field;
#[cfg(feature = "stream")]
mod incoming;
#[cfg(feature = "json")]
mod json;
mod limits;
mod line;
pub mod naive;
mod parse;

pub use encode::encode;
pub use encoded::Encoded;
pub use event::{Event, EventId, EventIdRef, EventType, InvalidField};
#[cfg(feature = "stream")]
pub use incoming::{Incoming, IncomingError, Received, ReceivedEvent};
#[cfg(feature = "json")]
pub use json::encode_json;
pub use limits::{LimitExceeded, Limits};
pub use parse::{Item, Items, Message, Parser};
