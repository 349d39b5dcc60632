//! A chunk of a stream, and how far it has been read.

use std::str;

use memchr::{memchr2, memrchr};

use super::decode::utf8;

/// How many bytes are decoded at once, since decoding each line alone takes longer: enough for
/// that, and not so many that they cost much when a reader goes no further.
const AT_ONCE: usize = 4096;

#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'c> {
    bytes: &'c [u8],
    /// Unread lines, decoded: either nothing, or whole lines the last of which ends with LF.
    text: &'c str,
    /// What follows the text.
    rest: &'c [u8],
    stops: bool,
}

impl<'c> Chunk<'c> {
    pub(super) fn new(bytes: &'c [u8]) -> Self {
        Self { bytes, text: "", rest: bytes, stops: false }
    }

    /// A chunk that is read up to its first whole lines, the last of which ends with LF and the first
    /// of which is not blank. The reader goes on with [`whole_lines`](Self::whole_lines).
    #[cfg(feature = "stream")]
    pub(super) fn until_whole_lines(bytes: &'c [u8]) -> Self {
        Self { stops: true, ..Self::new(bytes) }
    }

    /// Whole lines the last of which ends with LF, to be read where a line begins.
    #[cfg(feature = "stream")]
    #[inline]
    pub(super) fn whole_lines(text: &'c str) -> Self {
        Self { bytes: text.as_bytes(), text, rest: &[], stops: false }
    }

    /// Whether it stops here, where a line begins that is not blank. Where no LF follows, the chunk
    /// does not stop any more.
    pub(super) fn stops_here(&mut self) -> bool {
        self.stops = self.stops && memrchr(b'\n', self.rest).is_some();
        self.stops
    }

    /// Whether it is not to be decoded here.
    pub(super) fn stops(&self) -> bool {
        self.stops
    }

    /// What has not been read.
    #[inline]
    pub(super) fn unread(&self) -> &'c [u8] {
        &self.bytes[self.bytes.len() - self.rest.len() - self.text.len()..]
    }

    /// Takes the next line, without its end, if it is decoded.
    #[inline]
    pub(super) fn line(&mut self) -> Option<&'c str> {
        let (line, end) = self.text.split_at(line_end(self.text.as_bytes())?);
        self.text = match end.strip_prefix('\n') {
            Some(rest) => rest,
            None => after_cr(end),
        };
        Some(line)
    }

    /// Takes the next event if it is a single line of data that is not longer than `limit`, and is
    /// decoded: its line and the data's begin within it.
    #[inline]
    pub(super) fn single_line_event(&mut self, limit: usize) -> Option<&'c str> {
        let value = self.text.strip_prefix("data:")?;
        let (value, end) = value.split_at(memchr2(b'\r', b'\n', value.as_bytes())?);
        if value.len() >= limit {
            return None;
        }
        self.text = end.strip_prefix("\n\n")?;
        Some(value.strip_prefix(' ').unwrap_or(value))
    }

    /// Takes the next line if it is one of data, is decoded and ends with LF, and its value with the
    /// space before it is not longer than `limit`: the value and the LF.
    #[inline]
    pub(super) fn data_line(&mut self, limit: usize) -> Option<&'c str> {
        let value = self.text.strip_prefix("data:")?;
        let end = memchr2(b'\r', b'\n', value.as_bytes())?;
        if end > limit || value.as_bytes()[end] != b'\n' {
            return None;
        }
        let (line, rest) = value.split_at(end + 1);
        self.text = rest;
        Some(line.strip_prefix(' ').unwrap_or(line))
    }

    #[inline]
    pub(super) fn nothing_decoded(&self) -> bool {
        self.text.is_empty()
    }

    /// What is neither read nor decoded.
    #[inline]
    pub(super) fn rest(&self) -> &'c [u8] {
        self.rest
    }

    /// Passes over so much of the rest.
    #[inline]
    pub(super) fn skip(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }

    /// Takes the next line, which is so long without its end, an LF or CRLF, and decodes whatever
    /// lines follow; fails if the line is broken.
    pub(super) fn decode(&mut self, length: usize, end: usize) -> Option<&'c str> {
        let at_once = &self.rest[..AT_ONCE.clamp(length + end, self.rest.len())];
        let lines = memrchr(b'\n', at_once).map_or(at_once, |last| &at_once[..=last]);
        let text = utf8(lines).unwrap_or_else(|broken| {
            let valid = &lines[..broken.valid_up_to()];
            let lines = memrchr(b'\n', valid).map_or(0, |last| last + 1);
            str::from_utf8(&valid[..lines]).unwrap_or_default()
        });
        // Nothing, if the line is broken.
        let line = text.get(..length)?;
        self.text = text.get(length + end..)?;
        self.rest = &self.rest[text.len()..];
        Some(line)
    }
}

#[cold]
fn after_cr(end: &str) -> &str {
    end.strip_prefix("\r\n").or_else(|| end.strip_prefix('\r')).unwrap_or_default()
}

/// Where the line at the front of `bytes` ends.
#[inline]
pub(super) fn line_end(bytes: &[u8]) -> Option<usize> {
    const SHORT: usize = 8;
    match bytes {
        // The blank line of most events.
        [b'\n', ..] => Some(0),
        // Calling for a few bytes would take longer than looking at them.
        _ if bytes.len() < SHORT => bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')),
        _ => memchr2(b'\r', b'\n', bytes),
    }
}
