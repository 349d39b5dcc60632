//! An encoded event, shared by reference count.

use std::cell::Cell;
use std::convert::Infallible;

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
    /// An event with `value` as JSON for its data, whatever data it has.
    ///
    /// ```
    /// use sse_core::{Event, Frame};
    ///
    /// let frame = Frame::json(&Event::empty(), &["a", "b"])?;
    /// assert_eq!(frame.as_ref(), b"data: [\"a\",\"b\"]\n\n");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `value` does not serialise: a map with keys that are no text, or an error of its own.
    #[cfg(feature = "json")]
    pub fn json(
        event: &Event<'_>,
        value: &(impl serde::Serialize + ?Sized),
    ) -> Result<Self, serde_json::Error> {
        Self::written(|buffer| super::json::encode_json(event, value, buffer))
    }

    /// How many bytes the event takes on the wire.
    #[allow(clippy::len_without_is_empty, reason = "an encoded event holds at least a line feed")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Allocates what was written and no more: how long it is, is known only afterwards.
    fn written<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Self, E> {
        let mut buffer = SCRATCH.try_with(Cell::take).unwrap_or_default();
        let frame = write(&mut buffer).map(|()| Self(Bytes::copy_from_slice(&buffer)));
        if buffer.capacity() <= SCRATCH_LIMIT {
            buffer.clear();
            // A thread that ends needs no buffer any more.
            let _ = SCRATCH.try_with(|scratch| scratch.set(buffer));
        }
        frame
    }
}

/// How large a buffer a thread keeps for its next event.
const SCRATCH_LIMIT: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl From<&Event<'_>> for Frame {
    fn from(event: &Event<'_>) -> Self {
        let written = Self::written(|buffer| {
            encode(event, buffer);
            Ok::<(), Infallible>(())
        });
        match written {
            Ok(frame) => frame,
        }
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
