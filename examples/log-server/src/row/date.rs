//! Dates as clients write them.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;

/// The years of dates as four digits write them.
const FIRST: &str = "0000-01-01T00:00:00Z";

/// Reads a date, or says in words for the client why it is not taken.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    let last = Timestamp::MAX;
    match text.parse::<Timestamp>() {
        Ok(date) if FIRST.parse().is_ok_and(|first| date >= first) => Ok(date),
        Err(_) if !is_date(text) => {
            Err(format!("`date` is {text:?}; write it like 2025-09-22T08:54:01.123Z"))
        }
        _ => Err(format!("`date` is {text:?}; dates are taken from {FIRST} to {last:.0}")),
    }
}

/// Whether the text is a date and a time with an offset, also of one that is out of range.
fn is_date(text: &str) -> bool {
    let pieces = DateTimeParser::new().parse_pieces(text);
    pieces.is_ok_and(|pieces| pieces.time().is_some() && pieces.offset().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_is_out_of_range_is_not_called_ill_formed() {
        for taken in ["2025-09-22T08:54:01.123Z", "9999-12-30T21:59:59Z", "0000-01-01T00:00:00Z"] {
            assert!(parse(taken).is_ok(), "{taken}");
        }
        for (text, words) in [
            ("9999-12-31T00:00:00Z", "to 9999-12-30T22:00:00Z"),
            ("9999-12-30T23:00:00+00:00", "to 9999-12-30T22:00:00Z"),
            ("-000001-12-31T00:00:00Z", "from 0000-01-01T00:00:00Z"),
            ("2025-09-22", "write it like"),
            ("2025-09-22T08:54:01", "write it like"),
            ("2025-02-30T08:54:01Z", "write it like"),
            ("tomorrow", "write it like"),
        ] {
            let wrong = parse(text).unwrap_err();
            assert!(wrong.contains(words), "{wrong}");
        }
    }
}
