//! Streams of bytes for HTTP bodies, driven by tokio's timer.

mod events;

pub use events::{EventStream, EventStreamOptions};
