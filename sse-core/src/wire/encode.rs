//! Events to bytes.

use std::fmt;
use std::time::Duration;

use bytes::BufMut;
use memchr::memchr2;

use super::event::Event;

/// Appends `event` and the blank line that ends it to `buffer`.
///
/// Each line of the data becomes a `data:` line of its own, whether LF, CR or CRLF ended it;
/// a parser joins them with LF. A comment becomes as many comment lines as it has lines.
///
/// ```
/// use gapless_sse_core::{Event, encode};
///
/// let mut buffer = Vec::new();
/// encode(&Event::new("a\r\nb"), &mut buffer);
/// assert_eq!(buffer, b"data: a\ndata: b\n\n");
/// ```
pub fn encode(event: &Event<'_>, buffer: &mut impl BufMut) {
    encode_head(event, buffer);
    if let Some(data) = &event.data {
        put_lines(buffer, DATA, data.as_bytes());
    }
    buffer.put_u8(b'\n');
}

/// Writes the event as it stands on the wire.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = Vec::new();
        encode(self, &mut buffer);
        f.write_str(&String::from_utf8_lossy(&buffer))
    }
}

/// How a line of data begins.
pub(super) const DATA: &[u8] = b"data: ";

/// Appends all but the data and the blank line.
#[inline]
pub(super) fn encode_head(event: &Event<'_>, buffer: &mut impl BufMut) {
    if let Some(comment) = &event.comment {
        put_lines(buffer, b": ", comment.as_bytes());
    }
    if let Some(reconnection_time) = event.retry {
        put_retry(buffer, reconnection_time);
    }
    if let Some(event_type) = &event.event_type {
        put_line(buffer, b"event: ", event_type.as_str().as_bytes());
    }
    if let Some(id) = &event.id {
        put_line(buffer, b"id: ", id.as_bytes());
    }
}

#[inline]
fn put_line(buffer: &mut impl BufMut, field: &[u8], value: &[u8]) {
    buffer.put_slice(field);
    buffer.put_slice(value);
    buffer.put_u8(b'\n');
}

#[inline]
fn put_lines(buffer: &mut impl BufMut, field: &[u8], mut text: &[u8]) {
    while let Some((line, rest)) = split_line(text) {
        put_line(buffer, field, line);
        text = rest;
    }
    put_line(buffer, field, text);
}

/// The first line of `text` and what comes after its end, if it ends.
#[inline]
pub(super) fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr2(b'\r', b'\n', text)?;
    let crlf = text[end] == b'\r' && text.get(end + 1) == Some(&b'\n');
    Some((&text[..end], &text[end + 1 + usize::from(crlf)..]))
}

fn put_retry(buffer: &mut impl BufMut, reconnection_time: Duration) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = u64::try_from(reconnection_time.as_millis()).unwrap_or(u64::MAX);
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    put_line(buffer, b"retry: ", &digits[start..]);
}
