//! An encoded event, shared by reference count.

use bytes::Bytes;

use super::encode::encode;
use super::event::Event;

/// The bytes of one event, encoded once however many clients read it: a clone is a reference.
///
/// ```
/// use sse_core::{Event, Frame};
///
/// let frame = Frame::from(&Event::new("x"));
/// assert_eq!(frame.as_ref(), b"data: x\n\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(Bytes);

impl Frame {
    /// How many bytes the event takes on the wire.
    #[allow(clippy::len_without_is_empty, reason = "an encoded event holds at least a line feed")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<&Event<'_>> for Frame {
    fn from(event: &Event<'_>) -> Self {
        let mut buffer = Vec::new();
        encode(event, &mut buffer);
        Self(buffer.into())
    }
}

impl From<Event<'_>> for Frame {
    fn from(event: Event<'_>) -> Self {
        Self::from(&event)
    }
}

impl From<Frame> for Bytes {
    fn from(frame: Frame) -> Self {
        frame.0
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
