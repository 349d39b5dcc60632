//! A change stream over the collection. Its own loop, since the driver's decodes every event and
//! goes past those that it cannot.

mod cursor;
mod event;
mod fetch;
mod pipeline;
mod reader;

pub(crate) use reader::ChangeStream;
