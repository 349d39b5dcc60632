//! The server's HTTP: what every request needs, the paths, and what answers them.

mod append;
mod closed;
mod health;
mod host;
mod lists;
mod metrics;
mod pages;
mod path;
mod problem;
mod query;
mod router;
mod stream;
mod viewer;

use std::net::IpAddr;

use gapless_sse_core::{Admission, EventStreamOptions, Log};

use crate::store::Store;
pub use closed::ClosedStreams;
pub use router::router;

/// What every request needs.
#[derive(Debug)]
pub struct App<S: Store> {
    /// The log that is served.
    pub log: Log<S>,
    /// How the store is named to people, without credentials.
    pub store: String,
    /// How a stream is sent.
    pub stream: EventStreamOptions,
    /// Which streams may open, by the address of the client.
    pub admission: Admission<IpAddr>,
    /// Those that are over.
    pub closed: ClosedStreams,
}

impl<S: Store> Clone for App<S> {
    fn clone(&self) -> Self {
        Self {
            log: self.log.clone(),
            store: self.store.clone(),
            stream: self.stream,
            admission: self.admission.clone(),
            closed: self.closed.clone(),
        }
    }
}
