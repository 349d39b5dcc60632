//! Dates between how they are stored and when they were.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, civil};

use super::{DateFormat, Zone};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// No clock is further from UTC.
const FURTHEST: i64 = 26 * 60 * 60 * 1000;

/// How a service stores dates, and by which clock.
///
/// What is stored is what that clock showed, and the order of the log is the order of what is
/// stored. So where clocks are set back, the rows of an hour stand among those of the hour before.
///
/// ```
/// use log_server::dates::StoredDates;
///
/// let format = "%Y-%m-%d %H:%M:%S".parse()?;
/// let dates = StoredDates::new(format, Some("Europe/Berlin".parse()?))?;
/// let read = dates.of_text("2025-07-01 12:00:00").unwrap();
/// assert_eq!(read.instant, Some(1_751_364_000_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDates {
    format: DateFormat,
    /// Of clocks that are not set to UTC.
    zone: Option<Zone>,
    /// The shortest time that it tells apart, in milliseconds.
    unit: i64,
}

/// What a stored date says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the clock showed, in milliseconds since it showed 1970.
    pub shown: i64,
    /// When that was, in milliseconds since 1970, unless nobody can tell.
    pub instant: Option<i64>,
}

/// The format and the zone do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDates {
    /// Numbers count from one moment.
    #[error("numbers since 1970 are the same in all time zones: leave `time-zone` out")]
    Number,
    /// Each date says it.
    #[error("each date of this format says its own offset from UTC: leave `time-zone` out")]
    Offset,
}

impl Default for StoredDates {
    fn default() -> Self {
        Self { format: DateFormat::Date, zone: None, unit: 1 }
    }
}

impl StoredDates {
    /// Dates of this format, by clocks of this zone, or of UTC.
    ///
    /// # Errors
    ///
    /// When dates of this format need no zone.
    pub fn new(format: DateFormat, zone: Option<Zone>) -> Result<Self, InvalidDates> {
        if zone.is_some() && matches!(format, DateFormat::Seconds | DateFormat::Milliseconds) {
            return Err(InvalidDates::Number);
        }
        if zone.is_some() && format.has_offset() {
            return Err(InvalidDates::Offset);
        }
        let unit = if format.is_text() { unit(&format) } else { 1 };
        Ok(Self { format, zone: zone.filter(|zone| *zone != Zone::utc()), unit })
    }

    /// How they are written.
    pub fn format(&self) -> &DateFormat {
        &self.format
    }

    /// The zone of the clocks that they are written by, if it is not UTC.
    pub fn zone(&self) -> Option<&Zone> {
        self.zone.as_ref()
    }

    /// Whether a date tells which others are earlier: not if each has an offset of its own.
    pub fn are_comparable(&self) -> bool {
        !self.format.has_offset()
    }

    /// What a clock showed that a service has stored as a number or a date: milliseconds since it
    /// showed 1970.
    pub fn of_shown(&self, shown: i64) -> Reading {
        let instant = match &self.zone {
            None => Some(shown),
            Some(zone) => {
                let at = civil(shown).and_then(|shown| zone.instant(shown));
                at.map(Timestamp::as_millisecond)
            }
        };
        Reading { shown, instant }
    }

    /// What a text says, if it is a date of this format.
    pub fn of_text(&self, text: &str) -> Option<Reading> {
        let written = self.format.read(text)?;
        let shown = milliseconds(written.shown)?;
        match written.offset {
            None => Some(self.of_shown(shown)),
            Some(offset) => {
                let apart = i64::from(offset.seconds()) * 1000;
                Some(Reading { shown, instant: Some(shown - apart) })
            }
        }
    }

    /// What the clock shows at this time, cut to what is stored of it.
    pub fn shown_at(&self, instant: Timestamp) -> i64 {
        let instant_ms = instant.as_millisecond();
        let shown = match &self.zone {
            None => instant_ms,
            Some(zone) => milliseconds(zone.shown(instant)).unwrap_or(instant_ms),
        };
        shown - shown.rem_euclid(self.unit)
    }

    /// The least text of what is shown at this time or later.
    pub fn text_from(&self, shown: i64) -> String {
        let over = shown.rem_euclid(self.unit);
        let up = if over == 0 { shown } else { shown.saturating_add(self.unit - over) };
        let (first, last) = (civil::date(0, 1, 1), civil::date(9999, 12, 31));
        let least = milliseconds(first.at(0, 0, 0, 0)).unwrap_or(i64::MIN);
        let most = milliseconds(last.at(0, 0, 0, 0)).unwrap_or(i64::MAX);
        let written = civil(up.clamp(least, most)).and_then(|shown| self.format.text(shown));
        written.unwrap_or_default()
    }

    /// The earliest that the clock shows from this time on.
    pub fn earliest_from(&self, instant: i64) -> i64 {
        if self.format.has_offset() {
            return instant.saturating_sub(FURTHEST);
        }
        self.bound(instant, Zone::earliest_from)
    }

