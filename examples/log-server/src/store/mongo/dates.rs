//! Dates as MongoDB has them.

use bson::{Bson, DateTime, RawBsonRef};
use gapless_sse_mongo::Dates;
use jiff::Timestamp;

use crate::dates::{DateFormat, Reading, StoredDates};

impl Dates for StoredDates {
    fn shown(&self, value: RawBsonRef<'_>) -> Option<i64> {
        reading(self, value).map(|reading| reading.shown)
    }

    fn least(&self, shown: i64) -> Bson {
        match self.format() {
            DateFormat::Date => DateTime::from_millis(shown).into(),
            DateFormat::Milliseconds => shown.into(),
            DateFormat::Seconds => seconds(shown),
            DateFormat::Rfc3339 | DateFormat::Text(_) => self.text_from(shown).into(),
        }
    }

    fn earliest_from(&self, instant: i64) -> i64 {
        StoredDates::earliest_from(self, instant)
    }

    fn not_before(&self, instant: i64) -> i64 {
        StoredDates::not_before(self, instant)
    }

    fn instant(&self, value: RawBsonRef<'_>) -> Option<i64> {
        reading(self, value)?.instant
    }

    fn stored(&self, instant: i64) -> Bson {
        let Ok(at) = Timestamp::from_millisecond(instant) else { return self.least(instant) };
        match self.format() {
            DateFormat::Rfc3339 => at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into(),
            _ => self.least(self.shown_at(at)),
        }
    }

    fn are_of_bson(&self) -> bool {
        *self == StoredDates::default()
    }

    fn are_comparable(&self) -> bool {
        StoredDates::are_comparable(self)
    }
}

fn reading(dates: &StoredDates, value: RawBsonRef<'_>) -> Option<Reading> {
    let shown = match (dates.format(), value) {
        (DateFormat::Date, RawBsonRef::DateTime(date)) => date.timestamp_millis(),
        (DateFormat::Milliseconds, number) => milliseconds(number, 1)?,
        (DateFormat::Seconds, number) => milliseconds(number, 1000)?,
        (DateFormat::Rfc3339 | DateFormat::Text(_), RawBsonRef::String(text)) => {
            return dates.of_text(text);
        }
        _ => return None,
    };
    Some(dates.of_shown(shown))
}

/// Milliseconds of a number, so many of which are one.
#[allow(clippy::cast_possible_truncation, reason = "beyond 64 bits, it is the last of them")]
#[allow(clippy::cast_precision_loss, reason = "it is 1 or 1000")]
fn milliseconds(number: RawBsonRef<'_>, each: i64) -> Option<i64> {
    match number {
        RawBsonRef::Int32(number) => i64::from(number).checked_mul(each),
        RawBsonRef::Int64(number) => number.checked_mul(each),
        // To the microsecond, so that 1.001 s are 1001 ms.
        RawBsonRef::Double(number) if number.is_finite() => {
            let microseconds = (number * each as f64 * 1000.0).round();
            Some((microseconds / 1000.0).floor() as i64)
        }
        _ => None,
    }
}

#[allow(clippy::cast_precision_loss, reason = "dates of the next 100,000 years are exact")]
fn seconds(shown: i64) -> Bson {
    if shown % 1000 == 0 { (shown / 1000).into() } else { (shown as f64 / 1000.0).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_value_of_a_time_says_that_time() {
        for format in ["date", "seconds", "milliseconds", "%Y-%m-%dT%H:%M:%S%.3fZ"] {
            let format = format.parse().expect("a format");
            let dates = StoredDates::new(format, None).expect("dates");
            for shown in [0, 1, 999, 1001, 1_758_531_241_123, -62_135_596_799_999, 86_400_000] {
                let least = bson::RawBson::try_from(dates.least(shown)).expect("a value");
                let value = least.as_raw_bson_ref();
                assert_eq!(dates.shown(value), Some(shown), "{least:?}");
                assert_eq!(dates.instant(value), Some(shown), "{least:?}");
            }
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_is_no_date() {
        let dates = StoredDates::new(DateFormat::Seconds, None).expect("dates");
        for odd in [
            RawBsonRef::Double(f64::NAN),
            RawBsonRef::Double(f64::INFINITY),
            RawBsonRef::Int64(i64::MAX),
            RawBsonRef::String("7"),
            RawBsonRef::DateTime(DateTime::from_millis(7)),
            RawBsonRef::Null,
        ] {
            assert_eq!(dates.shown(odd), None, "{odd:?}");
        }
    }
}
