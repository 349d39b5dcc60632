//! A time as people write it.

use std::fmt;
use std::str::FromStr;

use jiff::{Span, SpanRelativeTo};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A time as it is written on the command line and in the configuration file: `25s`, `200ms`,
/// `1m30s`, `30d`, where a day has 24 hours.
///
/// ```
/// use std::time;
///
/// use log_server::config::Duration;
///
/// let parsed: Duration = "1m30s".parse()?;
/// assert_eq!(parsed, Duration(time::Duration::from_secs(90)));
/// assert_eq!("30d".parse::<Duration>()?.0, time::Duration::from_secs(30 * 24 * 3600));
/// assert!("90".parse::<Duration>().is_err());
/// # Ok::<(), log_server::config::InvalidDuration>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub std::time::Duration);

/// It is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no time; write it like 25s, 200ms or 1m30s")]
pub struct InvalidDuration;

impl FromStr for Duration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let span = text.parse::<Span>().ok();
        let parsed =
            span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        let positive = parsed.and_then(|parsed| std::time::Duration::try_from(parsed).ok());
        positive.map(Self).ok_or(InvalidDuration)
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time like \"25s\", \"200ms\" or \"1m30s\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}
