//! Why a typed search cannot be read.

use std::fmt;

/// A search that cannot be read, in words for who typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// Which character it is, counted from 1.
    pub column: usize,
    /// What is wrong there, and what to write instead.
    pub detail: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.column, self.detail)
    }
}

impl std::error::Error for Misread {}

/// What is wrong, and the byte at which it stands.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) detail: String,
}

impl Wrong {
    pub(super) fn new<T>(at: usize, detail: impl Into<String>) -> Result<T, Self> {
        Err(Self { at, detail: detail.into() })
    }
}
