//! Values as JSON, straight into an event's data.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::encode::{DATA, encode_head, split_line};
use super::event::Event;

/// Appends `event` with `value` as JSON for its data, whatever data it has; no text is made of the
/// value on the way. When it fails, the buffer is as it was.
///
/// ```
/// use gapless_sse_core::{Event, EventType, encode_json};
///
/// let mut buffer = Vec::new();
/// let point = Event::empty().event_type(EventType::from_static("point"));
/// encode_json(&point, &(3, 4), &mut buffer)?;
/// assert_eq!(buffer, b"event: point\ndata: [3,4]\n\n");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// When `value` does not serialise: a map with keys that are no text, or an error of its own.
pub fn encode_json(
    event: &Event<'_>,
    value: &(impl Serialize + ?Sized),
    buffer: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    let before = buffer.len();
    encode_head(event, buffer);
    buffer.extend_from_slice(DATA);
    let written = value.serialize(&mut Serializer::with_formatter(&mut *buffer, DataLines));
    match written {
        Ok(()) => buffer.extend_from_slice(b"\n\n"),
        Err(_) => buffer.truncate(before),
    }
    written
}

/// Compact JSON, which holds line breaks only where a raw value brings them along; each goes on
/// in a line of data of its own.
struct DataLines;

impl Formatter for DataLines {
    fn write_raw_fragment<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment.as_bytes();
        while let Some((line, next)) = split_line(rest) {
            writer.write_all(line)?;
            writer.write_all(b"\n")?;
            writer.write_all(DATA)?;
            rest = next;
        }
        writer.write_all(rest)
    }

    fn write_number_str<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        value: &str,
    ) -> io::Result<()> {
        // Numbers of any precision are text that nobody has checked.
        self.write_raw_fragment(writer, value)
    }
}
