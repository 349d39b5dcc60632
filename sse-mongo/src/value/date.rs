//! Dates as extended JSON has them.

use jiff::{SignedDuration, civil};
use mongodb::bson::DateTime;

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
