//! Encoded events, shared by reference count.

use std::cell::Cell;
use std::convert::Infallible;

use bytes::{Bytes, BytesMut};

use super::encode::{DATA, encode};
use super::event::Event;

/// The bytes of an event, or of several, encoded once however many clients read them: a clone is a
/// reference.
///
/// ```
/// use gapless_sse_core::{Event, Encoded};
///
/// let frame = Encoded::from(&Event::new("x"));
/// assert_eq!(frame.as_ref(), b"data: x\n\n");
/// let two = Encoded::merge([&frame, &Event::new("y").into()]);
/// assert_eq!((two.as_ref(), two.events()), (&b"data: x\n\ndata: y\n\n"[..], 2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    bytes: Bytes,
    events: u32,
}

impl Encoded {
    /// An event with `value` as JSON for its data, whatever data it has.
    ///
    /// ```
    /// use gapless_sse_core::{Event, Encoded};
    ///
    /// let frame = Encoded::json(&Event::empty(), &["a", "b"])?;
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

    /// The events of all `frames`, one after the other, in one piece: what leaves together is
    /// copied once, not once for each client.
    pub fn merge<'f>(frames: impl IntoIterator<Item = &'f Encoded, IntoIter: Clone>) -> Self {
        let frames = frames.into_iter();
        let mut bytes = BytesMut::with_capacity(frames.clone().map(Encoded::len).sum());
        let mut events = 0;
        for frame in frames {
            bytes.extend_from_slice(&frame.bytes);
            events += frame.events;
        }
        Self { bytes: bytes.freeze(), events }
    }

    /// Bytes that have been encoded otherwise, of so many events.
    #[cfg(all(feature = "tokio", feature = "follow"))]
    pub(crate) fn of_bytes(bytes: Vec<u8>, events: u32) -> Self {
        Self { bytes: bytes.into(), events }
    }

    /// The last line of the data of the last event, by reference; none if it has no data. It is
    /// all of the data where that is one line, as JSON is.
    ///
    /// ```
    /// use gapless_sse_core::{Encoded, Event};
    ///
    /// let frame = Encoded::from(Event::new("[1]").event_type("late".parse()?));
    /// assert_eq!(frame.data().as_deref(), Some(&b"[1]"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn data(&self) -> Option<Bytes> {
        let end = self.bytes.len().checked_sub(2)?;
        let start = memchr::memrchr(b'\n', self.bytes.get(..end)?).map_or(0, |line| line + 1);
        let start = start + DATA.len();
        (self.bytes.get(..start)?.ends_with(DATA) && start <= end)
            .then(|| self.bytes.slice(start..end))
    }

    /// How many bytes it takes on the wire.
    #[allow(clippy::len_without_is_empty, reason = "an encoded event holds at least a line feed")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many events it holds.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// Allocates what was written and no more: how long it is, is known only afterwards.
    fn written<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Self, E> {
        let mut buffer = SCRATCH.try_with(Cell::take).unwrap_or_default();
        let frame =
            write(&mut buffer).map(|()| Self { bytes: Bytes::copy_from_slice(&buffer), events: 1 });
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

impl From<&Event<'_>> for Encoded {
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

impl From<Event<'_>> for Encoded {
    fn from(event: Event<'_>) -> Self {
        Self::from(&event)
    }
}

impl From<Encoded> for Bytes {
    fn from(frame: Encoded) -> Self {
        frame.bytes
    }
}

impl AsRef<[u8]> for Encoded {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
