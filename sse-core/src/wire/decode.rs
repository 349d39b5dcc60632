//! Bytes to text as the [Encoding standard][encoding]'s UTF-8 decoder has it, wherever they are
//! cut.
//!
//! [encoding]: https://encoding.spec.whatwg.org/#utf-8-decoder

use std::{mem, str};

/// `bytes` as text, and as [`str::from_utf8`] where they break off.
#[inline]
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, str::Utf8Error> {
    #[cfg(feature = "simdutf8")]
    if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
        return Ok(text);
    }
    str::from_utf8(bytes)
}

/// A text of which more may come.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    text: String,
    /// The bytes of a character of which more must come.
    begun: Vec<u8>,
    /// How many bytes have come.
    length: usize,
}

impl Decoder {
    /// How many bytes have come.
    #[inline]
    pub(super) fn length(&self) -> usize {
        self.length
    }

    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        match utf8(bytes) {
            Ok(text) if self.begun.is_empty() => {
                if self.text.capacity() - self.text.len() < text.len() {
                    self.grow(text.len());
                }
                self.text.push_str(text);
            }
            _ => self.push_broken(bytes),
        }
    }

    /// Makes room in fewer steps than a string takes by itself: each copies what has come of a long
    /// text.
    #[cold]
    fn grow(&mut self, length: usize) {
        const STEP: usize = 4;
        self.text.reserve(length.max((STEP - 1) * self.text.len()));
    }

    /// Takes these bytes if each is a character for which `accept` holds.
    #[inline]
    pub(super) fn push_ascii(&mut self, bytes: &[u8], accept: impl Fn(u8) -> bool) -> bool {
        let accepted =
            self.begun.is_empty() && bytes.iter().all(|byte| byte.is_ascii() && accept(*byte));
        if accepted {
            self.length += bytes.len();
            for byte in bytes {
                self.text.push(char::from(*byte));
            }
        }
        accepted
    }

    #[cold]
    fn push_broken(&mut self, bytes: &[u8]) {
        let mut begun = mem::take(&mut self.begun);
        begun.extend_from_slice(bytes);
        let mut rest = &begun[..];
        while let Some(run) = rest.utf8_chunks().next() {
            self.text.push_str(run.valid());
            rest = &rest[run.valid().len()..];
            let broken = run.invalid();
            let last = broken.len() == rest.len();
            if last && str::from_utf8(broken).is_err_and(|error| error.error_len().is_none()) {
                break;
            }
            if !broken.is_empty() {
                self.text.push(char::REPLACEMENT_CHARACTER);
            }
            rest = &rest[broken.len()..];
        }
        self.begun.extend_from_slice(rest);
    }

    /// Forgets the text.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.begun.clear();
        self.length = 0;
    }

    /// Ends the text and begins another, in the string that `text` was.
    pub(super) fn end(&mut self, text: &mut String) {
        if !self.begun.is_empty() {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        mem::swap(&mut self.text, text);
        self.clear();
    }
}
