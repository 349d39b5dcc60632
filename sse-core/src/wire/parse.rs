//! Lines to events: fields, comments and what a stream's reader is told
//! ([HTML, section 9.2.6][interpreting]).
//!
//! [interpreting]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

use std::time::Duration;

use super::buffers::{Borrowed, Buffers};
use super::chunk::Chunk;
use super::event_id::EventId;
use super::field::Field;
use super::item::Item;
use super::limits::{LimitExceeded, Limits};
use super::line::{Line, Lines};

/// Reads an event stream that arrives in chunks, cut anywhere.
///
/// The parser does no I/O: push what a read returned and take the [`Item`]s it completes.
/// [`Limits`] are on by default, and text is decoded as the Encoding standard's UTF-8: broken
/// bytes become U+FFFD, a character cut between two chunks is whole.
///
/// ```
/// use gapless_sse_core::{Item, Parser};
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
/// # Ok::<(), gapless_sse_core::LimitExceeded>(())
/// ```
#[derive(Debug)]
pub struct Parser {
    lines: Lines,
    buffers: Buffers,
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
            event_limit: limits.event,
            failed: None,
        }
    }

    /// Seeds the last event ID, for a stream that continues one read before.
    ///
    /// ```
    /// use gapless_sse_core::{EventId, Parser};
    ///
    /// let parser = Parser::new().resume(&EventId::new("41")?);
    /// assert_eq!(parser.last_event_id(), "41");
    /// # Ok::<(), gapless_sse_core::InvalidField>(())
    /// ```
    pub fn resume(mut self, last_event_id: &EventId) -> Self {
        self.buffers.set_last_event_id(last_event_id.as_str());
        self
    }

    /// Reads on with `chunk`, which may end anywhere.
    pub fn push<'p, 'c>(&'p mut self, chunk: &'c [u8]) -> Items<'p, 'c> {
        Items { parser: self, chunk: Chunk::new(chunk) }
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

    /// Reads on to the next item, or as far as the chunk goes. What is borrowed comes on a way of
    /// its own, since moving it would take longer than reading a line.
    #[allow(clippy::inline_always, reason = "every item passes here, on its way to two readers")]
    #[inline(always)]
    pub(super) fn step<'c>(
        &mut self,
        chunk: &mut Chunk<'c>,
        borrowed: &mut Borrowed<'c>,
    ) -> Result<Step<'c>, LimitExceeded> {
        if let Some(excess) = self.failed {
            return Err(excess);
        }
        if self.lines.take_few(chunk) {
            return Ok(Step::Done);
        }
        if let Some(data) = self.single_line_event(chunk) {
            return Ok(Step::SingleLineEvent(data));
        }
        self.step_by_lines(chunk, borrowed)
    }

    /// Takes the next event if it is a single line of data and all of it is in the chunk's text.
    #[inline]
    pub(super) fn single_line_event<'c>(&mut self, chunk: &mut Chunk<'c>) -> Option<&'c str> {
        if self.buffers.is_empty() {
            return self.lines.single_line_event(chunk, self.event_limit);
        }
        None
    }

    /// Reads on as [`step`](Self::step) does, line by line.
    #[allow(clippy::inline_always, reason = "it is all that `step` does for most streams")]
    #[inline(always)]
    pub(super) fn step_by_lines<'c>(
        &mut self,
        chunk: &mut Chunk<'c>,
        borrowed: &mut Borrowed<'c>,
    ) -> Result<Step<'c>, LimitExceeded> {
        *borrowed = self.buffers.begin();
        loop {
            let line = match self.lines.next(chunk) {
                Ok(Line::Whole(line)) => line,
                Ok(Line::Joined) => {
                    self.buffers.keep(*borrowed);
                    match self.take_joined() {
                        Joined::Field if self.buffers.size() > self.event_limit => {
                            return Err(self.exceed());
                        }
                        Joined::Field => {
                            *borrowed = self.buffers.begin();
                            continue;
                        }
                        Joined::Retry(reconnection_time) => {
                            return Ok(Step::Retry(reconnection_time));
                        }
                        Joined::Comment(start) => return Ok(Step::JoinedComment(start)),
                    }
                }
                Ok(Line::Undecoded) => {
                    self.buffers.keep(*borrowed);
                    return Ok(Step::WholeLines);
                }
                Ok(Line::Unended) => {
                    self.buffers.keep(*borrowed);
                    return Ok(Step::Done);
                }
                Err(excess) => {
                    self.failed = Some(excess);
                    return Err(excess);
                }
            };
            match Field::of(line) {
                Field::Data(line) => {
                    self.buffers.data(line, borrowed);
                    while self.buffers.joins_data()
                        && borrowed.event_size() <= self.event_limit
                        && let Some(line) = self.lines.data_line(chunk)
                    {
                        self.buffers.join_data(line, borrowed);
                    }
                }
                Field::EventType(text) => self.buffers.event_type(text, borrowed),
                Field::Id(text) => self.buffers.id(text, borrowed),
                Field::Retry(reconnection_time) => {
                    self.buffers.keep(*borrowed);
                    return Ok(Step::Retry(reconnection_time));
                }
                Field::Comment(text) => {
                    self.buffers.keep(*borrowed);
                    return Ok(Step::Comment(text));
                }
                Field::Ignored => {}
                Field::None if self.buffers.has_data(borrowed) => {
                    return Ok(Step::Event);
                }
                Field::None => {
                    self.buffers.end_block(borrowed);
                    *borrowed = Borrowed::default();
                }
            }
            if borrowed.event_size() > self.event_limit {
                return Err(self.exceed());
            }
        }
    }

    /// Takes a chunk if all of it lies within a line that has begun.
    #[cfg(feature = "stream")]
    #[inline]
    pub(super) fn take_within_line(&mut self, chunk: &[u8]) -> bool {
        self.failed.is_none()
            && (self.lines.take_few(&mut Chunk::new(chunk)) || self.lines.take_within_line(chunk))
    }

    fn next<'i, 'c: 'i>(
        &'i mut self,
        chunk: &mut Chunk<'c>,
    ) -> Result<Option<Item<'i>>, LimitExceeded> {
        let mut borrowed = Borrowed::default();
        Ok(Some(match self.step(chunk, &mut borrowed)? {
            Step::SingleLineEvent(data) => Item::Event(self.buffers.single_line_event(data)),
            Step::Event => Item::Event(self.buffers.dispatch(&borrowed)),
            Step::Comment(text) => Item::Comment(text),
            Step::JoinedComment(start) => Item::Comment(self.joined_comment(start)),
            Step::Retry(reconnection_time) => Item::Retry(reconnection_time),
            Step::Done | Step::WholeLines => return Ok(None),
        }))
    }

    /// Reads a line that does not lie in the chunk as it is to be read.
    fn take_joined(&mut self) -> Joined {
        let line = self.lines.joined_mut();
        match Field::of(line) {
            Field::Data(value) => {
                let start = line.len() - value.len();
                self.buffers.take_data(line, start);
            }
            Field::EventType(text) => self.buffers.copy_event_type(text),
            Field::Id(text) => self.buffers.copy_id(text),
            Field::Retry(reconnection_time) => return Joined::Retry(reconnection_time),
            Field::Comment(text) => return Joined::Comment(line.len() - text.len()),
            Field::Ignored | Field::None => {}
        }
        Joined::Field
    }

    /// The text of [`Step::JoinedComment`].
    pub(super) fn joined_comment(&self, start: usize) -> &str {
        &self.lines.joined()[start..]
    }

    /// Where the event of [`Step::Event`] is, as far as it is not in the chunk.
    #[cfg(feature = "stream")]
    #[inline]
    pub(super) fn buffers(&mut self) -> &mut Buffers {
        &mut self.buffers
    }

    #[cold]
    fn exceed(&mut self) -> LimitExceeded {
        let excess = LimitExceeded::Event { at: self.lines.number(), limit: self.event_limit };
        self.failed = Some(excess);
        excess
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
    chunk: Chunk<'c>,
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
        self.parser.next(&mut self.chunk)
    }

    /// What of the chunk has not been read. Whoever stops early pushes it again to go on.
    pub fn rest(&self) -> &'c [u8] {
        self.chunk.unread()
    }
}

/// How far a step through a chunk came. It borrows nothing of the parser.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'c> {
    /// An event: the borrowed fields, and those in the buffers.
    Event,
    /// An event that is a single line of data.
    SingleLineEvent(&'c str),
    Comment(&'c str),
    /// A comment that the parser holds, from this byte of its line on.
    JoinedComment(usize),
    Retry(Duration),
    /// To the next of some whole lines, in a chunk that [stops](Chunk::until_whole_lines) there.
    WholeLines,
    /// To the end of the chunk.
    Done,
}

/// What a joined line says.
enum Joined {
    /// What was copied, or nothing.
    Field,
    /// The comment from this byte of the line on.
    Comment(usize),
    Retry(Duration),
}
