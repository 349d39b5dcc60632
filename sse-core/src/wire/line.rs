//! Chunks to lines: the byte order mark, the three line ends and the limit on a line
//! ([HTML, section 9.2.5][parsing]).
//!
//! Lines are split before they are decoded: UTF-8 never holds the bytes of CR or LF inside a
//! character, and the decoder never swallows them after a broken one.
//!
//! [parsing]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

use std::str;

use super::chunk::{Chunk, line_end};
use super::decode::Decoder;
use super::limits::LimitExceeded;

/// How long the name of data is, with its colon.
const DATA: usize = "data:".len();

/// A line that does not end within so many bytes is long: where it lies in whole lines that are read
/// as one text, its end is looked for only there.
const NEAR: usize = 4096;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Where a line is. It holds no borrow of [`Lines`], so that a parser can go on reading while it
/// keeps lines of the chunk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line<'c> {
    /// In one chunk, without its end.
    Whole(&'c str),
    /// Put together from several chunks, or with its broken characters replaced; see
    /// [`Lines::joined`].
    Joined,
    /// In one chunk, the first of some whole lines at which the chunk stops.
    Undecoded,
    /// Nowhere yet: the chunk ended before the line did.
    Unended,
}

#[derive(Debug)]
pub(super) struct Lines {
    /// The begun line, or the begun byte order mark.
    partial: Decoder,
    joined: String,
    before: Before,
    /// How many lines have ended.
    ended: u64,
    limit: usize,
}

/// What may come before the next line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    /// The last line ended with CR: an LF that follows belongs to it.
    LineFeed,
    /// Whether the stream begins with a byte order mark is not known yet.
    ByteOrderMark,
}