    /// What the clock had not reached before this time.
    pub fn not_before(&self, instant: i64) -> i64 {
        if self.format.has_offset() {
            return instant.saturating_add(FURTHEST);
        }
        self.bound(instant, Zone::not_before)
    }

    fn bound(&self, instant: i64, of: impl Fn(&Zone, Timestamp) -> DateTime) -> i64 {
        let Some(zone) = &self.zone else { return instant };
        let Ok(at) = Timestamp::from_millisecond(instant) else { return instant };
        milliseconds(of(zone, at)).unwrap_or(instant)
    }
}

/// The shortest time that texts of a format tell apart.
fn unit(format: &DateFormat) -> i64 {
    let last = civil::date(2025, 9, 9).at(23, 59, 59, 999_000_000);
    let read = format.text(last).and_then(|text| format.read(&text));
    let Some(read) = read.or_else(|| format.read("2025-09-09T23:59:59Z")) else { return DAY };
    match (milliseconds(last), milliseconds(read.shown)) {
        (Some(last), Some(read)) => (last - read + 1).clamp(1, DAY),
        _ => DAY,
    }
}

/// What a clock shows so many milliseconds after it showed 1970. It has more dates than instants
/// have.
pub(crate) fn civil(shown: i64) -> Option<DateTime> {
    let since = SignedDuration::from_millis(shown);
    civil::date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).ok()
}

fn milliseconds(shown: DateTime) -> Option<i64> {
    let since = shown.duration_since(civil::date(1970, 1, 1).at(0, 0, 0, 0));
    let whole = since.as_millis();
    // Rounded down, also before 1970.
    let over = i128::from(since.subsec_nanos() % 1_000_000 < 0);
    i64::try_from(whole - over).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(format: &str, zone: Option<&str>) -> StoredDates {
        let zone = zone.map(|zone| zone.parse().expect("a zone"));
        StoredDates::new(format.parse().expect("a format"), zone).expect("dates")
    }

    #[test]
    fn text_bounds_leave_out_no_text_of_that_time() {
        for format in
            ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "rfc3339", "%FT%H:%M"]
        {
            let dates = dates(format, None);
            for shown in [0, 1, 999, 1000, 1_758_531_241_123, 1_758_499_200_000, -1] {
                let bound = dates.text_from(shown);
                for near in [-90_000_000, -60_000, -1001, -1, 0, 1, 999, 60_000, 90_000_000] {
                    let text =
                        dates.format.text(civil(shown + near).expect("a date")).expect("text");
                    let mut texts = vec![text.clone()];
                    if format == "rfc3339" {
                        texts = vec![format!("{text}Z"), format!("{text}.5+02:00")];
                    }
                    for text in texts {
                        let read = dates.of_text(&text).expect(&text).shown;
                        let later = read >= shown;
                        // What is told in seconds only stands for all of the second.
                        if format != "rfc3339" || (near.abs() > 1000) {
                            assert_eq!(text >= bound, later, "{format} {text} {bound}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn dates_are_when_clocks_of_the_zone_showed_them() {
        let local = dates("date", Some("Europe/Berlin"));
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let noon = at("2025-07-01T12:00:00Z");
        assert_eq!(
            local.of_shown(noon.as_millisecond()).instant,
            Some(at("2025-07-01T10:00:00Z").as_millisecond())
        );
        assert_eq!(local.shown_at(at("2025-07-01T10:00:00Z")), noon.as_millisecond());
        assert_eq!(dates("date", Some("UTC")), StoredDates::default());
        let offset = dates("rfc3339", None).of_text("2025-07-01T12:00:00+02:00").expect("a date");
        assert_eq!(offset.instant, Some(at("2025-07-01T10:00:00Z").as_millisecond()));
        assert_eq!(offset.shown, noon.as_millisecond());
    }

    #[test]
    fn what_has_no_use_for_a_zone_refuses_one() {
        for (format, error) in [
            ("seconds", InvalidDates::Number),
            ("rfc3339", InvalidDates::Offset),
            ("%Y-%m-%dT%H:%M:%S%z", InvalidDates::Offset),
        ] {
            let format = format.parse().expect("a format");
            assert_eq!(StoredDates::new(format, Some(Zone::utc())), Err(error));
        }
    }

    #[test]
    fn dates_beyond_the_calendar_are_no_instants_and_no_error() {
        let local = dates("date", Some("Europe/Berlin"));
        assert_eq!(local.of_shown(i64::MAX).instant, None);
        assert_eq!(dates("date", None).of_shown(i64::MAX).instant, Some(i64::MAX));
        assert_eq!(dates("%Y-%m-%d", None).text_from(i64::MAX), "9999-12-31");
        assert_eq!(dates("%Y-%m-%d", None).of_text("99999-01-01"), None);
    }
}
