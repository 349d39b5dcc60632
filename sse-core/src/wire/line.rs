//! Chunks to lines: the byte order mark, the three line ends and the limit on a line
//! ([HTML, section 9.2.5][parsing]).
//!
//! Lines are split before they are decoded: UTF-8 never holds the bytes of CR or LF inside a
//! character, and the decoder never swallows them after a broken one.
//!
//! [parsing]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

use memchr::memchr2;

use super::limits::LimitExceeded;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Where the bytes of a line are. It holds no borrow of [`Lines`], so that a parser can go on
/// reading while it keeps lines of the chunk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line<'c> {
    /// In one chunk, without its end.
    Whole(&'c [u8]),
    /// Put together from several chunks; see [`Lines::joined`].
    Joined,
}

#[derive(Debug)]
pub(super) struct Lines {
    /// The begun line, or the begun byte order mark.
    partial: Vec<u8>,
    /// `partial` was handed out as a line.
    handed_out: bool,
    /// The last line ended with CR: an LF that follows belongs to it.
    after_cr: bool,
    /// Whether the stream begins with a byte order mark is not known yet.
    at_start: bool,
    /// How many lines have ended.
    ended: u64,
    limit: usize,
}

impl Lines {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            partial: Vec::new(),
            handed_out: false,
            after_cr: false,
            at_start: true,
            ended: 0,
            limit,
        }
    }

    /// Forgets the stream read so far and expects another.
    pub(super) fn restart(&mut self) {
        self.partial.clear();
        self.handed_out = false;
        self.after_cr = false;
        self.at_start = true;
        self.ended = 0;
    }

    /// The number of the last ended line, from 1.
    pub(super) fn number(&self) -> u64 {
        self.ended
    }

    /// The bytes of the last line, if it was [`Line::Joined`].
    pub(super) fn joined(&self) -> &[u8] {
        &self.partial
    }

    /// Takes the next line off `chunk`, or all of it into the begun line.
    pub(super) fn next<'c>(
        &mut self,
        chunk: &mut &'c [u8],
    ) -> Result<Option<Line<'c>>, LimitExceeded> {
        if self.handed_out {
            self.partial.clear();
            self.handed_out = false;
        }
        if self.at_start && !self.pass_byte_order_mark(chunk) {
            return Ok(None);
        }
        if self.after_cr && !chunk.is_empty() {
            self.after_cr = false;
            *chunk = chunk.strip_prefix(b"\n").unwrap_or(chunk);
        }
        let end = memchr2(b'\r', b'\n', chunk);
        let (bytes, rest) = chunk.split_at(end.unwrap_or(chunk.len()));
        if self.partial.len() + bytes.len() > self.limit {
            return Err(LimitExceeded::Line { at: self.ended + 1, limit: self.limit });
        }
        let Some((line_end, rest)) = rest.split_first() else {
            self.partial.extend_from_slice(bytes);
            *chunk = rest;
            return Ok(None);
        };
        self.after_cr = *line_end == b'\r';
        self.ended += 1;
        *chunk = rest;
        if self.partial.is_empty() {
            return Ok(Some(Line::Whole(bytes)));
        }
        self.partial.extend_from_slice(bytes);
        self.handed_out = true;
        Ok(Some(Line::Joined))
    }

    /// Drops a byte order mark; whether its presence is decided.
    fn pass_byte_order_mark(&mut self, chunk: &mut &[u8]) -> bool {
        let missing = &BYTE_ORDER_MARK[self.partial.len()..];
        if let Some(rest) = chunk.strip_prefix(missing) {
            self.partial.clear();
            *chunk = rest;
        } else if missing.starts_with(chunk) {
            self.partial.extend_from_slice(chunk);
            *chunk = &[];
            return false;
        }
        self.at_start = false;
        true
    }
}
