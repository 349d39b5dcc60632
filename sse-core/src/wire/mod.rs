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
mod invalid_field;
mod item;
#[cfg(feature = "json")]
mod json;
mod limits;
mod line;
#[cfg(feature = "oracle")]
pub mod naive;
#[cfg(feature = "stream")]
mod owned;
mod parse;
#[cfg(feature = "stream")]
mod reader;
#[cfg(feature = "stream")]
mod received;
#[cfg(feature = "stream")]
mod span;

pub use encode::encode;
pub use encoded::Encoded;
pub use event::{Event, Fields};
pub use event_id::{EventId, EventIdRef};
pub use event_type::EventType;
pub use invalid_field::InvalidField;
pub use item::{Item, Message};
#[cfg(feature = "json")]
pub use json::encode_json;
pub use limits::{LimitExceeded, Limits};
pub use parse::{Items, Parser};
#[cfg(feature = "stream")]
pub use reader::{EventReader, ReadError};
#[cfg(feature = "stream")]
pub use received::{Received, ReceivedEvent};
