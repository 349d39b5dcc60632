//! Chunks to items that are kept: the parser, and the text it reads in.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use memchr::memrchr;

use super::buffers::Borrowed;
use super::chunk::Chunk;
use super::limits::LimitExceeded;
use super::parse::{Parser, Step};
use super::received::{Received, ReceivedEvent};
use super::span::{LONGEST, Span};

/// A parser whose events share the text of the chunk.
///
/// The whole lines of a chunk are checked to be text at once, and the events in them are parts of
/// it. What comes before and after belongs to lines that are cut, which the parser puts together.
#[derive(Debug)]
pub(super) struct OwnedParser {
    parser: Parser,
    chunk: Bytes,
    /// How far the chunk has been read, its text not counted.
    at: usize,
    /// Whole lines of the chunk, the last of which ends with LF.
    text: ByteString,
    /// How far the text has been read.
    text_at: usize,
    /// Whether the rest of the chunk can hold text to share.
    shares: bool,
    /// Where the text has the last event ID, if it does.
    last_id: Span,
    /// The last event ID that an event was given which had it from before its text.
    former_id: Option<Arc<str>>,
    item: Option<Received>,
}

impl OwnedParser {
    pub(super) fn new(parser: Parser) -> Self {
        Self {
            parser,
            chunk: Bytes::new(),
            at: 0,
            text: ByteString::new(),
            text_at: 0,
            shares: true,
            last_id: Span::default(),
            former_id: None,
            item: None,
        }
    }

    pub(super) fn parser(&self) -> &Parser {
        &self.parser
    }

    pub(super) fn into_parser(self) -> Parser {
        self.parser
    }

    /// Takes a chunk if all of it lies within a line that has begun: it need not be kept.
    #[inline]
    pub(super) fn take_within_line(&mut self, chunk: &[u8]) -> bool {
        self.parser.take_within_line(chunk)
    }

    /// Takes a chunk, after the last one was [let go](Self::let_go).
    pub(super) fn push(&mut self, chunk: Bytes) {
        self.chunk = chunk;
    }

    /// Lets the chunk go, with whatever of it has not been read.
    pub(super) fn let_go(&mut self) {
        self.chunk = Bytes::new();
        self.at = 0;
        self.text = ByteString::new();
        self.text_at = 0;
        self.shares = true;
        self.last_id = Span::default();
    }

    /// Whether there is nothing more to read.
    #[inline]
    pub(super) fn is_read(&self) -> bool {
        self.at == self.chunk.len() && !self.has_text()
    }

    #[inline]
    pub(super) fn has_text(&self) -> bool {
        self.text_at < self.text.len()
    }

    /// The next event of the text; if there is none, [`take_item`](Self::take_item) has what else
    /// comes next, if anything does.
    #[allow(clippy::inline_always, reason = "an event is built where it is to be, and not moved")]
    #[inline(always)]
    pub(super) fn next_in_text(&mut self) -> Result<Option<ReceivedEvent>, LimitExceeded> {
        let text = &self.text;
        let mut chunk = Chunk::whole_lines(&text[self.text_at..]);
        let (data, event_type, own_id);
        if let Some(line) = self.parser.single_line_event(&mut chunk) {
            self.text_at = text.len() - chunk.unread().len();
            (data, event_type, own_id) = (line, "", None);
        } else {
            let mut borrowed = Borrowed::default();
            let step = self.parser.step_by_lines(&mut chunk, &mut borrowed)?;
            self.text_at = text.len() - chunk.unread().len();
            if !matches!(step, Step::Event) || self.parser.buffers().held() {
                self.item = copied(&mut self.parser, &mut self.former_id, step, &borrowed);
                return Ok(None);
            }
            (data, event_type, own_id) = borrowed.fields();
        }
        if let Some(id) = own_id {
            self.parser.buffers().set_last_event_id(id);
            self.last_id = Span::within(id, text);
        }
        let last_id = self.parser.last_event_id();
        if let Some(event) = ReceivedEvent::short(data, event_type, last_id) {
            return Ok(Some(event));
        }
        // Here, and not where it is needed: what was just written by words is slow to move.
        let shared = text.clone();
        let (id, former_id) = if last_id.is_empty() {
            (Span::default(), None)
        } else if own_id.is_some() || last_id == self.last_id.of(text) {
            (self.last_id, None)
        } else {
            remember(&mut self.former_id, last_id);
            (Span::default(), self.former_id.clone())
        };
        let (data, event_type) = (Span::within(data, text), Span::within(event_type, text));
        Ok(Some(ReceivedEvent::shared(shared, data, event_type, id, former_id)))
    }

    #[inline]
    pub(super) fn take_item(&mut self) -> Option<Received> {
        self.item.take()
    }

    /// Reads on in the chunk, up to the next item or to a text, which is to be read first.
    pub(super) fn next_in_chunk(&mut self) -> Result<Option<Received>, LimitExceeded> {
        let bytes = &self.chunk[self.at..];
        let mut chunk =
            if self.shares { Chunk::until_whole_lines(bytes) } else { Chunk::new(bytes) };
        let mut borrowed = Borrowed::default();
        let step = self.parser.step(&mut chunk, &mut borrowed)?;
        self.at = self.chunk.len() - chunk.unread().len();
        self.shares = chunk.stops();
        if let Step::WholeLines = step {
            self.take_text();
            return Ok(None);
        }
        Ok(copied(&mut self.parser, &mut self.former_id, step, &borrowed))
    }

    fn take_text(&mut self) {
        let length = memrchr(b'\n', &self.chunk[self.at..]).map_or(0, |end| end + 1);
        let end = self.at + length;
        if length <= LONGEST
            && let Ok(text) = ByteString::try_from(self.chunk.slice(self.at..end))
        {
            self.text = text;
            self.text_at = 0;
            self.at = end;
        } else {
            // Broken characters are rare: such a chunk is read as if it could not be shared.
            self.shares = false;
        }
    }
}

/// What a step came to, of which nothing can be shared.
fn copied(
    parser: &mut Parser,
    former_id: &mut Option<Arc<str>>,
    step: Step<'_>,
    borrowed: &Borrowed<'_>,
) -> Option<Received> {
    Some(match step {
        Step::SingleLineEvent(data) => {
            if let Some(event) = ReceivedEvent::short(data, "", parser.last_event_id()) {
                return Some(Received::Event(event));
            }
            remember(former_id, parser.last_event_id());
            Received::Event(ReceivedEvent::copied(data, "", "", former_id.clone()))
        }
        Step::Event => Received::Event(parser.buffers().take(borrowed, |id| {
            remember(former_id, id);
            former_id.clone()
        })),
        Step::Comment(text) => Received::Comment(text.to_owned()),
        Step::JoinedComment(start) => Received::Comment(parser.joined_comment(start).to_owned()),
        Step::Retry(reconnection_time) => Received::Retry(reconnection_time),
        Step::WholeLines | Step::Done => return None,
    })
}

/// Keeps the last event ID for the events that come.
fn remember(former_id: &mut Option<Arc<str>>, id: &str) {
    if id.is_empty() {
        *former_id = None;
    } else if former_id.as_deref() != Some(id) {
        *former_id = Some(Arc::from(id));
    }
}
