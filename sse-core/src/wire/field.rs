//! What a line says ([HTML, section 9.2.6][interpreting]).
//!
//! [interpreting]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

use std::time::Duration;

/// A line's field with its value, which comes after the colon and one space.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'l> {
    Data(&'l str),
    EventType(&'l str),
    Id(&'l str),
    Retry(Duration),
    Comment(&'l str),
    /// A field that is not known, or a value that is to be ignored.
    Ignored,
    /// The line is blank.
    None,
}

impl<'l> Field<'l> {
    #[allow(clippy::inline_always, reason = "every line passes here, and a call takes its time")]
    #[inline(always)]
    pub(super) fn of(line: &'l str) -> Self {
        let known = match line.as_bytes().first() {
            None => Some(Self::None),
            Some(b'd') => value(line, "data").map(Self::Data),
            Some(b'i') => value(line, "id").filter(|id| !has_nul(id)).map(Self::Id),
            Some(b'e') => value(line, "event").map(Self::EventType),
            Some(b':') => value(line, "").map(Self::Comment),
            Some(b'r') => value(line, "retry").and_then(milliseconds).map(Self::Retry),
            Some(_) => None,
        };
        known.unwrap_or(Self::Ignored)
    }
}

#[inline]
fn has_nul(id: &str) -> bool {
    // Ids are short, and a loop without a branch looks at many bytes at once.
    id.bytes().fold(u8::MAX, u8::min) == 0
}

#[inline]
fn value<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(name)?;
    match rest.strip_prefix(':') {
        Some(value) => Some(value.strip_prefix(' ').unwrap_or(value)),
        None => rest.is_empty().then_some(rest),
    }
}

/// A number of ASCII digits, at least one; what is beyond `u64` counts as its maximum.
fn milliseconds(digits: &str) -> Option<Duration> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.bytes().fold(0_u64, |number, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    });
    Some(Duration::from_millis(number))
}
