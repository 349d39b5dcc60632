//! Where a part of a text is, for who keeps the text and the part together.

/// From where to where, in bytes. The default is the empty part of any text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: usize,
    end: usize,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Where `part` is, which was taken out of `text`.
    #[inline]
    pub(super) fn within(part: &str, text: &str) -> Self {
        if part.is_empty() {
            return Self::default();
        }
        let start = part.as_ptr().addr() - text.as_ptr().addr();
        Self { start, end: start + part.len() }
    }

    /// Appends `part` to `text`, and says where it is.
    pub(super) fn appended(part: &str, text: &mut String) -> Self {
        let start = text.len();
        text.push_str(part);
        Self { start, end: text.len() }
    }

    /// The part of `text` that is there.
    #[inline]
    pub(super) fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }

    pub(super) fn len(self) -> usize {
        self.end - self.start
    }

    pub(super) fn ends(self) -> (usize, usize) {
        (self.start, self.end)
    }
}
