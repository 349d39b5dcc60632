//! Events to bytes.

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
/// use sse_core::{Event, encode};
///
/// let mut buffer = Vec::new();
/// encode(&Event::new("a\r\nb"), &mut buffer);
/// assert_eq!(buffer, b"data: a\ndata: b\n\n");
/// ```
pub fn encode(event: &Event<'_>, buffer: &mut impl BufMut) {
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
        put_line(buffer, b"id: ", id.as_str().as_bytes());
    }
    if let Some(data) = &event.data {
        put_lines(buffer, b"data: ", data.as_bytes());
    }
    buffer.put_u8(b'\n');
}

fn put_line(buffer: &mut impl BufMut, field: &[u8], value: &[u8]) {
    buffer.put_slice(field);
    buffer.put_slice(value);
    buffer.put_u8(b'\n');
}

fn put_lines(buffer: &mut impl BufMut, field: &[u8], mut text: &[u8]) {
    while let Some(end) = memchr2(b'\r', b'\n', text) {
        put_line(buffer, field, &text[..end]);
        let crlf = text[end] == b'\r' && text.get(end + 1) == Some(&b'\n');
        text = &text[end + 1 + usize::from(crlf)..];
    }
    put_line(buffer, field, text);
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
