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
use super::span::Span;

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
    /// Whether the chunk can hold text to share.
    shares: bool,
    last_id: LastId,
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
            last_id: LastId::default(),
        }
    }

    pub(super) fn parser(&self) -> &Parser {
        &self.parser
    }

    pub(super) fn into_parser(self) -> Parser {
        self.parser
    }

    /// Takes a chunk if it is a few bytes within a line, which need not be kept.
    #[inline]
    pub(super) fn take_few(&mut self, chunk: &[u8]) -> bool {
        self.parser.take_few(chunk)
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
        self.last_id.within = Span::default();
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

    /// The next event of the text. None is there if `other` is set or all has been read.
    #[allow(clippy::inline_always, reason = "an event is built where it is to be, and not moved")]
    #[inline(always)]
    pub(super) fn next_in_text(
        &mut self,
        other: &mut Option<Received>,
    ) -> Result<Option<ReceivedEvent>, LimitExceeded> {
        // Here, and not where it is needed: what was just written by words is slow to move.
        let shared = self.text.clone();
        let text = &self.text;
        let mut chunk = Chunk::whole_lines(&text[self.text_at..]);
        let mut borrowed = Borrowed::default();
        let step = self.parser.step(&mut chunk, &mut borrowed)?;
        self.text_at = text.len() - chunk.unread().len();
        let (data, event_type, id) = match step {
            Step::SingleLineEvent(data) => (data, "", None),
            Step::Event if !self.parser.buffers().held() => {
                self.parser.buffers().release(&borrowed)
            }
            step => {
                *other = copied(&mut self.parser, &mut self.last_id, step, &borrowed);
                return Ok(None);
            }
        };
        let (id, former_id) = match id {
            Some(id) => {
                self.last_id.within = Span::within(id, text);
                (self.last_id.within, None)
            }
            None => self.last_id.inherited(self.parser.last_event_id(), text),
        };
        let (data, event_type) = (Span::within(data, text), Span::within(event_type, text));
        Ok(Some(ReceivedEvent::shared(shared, data, event_type, id, former_id)))
    }

    /// Reads on in the chunk, up to the next item or to a text, which is to be read first.
    pub(super) fn next_in_chunk(&mut self) -> Result<Option<Received>, LimitExceeded> {
        let bytes = &self.chunk[self.at..];
        let mut chunk =
            if self.shares { Chunk::until_whole_lines(bytes) } else { Chunk::new(bytes) };
        let mut borrowed = Borrowed::default();
        let step = self.parser.step(&mut chunk, &mut borrowed)?;
        self.at = self.chunk.len() - chunk.unread().len();
        if let Step::WholeLines = step {
            self.take_text();
            return Ok(None);
        }
        Ok(copied(&mut self.parser, &mut self.last_id, step, &borrowed))
    }

    fn take_text(&mut self) {
        let length = memrchr(b'\n', &self.chunk[self.at..]).map_or(0, |end| end + 1);
        let end = self.at + length;
        if let Ok(text) = ByteString::try_from(self.chunk.slice(self.at..end)) {
            self.text = text;
            self.text_at = 0;
            self.at = end;
            self.last_id.within = Span::default();
        } else {
            // Broken characters are rare: such a chunk is read as if it could not be shared.
            self.shares = false;
        }
    }
}

/// What a step came to, of which nothing can be shared.
fn copied(
    parser: &mut Parser,
    last_id: &mut LastId,
    step: Step<'_>,
    borrowed: &Borrowed<'_>,
) -> Option<Received> {
    Some(match step {
        Step::SingleLineEvent(data) => {
            let id = last_id.former(parser.last_event_id());
            Received::Event(ReceivedEvent::copied(data, "", "", id))
        }
        Step::Event => Received::Event(parser.buffers().take(borrowed, |id| last_id.former(id))),
        Step::Comment(text) => Received::Comment(text.to_owned()),
        Step::JoinedComment(start) => Received::Comment(parser.joined_comment(start).to_owned()),
        Step::Retry(reconnection_time) => Received::Retry(reconnection_time),
        Step::WholeLines | Step::Done => return None,
    })
}

/// The last event ID, for the events that have none of their own.
#[derive(Debug, Default)]
struct LastId {
    /// Where the text has it, if it does.
    within: Span,
    former: Option<Arc<str>>,
}

impl LastId {
    /// Where an event that has no id of its own has the last event ID `id` from.
    #[inline]
    fn inherited(&mut self, id: &str, text: &str) -> (Span, Option<Arc<str>>) {
        if id.is_empty() {
            (Span::default(), None)
        } else if self.within.of(text) == id {
            (self.within, None)
        } else {
            (Span::default(), self.former(id))
        }
    }

    fn former(&mut self, id: &str) -> Option<Arc<str>> {
        if id.is_empty() {
            return None;
        }
        if self.former.as_deref() != Some(id) {
            self.former = Some(Arc::from(id));
        }
        self.former.clone()
    }
}
