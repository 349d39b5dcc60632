//! How much of something, and how often.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use governor::Quota;
use jiff::SignedDuration;
use serde::Deserialize;

/// At most so many in a time, or any number: `100` (in a second), `"300/1m"` or `"off"`.
///
/// All of a time's may come at once; they come back evenly.
///
/// ```
/// use log_server::limits::Rate;
///
/// let rate: Rate = "300/1m".parse()?;
/// assert_eq!(rate, Rate::of(300, 60));
/// assert_eq!("100".parse(), Ok(Rate::of(100, 1)));
/// assert_eq!("off".parse(), Ok(Rate::OFF));
/// # Ok::<(), log_server::limits::InvalidRate>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Rate(Option<(NonZeroU32, u32)>);

/// It is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no rate; write 100 for so many in a second, \"300/1m\", or \"off\"")]
pub struct InvalidRate;

impl Rate {
    /// No limit.
    pub const OFF: Self = Self(None);

    /// So many in so many seconds; none of either is no limit.
    pub const fn of(count: u32, seconds: u32) -> Self {
        match NonZeroU32::new(count) {
            Some(count) if seconds > 0 => Self(Some((count, seconds))),
            _ => Self::OFF,
        }
    }

    /// How many.
    pub(super) fn count(self) -> u32 {
        self.0.map_or(u32::MAX, |(count, _)| count.get())
    }

    /// In how many seconds.
    pub(super) fn seconds(self) -> u32 {
        self.0.map_or(1, |(_, seconds)| seconds)
    }

    pub(super) fn quota(self) -> Option<Quota> {
        let (count, seconds) = self.0?;
        let each = Duration::from_secs(seconds.into()) / count.get();
        Some(Quota::with_period(each)?.allow_burst(count))
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        let (count, time) = text.split_once('/').unwrap_or((text, "1s"));
        let time = if time.starts_with(|first: char| first.is_ascii_digit()) {
            time.to_owned()
        } else {
            format!("1{time}")
        };
        let parsed = || {
            let count: u32 = count.trim().parse().ok()?;
            let time: SignedDuration = time.trim().parse().ok()?;
            let seconds = u32::try_from(time.as_secs()).ok()?;
            // A day's worth is more than anyone waits for.
            let whole = time.subsec_nanos() == 0 && (1..=86_400).contains(&seconds);
            whole.then(|| Self::of(count, seconds))
        };
        parsed().ok_or(InvalidRate)
    }
}

/// At most so many at the same time, or any number: `1000` or `"off"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Most(pub usize);

impl Most {
    /// No limit.
    pub const OFF: Self = Self(usize::MAX);
}

impl TryFrom<Written> for Most {
    type Error = InvalidMost;

    fn try_from(written: Written) -> Result<Self, InvalidMost> {
        match written {
            Written::Number(0) => Ok(Self::OFF),
            Written::Number(most) => usize::try_from(most).map(Self).map_err(|_| InvalidMost),
            Written::Text(text) if text == "off" => Ok(Self::OFF),
            Written::Text(_) => Err(InvalidMost),
        }
    }
}

/// It is no number of streams or exports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write how many may be open, or \"off\"")]
pub struct InvalidMost;

/// A figure as configurations have it.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "write a whole number, or text such as \"300/1m\" or \"off\"")]
enum Written {
    Number(u64),
    Text(String),
}

impl TryFrom<Written> for Rate {
    type Error = InvalidRate;

    fn try_from(written: Written) -> Result<Self, InvalidRate> {
        match written {
            Written::Number(count) => count.to_string().parse(),
            Written::Text(text) => text.parse(),
        }
    }
}
