//! A field that no stream can carry.

use std::convert::Infallible;
use std::fmt;

/// Fails where `value` holds what it must not, at the place that was found.
#[inline]
pub(super) fn check(
    field: &'static str,
    value: &str,
    invalid: Option<usize>,
) -> Result<(), InvalidField> {
    match invalid {
        None => Ok(()),
        Some(at) => Err(InvalidField { field, byte: value.as_bytes()[at], at }),
    }
}

/// A field that no stream can carry, since a client would read something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidField {
    field: &'static str,
    byte: u8,
    at: usize,
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.byte {
            0 => "NUL",
            b'\r' => "a carriage return",
            _ => "a line feed",
        };
        write!(f, "the {} holds {name} at byte {}; remove it", self.field, self.at)
    }
}

impl std::error::Error for InvalidField {}

/// What cannot fail fits where something else can: `event.event("note")?.id(7)?`.
impl From<Infallible> for InvalidField {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
