//! What was found out about a server and a collection.

use std::sync::Arc;

use mongodb::bson::Document;

use super::index::Index;

/// What the server is, and so how it is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deployment {
    pub(crate) way: Way,
    /// Whether a read has to ask for what cannot be rolled back.
    pub(crate) replicated: bool,
}

/// How changes are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ChangeStreams,
    Poll,
}

/// The collection as it was last looked up.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// Names this life of the collection.
    pub(crate) uuid: Vec<u8>,
    /// The index that history is read by.
    pub(crate) tail: Index,
    /// The index that changes are polled by; `tail` where they are not.
    pub(crate) settled: Index,
    /// The index that history of whole spaces is read by, once it was found.
    pub(crate) space: Option<Index>,
    /// All that there were when it was looked up.
    pub(crate) listed: Arc<[Document]>,
}
