//! How dates are written.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, date};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// How dates are written.
///
/// ```
/// use log_server::dates::DateFormat;
///
/// assert_eq!("seconds".parse(), Ok(DateFormat::Seconds));
/// assert!("%Y-%m-%d %H:%M:%S%.f".parse::<DateFormat>().is_ok());
///
/// let wrong = "%d.%m.%Y %H:%M:%S".parse::<DateFormat>().unwrap_err();
/// assert!(wrong.to_string().contains("do not sort as text"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DateFormat {
    /// `date`: a date of BSON.
    #[default]
    Date,
    /// `seconds`: a number of seconds since 1970, whole or not.
    Seconds,
    /// `milliseconds`: a number of milliseconds since 1970.
    Milliseconds,
    /// `rfc3339`: text such as `2025-09-22T08:54:01+02:00`, of which each says its own offset.
    Rfc3339,
    /// Text, as conversions such as `%Y-%m-%d %H:%M:%S` write it.
    Text(Box<str>),
}

/// Why a format is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFormat {
    /// Neither a name nor conversions.
    #[error(
        "{0:?} is no format of dates; there are `date`, `seconds`, `milliseconds`, `rfc3339`, and \
         text such as \"%Y-%m-%d %H:%M:%S%.f\""
    )]
    Unknown(String),
    /// The conversions are not known, or do not give a date.
    #[error("{format:?} does not read what it writes: {reason}")]
    Unreadable {
        /// The format.
        format: String,
        /// What is wrong with it.
        reason: String,
    },
    /// MongoDB sorts text by its letters.
    #[error(
        "dates written as {format:?} do not sort as text, and MongoDB has no other order for them: \
         {later:?} would come before {earlier:?}. Write years first, then months, days, hours, \
         minutes and seconds, each with all of its digits, and what stands behind fractions only \
         if all have as many digits (%.3f)"
    )]
    Unsorted {
        /// The format.
        format: String,
        /// A date.
        earlier: String,
        /// One that comes later.
        later: String,
    },
}

/// Dates one behind the other, in which each part of a date changes alone.
fn ladder() -> impl Iterator<Item = DateTime> {
    let at = |hour, minute, second, nanos| date(2025, 9, 9).at(hour, minute, second, nanos);
    [
        date(2023, 12, 31).at(23, 59, 59, 999_999_999),
        date(2024, 2, 29).at(0, 0, 0, 0),
        date(2025, 1, 31).at(9, 0, 0, 0),
        date(2025, 2, 1).at(0, 0, 0, 0),
        date(2025, 4, 1).at(0, 0, 0, 0),
        date(2025, 8, 30).at(23, 0, 0, 0),
        at(0, 0, 0, 0),
        at(1, 0, 0, 0),
        at(9, 59, 59, 0),
        at(10, 0, 0, 0),
        at(11, 0, 0, 0),
        at(12, 0, 0, 0),
        at(13, 0, 9, 0),
        at(13, 0, 10, 0),
        at(13, 9, 0, 0),
        at(13, 10, 0, 0),
        at(13, 10, 0, 1_000_000),
        at(13, 10, 0, 250_000_000),
        at(13, 10, 0, 500_000_000),
        at(13, 10, 1, 0),
        at(23, 0, 0, 0),
        date(2025, 9, 10).at(0, 0, 0, 0),
        date(2025, 10, 1).at(0, 0, 0, 0),
        date(2025, 11, 30).at(0, 0, 0, 0),
        date(2025, 12, 2).at(0, 0, 0, 0),
    ]
    .into_iter()
}

/// What a text in some format says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// What the clock showed.
    pub(super) shown: DateTime,
    /// By how much it was set apart from UTC, if the text says so.
    pub(super) offset: Option<Offset>,
}

impl DateFormat {
    /// Whether each date says its own offset from UTC.
    pub fn has_offset(&self) -> bool {
        match self {
            Self::Rfc3339 => true,
            Self::Text(format) => conversions(format).any(|of| matches!(of, 'z' | 'Q' | 'Z')),
            _ => false,
        }
    }

