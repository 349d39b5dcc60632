//! Times as searches have them: a date, or how long ago it is.

use jiff::{SignedDuration, Timestamp};

/// How many seconds each unit has.
const UNITS: [(char, i64); 5] =
    [('s', 1), ('m', 60), ('h', 3600), ('d', 24 * 3600), ('w', 7 * 24 * 3600)];

/// Reads a time, or says what to write.
///
/// What is counted from now is counted from the last whole second or minute, so that what asks for
/// it again a moment later asks for the same.
pub(super) fn read(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Some((count, (unit, seconds))) = span(text) {
        let whole = if unit == 's' { 1 } else { 60 };
        let ago = count.parse::<i64>().ok().and_then(|count| count.checked_mul(seconds));
        let now = now.as_second() - now.as_second().rem_euclid(whole);
        let then = ago.and_then(|ago| {
            let now = Timestamp::from_second(now).ok()?;
            now.checked_sub(SignedDuration::from_secs(ago)).ok()
        });
        return then.ok_or_else(|| format!("{text:?} is before all times; write fewer"));
    }
    text.parse().map_err(|_| {
        format!(
            "{text:?} is no time; write one like 2025-09-22T08:54:01Z, or -2h for two hours ago"
        )
    })
}

/// Of `-90m` the number and its unit.
fn span(text: &str) -> Option<(&str, (char, i64))> {
    let span = text.strip_prefix('-')?;
    let unit = UNITS.into_iter().find(|(unit, _)| span.ends_with(*unit))?;
    let count = &span[..span.len() - 1];
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some((count, unit))
}
