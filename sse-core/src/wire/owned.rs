//! Chunks to items that are kept: the parser, and the text it reads in.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use bytestring::ByteString;
use memchr::memrchr;

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
    lines: WholeLines,
    /// How far the lines have been read.
    at: usize,
    last_id: LastId,
}

/// Whole lines of a chunk, the last of which ends with LF.
#[derive(Debug)]
enum WholeLines {
    Text(ByteString),
    /// Some of it is not UTF-8.
    Broken(Bytes),
}

impl OwnedParser {
    pub(super) fn new(parser: Parser) -> Self {
        let lines = WholeLines::Text(ByteString::new());
        Self { parser, lines, at: 0, last_id: LastId::default() }
    }

    pub(super) fn parser(&self) -> &Parser {
        &self.parser
    }

    pub(super) fn into_parser(self) -> Parser {
        self.parser
    }

    /// The next event of the lines that were taken, or what else comes before it.
    #[allow(clippy::inline_always, reason = "an event is built where it is to be, and not moved")]
    #[inline(always)]
    pub(super) fn next(
        &mut self,
        other: &mut Option<Received>,
    ) -> Result<Option<ReceivedEvent>, LimitExceeded> {
        let text = match &self.lines {
            WholeLines::Text(text) if self.at < text.len() => text,
            _ => {
                *other = self.next_broken()?;
                return Ok(None);
            }
        };
        // Here, and not where it is needed: what was just written by words is slow to move.
        let shared = text.clone();
        let mut chunk = Chunk::whole_lines(&text[self.at..]);
        let step = self.parser.step(&mut chunk)?;
        self.at = text.len() - chunk.unread().len();
        let (data, event_type, id) = match step {
            Step::SingleLineEvent(data) => (data, "", None),
            Step::Event(borrowed) if !self.parser.buffers().held() => {
                self.parser.buffers().release(&borrowed)
            }
            step => {
                *other = copied(&mut self.parser, &mut self.last_id, step);
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

    #[cold]
    fn next_broken(&mut self) -> Result<Option<Received>, LimitExceeded> {
        let bytes = match &self.lines {
            WholeLines::Broken(bytes) if self.at < bytes.len() => bytes,
            _ => return Ok(None),
        };
        let mut chunk = Chunk::new(&bytes[self.at..]);
        let step = self.parser.step(&mut chunk)?;
        self.at = bytes.len() - chunk.unread().len();
        Ok(copied(&mut self.parser, &mut self.last_id, step))
    }

    /// Reads on in a chunk, up to the next item or to whole lines, which it takes. They are
    /// to be read before more of the chunk is.
    pub(super) fn read(&mut self, chunk: &mut impl Buf) -> Result<Option<Received>, LimitExceeded> {
        let bytes = chunk.chunk();
        let mut cut = Chunk::until_whole_lines(bytes);
        let step = self.parser.step(&mut cut)?;
        let unread = cut.unread();
        let read = bytes.len() - unread.len();
        if let Step::WholeLines = step {
            let length = memrchr(b'\n', unread).map_or(0, |end| end + 1);
            chunk.advance(read);
            self.take(chunk.copy_to_bytes(length));
            return Ok(None);
        }
        let item = copied(&mut self.parser, &mut self.last_id, step);
        chunk.advance(read);
        Ok(item)
    }

    fn take(&mut self, lines: Bytes) {
        self.lines = match ByteString::try_from(lines.clone()) {
            Ok(text) => WholeLines::Text(text),
            Err(_) => WholeLines::Broken(lines),
        };
        self.at = 0;
        self.last_id.within = Span::default();
    }
}

/// What a step came to, of which nothing can be shared.
fn copied(parser: &mut Parser, last_id: &mut LastId, step: Step<'_>) -> Option<Received> {
    Some(match step {
        Step::SingleLineEvent(data) => {
            let id = last_id.former(parser.last_event_id());
            Received::Event(ReceivedEvent::copied(data, "", "", id))
        }
        Step::Event(borrowed) => {
            Received::Event(parser.buffers().take(&borrowed, |id| last_id.former(id)))
        }
        Step::Comment(text) => Received::Comment(text.to_owned()),
        Step::JoinedComment(start) => Received::Comment(parser.joined_comment(start).to_owned()),
        Step::Retry(reconnection_time) => Received::Retry(reconnection_time),
        Step::WholeLines | Step::Done => return None,
    })
}

/// The last event ID, for the events that have none of their own.
#[derive(Debug, Default)]
struct LastId {
    /// Where the whole lines have it, if they do.
    within: Span,
    former: Option<Arc<str>>,
}

impl LastId {
    /// Where an event has the last event ID `id` from that has none of its own.
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
