//! The data, event type and last event ID buffers, and what dispatches them
//! ([HTML, section 9.2.6][interpreting]).
//!
//! [interpreting]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

use std::mem;
#[cfg(feature = "stream")]
use std::sync::Arc;

use super::item::Message;
#[cfg(feature = "stream")]
use super::received::ReceivedEvent;
#[cfg(feature = "stream")]
use super::span::Span;

/// The fields of the begun event that still lie in the chunk. What is here is not in [`Buffers`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Borrowed<'c> {
    data: Option<&'c str>,
    event_type: Option<&'c str>,
    id: Option<&'c str>,
    /// How many bytes the event holds, copied or borrowed.
    event_size: usize,
}

/// From this length on, data is given away with its buffer. Less is copied out of it, which takes
/// no longer than to make a new one.
#[cfg(feature = "stream")]
const MOVED: usize = 1024;

impl Borrowed<'_> {
    #[inline]
    pub(super) fn event_size(&self) -> usize {
        self.event_size
    }
}

#[cfg(feature = "stream")]
impl<'c> Borrowed<'c> {
    /// The data, the type and the id, if any.
    #[inline]
    pub(super) fn fields(&self) -> (&'c str, &'c str, Option<&'c str>) {
        (self.data.unwrap_or_default(), self.event_type.unwrap_or_default(), self.id)
    }
}

/// The fields of the begun event that were copied, and the last event ID.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// From `data_start` on, each line of data with a line feed after it.
    data: String,
    data_start: usize,
    event_type: String,
    /// The begun event's id, if `has_id`; it becomes the last event ID at the blank line.
    id: String,
    has_id: bool,
    last_event_id: String,
    /// Whether anything of an event is here.
    held: bool,
    /// The event was handed out, so its buffers are free for the next.
    dispatched: bool,
}

impl Buffers {
    pub(super) fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    pub(super) fn set_last_event_id(&mut self, id: &str) {
        id.clone_into(&mut self.last_event_id);
    }

    /// Whether nothing is here of the event that comes next.
    #[inline]
    pub(super) fn is_empty(&mut self) -> bool {
        if self.dispatched {
            self.clear();
        }
        !self.held
    }

    /// Begins to read on in a chunk, with an empty event if the last was handed out.
    #[inline]
    pub(super) fn begin<'c>(&mut self) -> Borrowed<'c> {
        let event_size = if self.is_empty() { 0 } else { self.size() };
        Borrowed { event_size, ..Borrowed::default() }
    }

    /// How many bytes of the begun event were copied.
    pub(super) fn size(&self) -> usize {
        self.data.len() - self.data_start + self.event_type.len() + self.id.len()
    }

    /// Whether anything of the begun event was copied.
    #[cfg(feature = "stream")]
    #[inline]
    pub(super) fn held(&self) -> bool {
        self.held
    }

