//! The lifetime of one response.

mod heartbeat;

pub use heartbeat::Heartbeat;
