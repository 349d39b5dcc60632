//! How dates are stored.

use std::fmt;

use mongodb::bson::{Bson, DateTime, RawBsonRef};

/// How the dates of records are stored, by which history is ordered.
///
/// What is stored is what some clock showed. MongoDB orders it as it orders values, and so does
/// everything here; `shown` is that as a number of milliseconds, which has the same order. Clocks
/// that are set back show the same twice: these methods say what was certainly shown before a time,
/// and what certainly was not.
///
/// ```
/// use gapless_sse_mongo::bson::{Bson, RawBsonRef};
/// use gapless_sse_mongo::{Dates, Options};
///
/// /// Whole seconds since 1970.
/// #[derive(Debug)]
/// struct Seconds;
///
/// impl Dates for Seconds {
///     fn shown(&self, value: RawBsonRef<'_>) -> Option<i64> {
///         value.as_i64().map(|seconds| seconds.saturating_mul(1000))
///     }
///
///     fn least(&self, shown: i64) -> Bson {
///         (shown.saturating_add(999).div_euclid(1000)).into()
///     }
/// }
///
/// let options = Options::topic("tenant", "job").date("time").dates(Seconds);
/// # drop(options);
/// ```
pub trait Dates: fmt::Debug + Send + Sync {
    /// What a stored value says that the clock showed, in milliseconds; none if it is no date.
    fn shown(&self, value: RawBsonRef<'_>) -> Option<i64>;

    /// The least value of which [`shown`](Self::shown) is this or later.
    fn least(&self, shown: i64) -> Bson;

    /// The earliest that the clock shows from an instant on, in milliseconds since 1970.
    fn earliest_from(&self, instant: i64) -> i64 {
        instant
    }

    /// What the clock had not reached at any time before an instant.
    fn not_before(&self, instant: i64) -> i64 {
        instant
    }

    /// When a stored value was written, in milliseconds since 1970; none if it is no date, or nobody
    /// can tell.
    fn instant(&self, value: RawBsonRef<'_>) -> Option<i64> {
        self.shown(value)
    }

    /// What is stored of a record of this time, in milliseconds since 1970.
    fn stored(&self, instant: i64) -> Bson {
        self.least(instant)
    }

    /// Whether they are dates of BSON by UTC, which the server itself can calculate with. If not, what
    /// is counted by time has to be looked at.
    fn are_of_bson(&self) -> bool {
        false
    }

    /// Whether a date tells what is earlier than it. Without that, nobody can tell what polling may
    /// hand out, and it is refused.
    fn are_comparable(&self) -> bool {
        true
    }
}

/// Dates of BSON, by UTC.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BsonDates;

impl Dates for BsonDates {
    fn shown(&self, value: RawBsonRef<'_>) -> Option<i64> {
        value.as_datetime().map(DateTime::timestamp_millis)
    }

    fn least(&self, shown: i64) -> Bson {
        DateTime::from_millis(shown).into()
    }

    fn are_of_bson(&self) -> bool {
        true
    }
}