    /// Drops the begun event with its id.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.data.clear();
        self.data_start = 0;
        self.event_type.clear();
        self.id.clear();
        self.has_id = false;
        self.held = false;
        self.dispatched = false;
    }

    /// Appends a line of data.
    #[inline]
    pub(super) fn data<'c>(&mut self, line: &'c str, borrowed: &mut Borrowed<'c>) {
        borrowed.event_size += line.len() + 1;
        if !self.has_data(borrowed) {
            borrowed.data = Some(line);
            return;
        }
        if let Some(first) = borrowed.data.take() {
            self.copy_data(first);
        }
        self.copy_data(line);
    }

    /// Whether lines of data are put together here.
    #[inline]
    pub(super) fn joins_data(&self) -> bool {
        !self.data.is_empty()
    }

    /// Appends a line of data, with a line feed after it, to those that are put together.
    #[inline]
    pub(super) fn join_data(&mut self, line: &str, borrowed: &mut Borrowed<'_>) {
        borrowed.event_size += line.len();
        self.data.push_str(line);
    }

    /// Replaces the event type.
    #[inline]
    pub(super) fn event_type<'c>(&mut self, text: &'c str, borrowed: &mut Borrowed<'c>) {
        let former = borrowed.event_type.map_or(self.event_type.len(), str::len);
        borrowed.event_size = borrowed.event_size - former + text.len();
        borrowed.event_type = Some(text);
    }

    /// Replaces the id.
    #[inline]
    pub(super) fn id<'c>(&mut self, text: &'c str, borrowed: &mut Borrowed<'c>) {
        let former = borrowed.id.map_or(self.id.len(), str::len);
        borrowed.event_size = borrowed.event_size - former + text.len();
        borrowed.id = Some(text);
    }

    /// Copies what is borrowed, before its chunk goes.
    #[inline]
    pub(super) fn keep(&mut self, borrowed: Borrowed<'_>) {
        if let Some(line) = borrowed.data {
            self.copy_data(line);
        }
        if let Some(text) = borrowed.event_type {
            self.copy_event_type(text);
        }
        if let Some(text) = borrowed.id {
            self.copy_id(text);
        }
    }

    /// Appends a line of data, from `start` on, while nothing is borrowed. The first line becomes
    /// the buffer, however long it is, and leaves the former buffer in its place.
    pub(super) fn take_data(&mut self, line: &mut String, start: usize) {
        if !self.data.is_empty() {
            self.copy_data(&line[start..]);
            return;
        }
        mem::swap(&mut self.data, line);
        self.data.push('\n');
        self.data_start = start;
        self.held = true;
    }

    fn copy_data(&mut self, line: &str) {
        self.data.push_str(line);
        self.data.push('\n');
        self.held = true;
    }

    /// Replaces the event type, while nothing is borrowed.
    pub(super) fn copy_event_type(&mut self, text: &str) {
        text.clone_into(&mut self.event_type);
        self.held = true;
    }

    /// Replaces the id, while nothing is borrowed.
    pub(super) fn copy_id(&mut self, text: &str) {
        text.clone_into(&mut self.id);
        self.has_id = true;
        self.held = true;
    }

    /// Whether the begun event has data.
    #[inline]
    pub(super) fn has_data(&self, borrowed: &Borrowed<'_>) -> bool {
        borrowed.data.is_some() || !self.data.is_empty()
    }

    /// An event of one line, and nothing before it.
    #[inline]
    pub(super) fn single_line_event<'i, 'c: 'i>(&'i self, data: &'c str) -> Message<'i> {
        Message { event_type: "message", data, last_event_id: &self.last_event_id }
    }

    /// Ends a block without data, which is no event.
    pub(super) fn end_block(&mut self, borrowed: &Borrowed<'_>) {
        self.commit_id(borrowed);
        self.clear();
    }

    /// Ends a block with data: the event.
    #[inline]
    pub(super) fn dispatch<'i, 'c: 'i>(&'i mut self, borrowed: &Borrowed<'c>) -> Message<'i> {
        self.commit_id(borrowed);
        self.dispatched = self.held;
        Message {
            event_type: match borrowed.event_type.unwrap_or(&self.event_type) {
                "" => "message",
                event_type => event_type,
            },
            data: match borrowed.data {
                Some(line) => line,
                None => &self.data[self.data_start..self.data.len() - 1],
            },
            last_event_id: &self.last_event_id,
        }
    }

    /// Ends a block with data, and gives the event away. One that has no id of its own is given
    /// what `former` makes of the last event ID.
    #[cfg(feature = "stream")]
    pub(super) fn take(
        &mut self,
        borrowed: &Borrowed<'_>,
        former: impl FnOnce(&str) -> Option<Arc<str>>,
    ) -> ReceivedEvent {
        let has_id = borrowed.id.is_some() || self.has_id;
        self.commit_id(borrowed);
        let event_type = borrowed.event_type.unwrap_or(&self.event_type);
        let (start, end) = (self.data_start, self.data.len().saturating_sub(1));
        let data = borrowed.data.unwrap_or_else(|| &self.data[start..end]);
        if let Some(event) = ReceivedEvent::short(data, event_type, &self.last_event_id) {
            self.clear();
            return event;
        }
        let (id, former) = match &*self.last_event_id {
            id if has_id => (id, None),
            id => ("", former(id)),
        };
        let event = match borrowed.data {
            None if end >= MOVED => {
                // The next is often as long.
                let next = String::with_capacity(end + event_type.len() + id.len() + 1);
                let text = mem::replace(&mut self.data, next);
                ReceivedEvent::owned(text, Span::new(start, end), event_type, id, former)
            }
            _ => ReceivedEvent::copied(data, event_type, id, former),
        };
        self.clear();
        event
    }

    #[inline]
    fn commit_id(&mut self, borrowed: &Borrowed<'_>) {
        if let Some(id) = borrowed.id {
            id.clone_into(&mut self.last_event_id);
        } else if self.has_id {
            mem::swap(&mut self.id, &mut self.last_event_id);
        }
    }
}