impl Lines {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            partial: Decoder::default(),
            joined: String::new(),
            before: Before::ByteOrderMark,
            ended: 0,
            limit,
        }
    }

    /// Forgets the stream read so far and expects another.
    pub(super) fn restart(&mut self) {
        self.partial.clear();
        self.before = Before::ByteOrderMark;
        self.ended = 0;
    }

    /// The number of the last ended line, from 1.
    pub(super) fn number(&self) -> u64 {
        self.ended
    }

    /// The last line, if it was [`Line::Joined`].
    pub(super) fn joined(&self) -> &str {
        &self.joined
    }

    /// The same, to take. Whoever takes the text leaves a string that is free for another line.
    pub(super) fn joined_mut(&mut self) -> &mut String {
        &mut self.joined
    }

    /// Takes the next line off `chunk`, or all of it into the begun line.
    #[inline]
    pub(super) fn next<'c>(&mut self, chunk: &mut Chunk<'c>) -> Result<Line<'c>, LimitExceeded> {
        // While lines are decoded, none is begun and nothing may come before the next.
        let Some(line) = chunk.line() else { return self.begin_or_end(chunk) };
        self.check(line.len())?;
        self.ended += 1;
        Ok(Line::Whole(line))
    }

    /// Takes the next event if it is a single line of data, as most are, and all of it is decoded.
    #[inline]
    pub(super) fn single_line_event<'c>(
        &mut self,
        chunk: &mut Chunk<'c>,
        event_limit: usize,
    ) -> Option<&'c str> {
        let data = chunk.single_line_event(event_limit.min(self.limit.checked_sub(DATA)?))?;
        self.ended += 2;
        Some(data)
    }

    /// Takes the next line if it is one of data, ends with LF and is decoded: its value and the LF.
    #[inline]
    pub(super) fn data_line<'c>(&mut self, chunk: &mut Chunk<'c>) -> Option<&'c str> {
        let line = chunk.data_line(self.limit.checked_sub(DATA)?)?;
        self.ended += 1;
        Some(line)
    }

    /// Takes what is left of a chunk if it is a few bytes within a line: some streams come in
    /// single bytes, and looking closer at each would take longer than keeping it.
    #[inline]
    pub(super) fn take_few(&mut self, chunk: &mut Chunk<'_>) -> bool {
        const FEW: usize = 4;
        let few = chunk.rest();
        let taken = few.len() < FEW
            && chunk.nothing_decoded()
            && self.before == Before::Nothing
            && self.partial.length() + few.len() <= self.limit
            && self.partial.push_ascii(few, |byte| !matches!(byte, b'\r' | b'\n'));
        if taken {
            chunk.skip(few.len());
        }
        taken
    }

    /// Takes a chunk if all of it lies within a long line that has begun.
    #[cfg(feature = "stream")]
    pub(super) fn take_within_line(&mut self, chunk: &[u8]) -> bool {
        /// Looking for the end of a shorter line takes longer than is gained if it is not there.
        const LONG: usize = 512;
        let length = self.partial.length();
        let taken = length > LONG
            && self.before == Before::Nothing
            && length + chunk.len() <= self.limit
            && line_end(chunk).is_none();
        if taken {
            self.partial.push(chunk);
        }
        taken
    }

    /// Takes the next line while none is decoded.
    #[inline(never)]
    fn begin_or_end<'c>(&mut self, chunk: &mut Chunk<'c>) -> Result<Line<'c>, LimitExceeded> {
        if self.before != Before::Nothing && !self.pass(chunk) {
            return Ok(Line::Unended);
        }
        let rest = chunk.rest();
        let mut end = line_end(&rest[..rest.len().min(NEAR)]);
        if end.is_none() && rest.len() > NEAR {
            if self.partial.length() == 0 && chunk.stops_here() {
                return Ok(Line::Undecoded);
            }
            end = line_end(&rest[NEAR..]).map(|end| NEAR + end);
        }
        let length = end.unwrap_or(rest.len());
        self.check(self.partial.length() + length)?;
        if end.is_none() {
            self.partial.push(rest);
            chunk.skip(length);
            return Ok(Line::Unended);
        }
        let (bytes, line_end) = rest.split_at(length);
        let whole = self.partial.length() == 0;
        let lf = match line_end {
            [b'\n', ..] => Some(0),
            [b'\r', b'\n', ..] => Some(1),
            _ => None,
        };
        if let Some(lf) = lf.filter(|_| whole) {
            // A blank line is no text to share.
            if chunk.stops() && length > 0 {
                return Ok(Line::Undecoded);
            }
            if !chunk.stops()
                && let Some(line) = chunk.decode(length, lf + 1)
            {
                self.ended += 1;
                return Ok(Line::Whole(line));
            }
        }
        self.ended += 1;
        chunk.skip(length + 1);
        if line_end[0] == b'\r' {
            self.before = Before::LineFeed;
        }
        if whole && let Ok(line) = str::from_utf8(bytes) {
            return Ok(Line::Whole(line));
        }
        self.partial.push(bytes);
        self.partial.end(&mut self.joined);
        Ok(Line::Joined)
    }

    #[inline]
    fn check(&self, length: usize) -> Result<(), LimitExceeded> {
        if length > self.limit {
            return Err(LimitExceeded::Line { at: self.ended + 1, limit: self.limit });
        }
        Ok(())
    }

    /// Drops what may come before a line; whether it is decided.
    fn pass(&mut self, chunk: &mut Chunk<'_>) -> bool {
        let rest = chunk.rest();
        if self.before == Before::LineFeed {
            match rest.first() {
                None => return false,
                Some(b'\n') => chunk.skip(1),
                Some(_) => {}
            }
        } else {
            let missing = &BYTE_ORDER_MARK[self.partial.length()..];
            if rest.starts_with(missing) {
                self.partial.clear();
                chunk.skip(missing.len());
            } else if missing.starts_with(rest) {
                self.partial.push(rest);
                chunk.skip(rest.len());
                return false;
            }
        }
        self.before = Before::Nothing;
        true
    }
}
