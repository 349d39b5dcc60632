//! Lines to events: fields, comments and what a stream's reader is told
//! ([HTML, section 9.2.6][interpreting]).
//!
//! [interpreting]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

use std::borrow::Cow;
use std::time::Duration;

use memchr::memchr;

use super::buffers::{Borrowed, Buffers};
use super::event::EventId;
use super::limits::{LimitExceeded, Limits};
use super::line::{Line, Lines};

/// Reads an event stream that arrives in chunks, cut anywhere.
///
/// The parser does no I/O: push what a read returned and take the [`Item`]s it completes.
/// [`Limits`] are on by default, and text is decoded as the Encoding standard's UTF-8: broken
/// bytes become U+FFFD, a character cut between two chunks is whole.
///
/// ```
/// use sse_core::{Item, Parser};
///
/// let mut parser = Parser::new();
/// let mut data = Vec::new();
/// for chunk in ["id: 7\nda", "ta: x\n\n: beat\n", "data: unfinished"] {
///     let mut items = parser.push(chunk.as_bytes());
///     while let Some(item) = items.next()? {
///         if let Item::Event(message) = item {
///             data.push(message.data.to_owned());
///         }
///     }
/// }
/// assert_eq!(data, ["x"]);
/// assert_eq!(parser.last_event_id(), "7");
/// # Ok::<(), sse_core::LimitExceeded>(())
/// ```
#[derive(Debug)]
pub struct Parser {
    lines: Lines,
    buffers: Buffers,
    /// A comment's text when it does not lie in the chunk as it is to be read.
    comment: String,
    event_limit: usize,
    failed: Option<LimitExceeded>,
}

impl Parser {
    /// A parser at the start of a stream, with the default [`Limits`] and no last event ID.
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// A parser at the start of a stream, with other limits.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            lines: Lines::new(limits.line),
            buffers: Buffers::default(),
            comment: String::new(),
            event_limit: limits.event,
            failed: None,
        }
    }

    /// Seeds the last event ID, for a stream that continues one read before.
    ///
    /// ```
    /// use sse_core::{EventId, Parser};
    ///
    /// let parser = Parser::new().resume(&EventId::new("41")?);
    /// assert_eq!(parser.last_event_id(), "41");
    /// # Ok::<(), sse_core::InvalidField>(())
    /// ```
    pub fn resume(mut self, last_event_id: &EventId) -> Self {
        self.buffers.set_last_event_id(last_event_id.as_str());
        self
    }

    /// Reads on with `chunk`, which may end anywhere.
    pub fn push<'p, 'c>(&'p mut self, chunk: &'c [u8]) -> Items<'p, 'c> {
        Items { parser: self, rest: chunk }
    }

    /// Begins a new stream after a reconnect: drops the unfinished event, as the end of a stream
    /// does, and keeps the last event ID.
    pub fn restart(&mut self) {
        self.lines.restart();
        self.buffers.clear();
        self.failed = None;
    }

    /// The last event ID: that of the last block that ended, event or not. It is what a client
    /// sends as `Last-Event-ID` when it reconnects, unless it is empty.
    pub fn last_event_id(&self) -> &str {
        self.buffers.last_event_id()
    }

    fn next<'i, 'c: 'i>(
        &'i mut self,
        chunk: &mut &'c [u8],
    ) -> Result<Option<Item<'i>>, LimitExceeded> {
        if let Some(excess) = self.failed {
            return Err(excess);
        }
        let found = self.find(chunk).inspect_err(|excess| self.failed = Some(*excess))?;
        Ok(found.map(|found| match found {
            Found::Event(borrowed) => Item::Event(self.buffers.message(borrowed)),
            Found::Comment(text) => Item::Comment(text.unwrap_or(&self.comment)),
            Found::Retry(reconnection_time) => Item::Retry(reconnection_time),
        }))
    }

    fn find<'c>(&mut self, chunk: &mut &'c [u8]) -> Result<Option<Found<'c>>, LimitExceeded> {
        self.buffers.begin();
        let mut borrowed = Borrowed::default();
        while let Some(line) = self.lines.next(chunk)? {
            let bytes = match line {
                Line::Whole(bytes) => bytes,
                Line::Joined => self.lines.joined(),
            };
            if bytes.is_empty() {
                if self.buffers.end_block() {
                    return Ok(Some(Found::Event(borrowed)));
                }
                borrowed = Borrowed::default();
                continue;
            }
            let (field, value) = split(bytes);
            let whole = match line {
                Line::Whole(bytes) => std::str::from_utf8(&bytes[bytes.len() - value.len()..]).ok(),
                Line::Joined => None,
            };
            let text = || whole.map_or_else(|| String::from_utf8_lossy(value), Cow::Borrowed);
            match field {
                Field::Data => self.buffers.data(&text(), whole, &mut borrowed),
                Field::EventType => self.buffers.event_type(&text(), whole, &mut borrowed),
                Field::Id => self.buffers.id(&text()),
                Field::Retry => {
                    if let Some(reconnection_time) = milliseconds(value) {
                        self.buffers.keep(borrowed);
                        return Ok(Some(Found::Retry(reconnection_time)));
                    }
                }
                Field::Comment => {
                    if whole.is_none() {
                        text().as_ref().clone_into(&mut self.comment);
                    }
                    self.buffers.keep(borrowed);
                    return Ok(Some(Found::Comment(whole)));
                }
                Field::Unknown => {}
            }
            if self.buffers.size() > self.event_limit {
                let at = self.lines.number();
                return Err(LimitExceeded::Event { at, limit: self.event_limit });
            }
        }
        self.buffers.keep(borrowed);
        Ok(None)
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

