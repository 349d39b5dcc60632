//! Bytes to events and events to bytes.

mod buffers;
mod chunk;
mod decode;
mod encode;
mod encoded;
mod event;
mod event_id;
mod event_type;
mod field;
#[cfg(feature = "stream")]
mod incoming;
mod invalid_field;
#[cfg(feature = "json")]
mod json;
mod limits;
mod line;
pub mod naive;
mod parse;

pub use encode::encode;
pub use encoded::Encoded;
pub use event::{Event, Fields};
pub use event_id::{EventId, EventIdRef};
pub use event_type::EventType;
#[cfg(feature = "stream")]
pub use incoming::{Incoming, IncomingError, Received, ReceivedEvent};
pub use invalid_field::InvalidField;
#[cfg(feature = "json")]
pub use json::encode_json;
pub use limits::{LimitExceeded, Limits};
pub use parse::{Item, Items, Message, Parser};
