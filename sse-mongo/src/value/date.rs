//! Dates as people and programs read them.

use bson::DateTime;
use jiff::{SignedDuration, civil};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A date in the two forms that a row has.
pub(crate) struct Texts {
    /// `2025-09-22T08:54:01.123Z`
    pub(crate) precise: String,
    /// `Sep 22 2025 at 08:54 AM`, in UTC.
    pub(crate) short: String,
}

impl Texts {
    /// RFC 3339 has no years before 0 or after 9999.
    pub(crate) fn of(date: DateTime) -> Option<Self> {
        let at = civil(date)?;
        let month = MONTHS.get(usize::from(at.month().unsigned_abs()).checked_sub(1)?)?;
        let (hour, half) = match at.hour() {
            0 => (12, "AM"),
            hour @ 1..12 => (hour, "AM"),
            12 => (12, "PM"),
            hour => (hour - 12, "PM"),
        };
        Some(Self {
            precise: format!("{}.{:03}Z", to_seconds(at), at.millisecond()),
            short: format!(
                "{month} {:02} {} at {hour:02}:{:02} {half}",
                at.day(),
                at.year(),
                at.minute()
            ),
        })
    }
}

/// The text of a date in relaxed extended JSON, from 1970 to 9999: a fraction only where there is
/// one, without trailing zeros.
pub(crate) fn relaxed(date: DateTime) -> Option<String> {
    if date.timestamp_millis() < 0 {
        return None;
    }
    let at = civil(date)?;
    let seconds = to_seconds(at);
    Some(match at.millisecond() {
        0 => format!("{seconds}Z"),
        millis => {
            let fraction = format!("{millis:03}");
            format!("{seconds}.{}Z", fraction.trim_end_matches('0'))
        }
    })
}

fn civil(date: DateTime) -> Option<civil::DateTime> {
    // jiff's own timestamps end two days before the year 9999 does.
    let since = SignedDuration::from_millis(date.timestamp_millis());
    let at = civil::date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).ok()?;
    (0..=9999).contains(&at.year()).then_some(at)
}

fn to_seconds(at: civil::DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