/// What a chunk completes, one [`Item`] at a time; made by [`Parser::push`].
#[derive(Debug)]
#[must_use = "a chunk is read only as far as its items are taken"]
pub struct Items<'p, 'c> {
    parser: &'p mut Parser,
    rest: &'c [u8],
}

impl<'c> Items<'_, 'c> {
    /// The next item, or none when the parser needs the next chunk. The item lies in the chunk
    /// where it can and else in the parser, so it must be let go before the next is taken.
    ///
    /// # Errors
    ///
    /// When the stream holds more than [`Limits`] accept; the same error again ever after.
    #[allow(clippy::should_implement_trait, reason = "an iterator cannot lend its items")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, LimitExceeded> {
        self.parser.next(&mut self.rest)
    }

    /// What of the chunk has not been read. Whoever stops early pushes it again to go on.
    pub fn rest(&self) -> &'c [u8] {
        self.rest
    }
}

/// Something a stream holds, in the order it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An event, at the blank line that ends it.
    Event(Message<'a>),
    /// A comment, such as a heartbeat, at the end of its line; without one leading space.
    Comment(&'a str),
    /// The reconnection time that holds from now on, at the end of its line.
    Retry(Duration),
}

/// An event that was received, as a browser hands it to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The event type; `message` where the stream gives none.
    pub event_type: &'a str,
    /// The data, its lines joined with line feeds.
    pub data: &'a str,
    /// The last event ID: of this event, or of the last before it that had one; else empty.
    pub last_event_id: &'a str,
}

enum Found<'c> {
    Event(Borrowed<'c>),
    /// The text where it lies in the chunk, else in [`Parser::comment`].
    Comment(Option<&'c str>),
    Retry(Duration),
}

enum Field {
    Data,
    EventType,
    Id,
    Retry,
    Comment,
    Unknown,
}

/// The field that a line sets and its value, which is the line's end without one leading space.
fn split(line: &[u8]) -> (Field, &[u8]) {
    let (name, value) = match memchr(b':', line) {
        Some(0) => (None, &line[1..]),
        Some(colon) => (Some(&line[..colon]), &line[colon + 1..]),
        None => (Some(line), &line[line.len()..]),
    };
    let field = match name {
        None => Field::Comment,
        Some(b"data") => Field::Data,
        Some(b"event") => Field::EventType,
        Some(b"id") => Field::Id,
        Some(b"retry") => Field::Retry,
        Some(_) => Field::Unknown,
    };
    (field, value.strip_prefix(b" ").unwrap_or(value))
}

/// A number of ASCII digits, at least one; what is beyond `u64` counts as its maximum.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = value.iter().fold(0_u64, |number, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    });
    Some(Duration::from_millis(number))
}
