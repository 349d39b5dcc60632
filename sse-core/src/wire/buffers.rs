//! The data, event type and last event ID buffers, and what dispatches them
//! ([HTML, section 9.2.6][interpreting]).
//!
//! [interpreting]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

use std::mem;

use super::parse::Message;

/// The fields of the begun event that still lie in the chunk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Borrowed<'c> {
    data: Option<&'c str>,
    event_type: Option<&'c str>,
}

/// The fields of the begun event that were copied, and the last event ID.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Each line of data with a line feed after it.
    data: String,
    event_type: String,
    /// The begun event's id, if `has_id`; it becomes the last event ID at the blank line.
    id: String,
    has_id: bool,
    last_event_id: String,
    size: Size,
    /// The event was handed out, so its buffers are free for the next.
    dispatched: bool,
}

#[derive(Debug, Default)]
struct Size {
    data: usize,
    event_type: usize,
    id: usize,
}

impl Buffers {
    pub(super) fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    pub(super) fn set_last_event_id(&mut self, id: &str) {
        id.clone_into(&mut self.last_event_id);
    }

    /// How many bytes the begun event holds, copied or borrowed.
    pub(super) fn size(&self) -> usize {
        self.size.data + self.size.event_type + self.size.id
    }

    /// Empties the buffers of an event that was handed out.
    pub(super) fn begin(&mut self) {
        if self.dispatched {
            self.clear();
        }
    }

    /// Drops the begun event with its id.
    pub(super) fn clear(&mut self) {
        self.data.clear();
        self.event_type.clear();
        self.has_id = false;
        self.size = Size::default();
        self.dispatched = false;
    }

    /// Appends a line of data, which lies in the chunk if `whole` is given.
    pub(super) fn data<'c>(
        &mut self,
        text: &str,
        whole: Option<&'c str>,
        borrowed: &mut Borrowed<'c>,
    ) {
        let first = self.size.data == 0;
        self.size.data += text.len() + 1;
        if first && whole.is_some() {
            borrowed.data = whole;
        } else {
            if let Some(first_line) = borrowed.data.take() {
                self.copy_data(first_line);
            }
            self.copy_data(text);
        }
    }

    /// Replaces the event type, which lies in the chunk if `whole` is given.
    pub(super) fn event_type<'c>(
        &mut self,
        text: &str,
        whole: Option<&'c str>,
        borrowed: &mut Borrowed<'c>,
    ) {
        self.size.event_type = text.len();
        borrowed.event_type = whole;
        if whole.is_none() {
            text.clone_into(&mut self.event_type);
        }
    }

    /// Replaces the id, unless it holds NUL.
    pub(super) fn id(&mut self, text: &str) {
        if text.contains('\0') {
            return;
        }
        self.size.id = text.len();
        text.clone_into(&mut self.id);
        self.has_id = true;
    }

    /// Copies what is borrowed, before its chunk goes.
    pub(super) fn keep(&mut self, borrowed: Borrowed<'_>) {
        if let Some(line) = borrowed.data {
            self.copy_data(line);
        }
        if let Some(event_type) = borrowed.event_type {
            event_type.clone_into(&mut self.event_type);
        }
    }

    fn copy_data(&mut self, line: &str) {
        self.data.push_str(line);
        self.data.push('\n');
    }

    /// Ends the block: commits its id; whether it has data and is therefore an event.
    pub(super) fn end_block(&mut self) -> bool {
        if mem::take(&mut self.has_id) {
            mem::swap(&mut self.id, &mut self.last_event_id);
        }
        if self.size.data == 0 {
            self.clear();
            return false;
        }
        self.dispatched = true;
        true
    }

    /// The event that ended.
    pub(super) fn message<'i, 'c: 'i>(&'i self, borrowed: Borrowed<'c>) -> Message<'i> {
        let event_type = borrowed.event_type.unwrap_or(&self.event_type);
        Message {
            event_type: if event_type.is_empty() { "message" } else { event_type },
            data: borrowed
                .data
                .unwrap_or_else(|| self.data.strip_suffix('\n').unwrap_or(&self.data)),
            last_event_id: &self.last_event_id,
        }
    }
}
