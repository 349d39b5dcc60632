//! A stored record as it is sent.

use gapless_sse_core::Event;
use gapless_sse_core::follow::{Everything, Record};

/// A stored record as it is sent: the JSON of its document.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) String);

impl Record for Row {
    type Filter = Everything;

    fn event(&self) -> Event<'_> {
        Event::new(&self.0)
    }

    fn mark(&self) {}
}
