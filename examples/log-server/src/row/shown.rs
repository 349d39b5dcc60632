//! A row as clients are shown it, written field by field.

use gapless_sse_mongo::json::Object;

use crate::dates::civil;

/// Writes a row: whatever a store has, it is shown in this form.
///
/// `date` is written as in `2025-09-22T08:54:01.123Z` and followed by `date_text`, as in
/// `Sep 22 2025 at 08:54 AM`, both in UTC.
pub(crate) struct Shown(pub(crate) Object);

impl Shown {
    /// About so many bytes long.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Object::with_capacity(bytes))
    }

    /// A date in milliseconds since 1970. Answers whether it could be written: RFC 3339 has no years
    /// before 0 or after 9999.
    pub(crate) fn date(&mut self, date: i64) -> bool {
        // jiff's own timestamps end two days before the year 9999 does.
        let at = civil(date).filter(|at| (0..=9999).contains(&at.year()));
        let Some(at) = at else { return false };
        self.0.text("date", &at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        self.0.text("date_text", &at.strftime("%b %d %Y at %I:%M %p").to_string());
        true
    }

    pub(crate) fn finish(self) -> String {
        self.0.finish()
    }
}