    /// Whether it is text.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Rfc3339 | Self::Text(_))
    }

    /// A text of this format.
    pub(super) fn text(&self, shown: DateTime) -> Option<String> {
        let Self::Text(format) = self else {
            return Some(shown.strftime("%Y-%m-%dT%H:%M:%S").to_string());
        };
        if !self.has_offset() {
            return strtime::format(&**format, shown).ok();
        }
        let zoned = TimeZone::UTC.to_zoned_datetime(shown).ok()?;
        strtime::format(&**format, &zoned).ok()
    }

    /// What a text of this format says.
    pub(super) fn read(&self, text: &str) -> Option<Written> {
        let Self::Text(format) = self else { return rfc3339(text) };
        let parsed = strtime::parse(&**format, text).ok()?;
        Some(Written { shown: parsed.to_datetime().ok()?, offset: offset(&parsed) })
    }

    fn check(self, name: &str) -> Result<Self, InvalidFormat> {
        let format = name.to_owned();
        let unreadable =
            |reason: String| InvalidFormat::Unreadable { format: format.clone(), reason };
        let mut last: Option<String> = None;
        for shown in ladder() {
            let zoned = TimeZone::UTC.to_zoned_datetime(shown);
            let text = zoned.and_then(|zoned| strtime::format(name, &zoned));
            let text = text.map_err(|error| unreadable(error.to_string()))?;
            let parsed = strtime::parse(name, &text);
            let read = parsed.and_then(|parsed| parsed.to_datetime());
            let read = read.map_err(|error| unreadable(error.to_string()))?;
            if read > shown || read.date() != shown.date() {
                return Err(unreadable(format!("{shown} is written {text:?}, which is {read}")));
            }
            if let Some(earlier) = last.filter(|last| *last > text) {
                let later = text;
                return Err(InvalidFormat::Unsorted { format, earlier, later });
            }
            last = Some(text);
        }
        Ok(self)
    }
}

/// The letters of its conversions.
fn conversions(format: &str) -> impl Iterator<Item = char> {
    let mut rest = format.chars();
    std::iter::from_fn(move || {
        rest.find(|letter| *letter == '%')?;
        rest.find(|letter| letter.is_ascii_alphabetic() || *letter == '%')
    })
}

fn offset(parsed: &BrokenDownTime) -> Option<Offset> {
    parsed.offset().or_else(|| parsed.to_zoned_datetime().ok().map(|zoned| zoned.offset()))
}

fn rfc3339(text: &str) -> Option<Written> {
    let pieces = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text).ok()?;
    let offset = pieces.to_numeric_offset()?;
    Some(Written { shown: pieces.date().to_datetime(pieces.time()?), offset: Some(offset) })
}

impl FromStr for DateFormat {
    type Err = InvalidFormat;

    fn from_str(name: &str) -> Result<Self, InvalidFormat> {
        match name {
            "date" => Ok(Self::Date),
            "seconds" => Ok(Self::Seconds),
            "milliseconds" => Ok(Self::Milliseconds),
            "rfc3339" => Ok(Self::Rfc3339),
            _ if name.contains('%') => Self::Text(name.into()).check(name),
            _ => Err(InvalidFormat::Unknown(name.to_owned())),
        }
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Date => "date",
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Rfc3339 => "rfc3339",
            Self::Text(format) => format,
        })
    }
}

impl<'de> Deserialize<'de> for DateFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_that_sorts_as_its_dates_do() {
        for format in [
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S%.3fZ",
            "%Y-%m-%dT%H:%M:%S%.f%:z",
            "%Y%m%d%H%M%S",
            "%Y-%m-%d",
            "%FT%T",
        ] {
            let parsed = format.parse::<DateFormat>();
            assert!(parsed.is_ok(), "{format}: {}", parsed.expect_err("an error"));
        }
    }

    #[test]
    fn text_that_sorts_otherwise_or_is_none_is_refused_in_words() {
        for (format, words) in [
            ("%d.%m.%Y %H:%M:%S", "do not sort as text"),
            ("%Y-%b-%d %H:%M:%S", "do not sort as text"),
            ("%Y-%m-%d %I:%M:%S %p", "do not sort as text"),
            ("%Y-%m-%dT%H:%M:%S%.fZ", "do not sort as text"),
            ("%Y-%-m-%d %H:%M:%S", "do not sort as text"),
            ("%H:%M:%S", "does not read what it writes"),
            ("%Y-%m-%d %!", "does not read what it writes"),
            ("%y%m", "does not read what it writes"),
            ("iso", "there are `date`, `seconds`"),
            ("", "there are `date`, `seconds`"),
        ] {
            let error = format.parse::<DateFormat>().expect_err(format).to_string();
            assert!(error.contains(words), "{format}: {error}");
        }
    }

    #[test]
    fn texts_say_their_offsets() {
        let formats: Vec<DateFormat> = ["rfc3339", "%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%dT%H:%M:%S"]
            .map(|format| format.parse().expect("a format"))
            .into();
        assert_eq!(
            formats.iter().map(DateFormat::has_offset).collect::<Vec<_>>(),
            [true, true, false]
        );
        for format in &formats[..2] {
            let read = format.read("2025-09-22T08:54:01+02:00").expect("a date");
            assert_eq!(read.shown, date(2025, 9, 22).at(8, 54, 1, 0));
            assert_eq!(read.offset, Some(Offset::constant(2)));
            assert_eq!(format.read("2025-09-22T08:54:01"), None);
        }
        assert_eq!(formats[2].read("2025-02-30T08:54:01"), None);
    }
}
