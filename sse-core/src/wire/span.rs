//! Where a part of a text is, kept beside the text.

/// The longest text that can have spans: 32 bits for each end make events smaller to keep and
/// faster to move.
pub(super) const LONGEST: usize = u32::MAX as usize;

/// From where to where, in bytes. The default is the empty part of any text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// In a text that is not longer than [`LONGEST`].
    #[allow(clippy::cast_possible_truncation, reason = "the text is not longer")]
    #[inline]
    pub(super) fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && end <= LONGEST);
        Self { start: start as u32, end: end as u32 }
    }

    /// Where `part` is, which was taken out of `text`.
    #[inline]
    pub(super) fn within(part: &str, text: &str) -> Self {
        if part.is_empty() {
            return Self::default();
        }
        let start = part.as_ptr().addr() - text.as_ptr().addr();
        Self::new(start, start + part.len())
    }

    /// Appends `part` to `text`, and says where it is.
    pub(super) fn appended(part: &str, text: &mut String) -> Self {
        let start = text.len();
        text.push_str(part);
        Self::new(start, text.len())
    }

    #[inline]
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    #[inline]
    pub(super) fn end(self) -> usize {
        self.end as usize
    }

    #[inline]
    pub(super) fn len(self) -> usize {
        self.end() - self.start()
    }

    /// The part of `text` that is there.
    #[inline]
    pub(super) fn of(self, text: &str) -> &str {
        &text[self.start()..self.end()]
    }
}
