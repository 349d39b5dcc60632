//! A time zone, and what its clocks show.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// How far apart clocks may be set at once: no zone has ever been set further.
const LONGEST_CHANGE: SignedDuration = SignedDuration::from_hours(26);

/// A time zone by its name, such as `Europe/Berlin`.
///
/// ```
/// use log_server::dates::Zone;
///
/// let zone: Zone = "Europe/Berlin".parse()?;
/// assert_eq!(zone.to_string(), "Europe/Berlin");
/// assert!("Mars/Olympus".parse::<Zone>().is_err());
/// # Ok::<(), log_server::dates::InvalidZone>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// There is no such zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone {0:?}; write it as in Europe/Berlin, America/New_York or UTC")]
pub struct InvalidZone(String);

impl FromStr for Zone {
    type Err = InvalidZone;

    fn from_str(name: &str) -> Result<Self, InvalidZone> {
        let zone = TimeZone::get(name).map_err(|_| InvalidZone(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), zone })
    }
}

impl Zone {
    /// The one without changes, which the others are told by.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// When clocks show this: the first time that they do, where they are set back; as if they had
    /// not been set, where they are set forward past it.
    pub fn instant(&self, shown: DateTime) -> Option<Timestamp> {
        self.zone.to_ambiguous_timestamp(shown).compatible().ok()
    }

    /// What clocks show at this time.
    pub fn shown(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    /// The earliest that clocks show from this time on: what they are set back to, if that is soon.
    pub fn earliest_from(&self, at: Timestamp) -> DateTime {
        let end = at.saturating_add(LONGEST_CHANGE).unwrap_or(Timestamp::MAX);
        let changes = self.zone.following(at).map(|change| change.timestamp());
        let changes = changes.take_while(|change| *change <= end).map(|change| self.shown(change));
        changes.fold(self.shown(at), DateTime::min)
    }

    /// What clocks had not reached before this time, whatever they had shown until they were set
    /// back.
    pub fn not_before(&self, at: Timestamp) -> DateTime {
        let begin = at.saturating_sub(LONGEST_CHANGE).unwrap_or(Timestamp::MIN);
        // Also a change at this very time.
        let next = at.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MAX);
        let changes = self.zone.preceding(next).map(|change| change.timestamp());
        let changes = changes.take_while(|change| *change >= begin);
        // As they stood a moment before the change, and would have gone on.
        let before = changes.filter_map(|change| {
            let moment = SignedDuration::from_millis(1);
            let last = self.shown(change.checked_sub(moment).ok()?);
            last.checked_add(moment).ok()
        });
        before.fold(self.shown(at), DateTime::max)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        "Europe/Berlin".parse().expect("a zone")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn bounds_hold_over_the_hours_in_which_clocks_are_set() {
        // Minute by minute over both changes of 2025: whatever clocks show from a time on is not
        // earlier than the bound, and what they had shown before is earlier than the other one.
        for day in ["2025-03-30T00:00:00Z", "2025-10-26T00:00:00Z"] {
            let minutes: Vec<_> =
                (-180..360).map(|minute| at(day) + SignedDuration::from_mins(minute)).collect();
            for zone in [berlin(), "Pacific/Apia".parse().expect("a zone"), Zone::utc()] {
                for time in &minutes {
                    let (from, until) = (zone.earliest_from(*time), zone.not_before(*time));
                    for other in &minutes {
                        let shown = zone.shown(*other);
                        assert!(other < time || shown >= from, "{zone} {time} {other}");
                        assert!(other >= time || shown < until, "{zone} {time} {other}");
                    }
                }
            }
        }
    }

    #[test]
    fn clocks_wait_at_what_they_are_set_back_to_and_at_nothing_else() {
        let zone = berlin();
        let earliest = |text| zone.earliest_from(at(text)).to_string();
        assert_eq!(earliest("2025-10-26T00:30:00Z"), "2025-10-26T02:00:00");
        assert_eq!(earliest("2025-10-26T01:00:00Z"), "2025-10-26T02:00:00");
        assert_eq!(earliest("2025-10-26T01:30:00Z"), "2025-10-26T02:30:00");
        assert_eq!(earliest("2025-10-25T23:59:00Z"), "2025-10-26T01:59:00");
        assert_eq!(zone.not_before(at("2025-10-26T01:30:00Z")).to_string(), "2025-10-26T03:00:00");
        assert_eq!(zone.not_before(at("2025-06-01T00:00:00Z")).to_string(), "2025-06-01T02:00:00");
    }

    #[test]
    fn what_clocks_show_twice_or_never_is_an_instant_too() {
        let zone = berlin();
        let instant = |text: &str| {
            zone.instant(text.parse().expect("a date")).map(|instant| instant.to_string())
        };
        assert_eq!(instant("2025-10-26T02:30:00").as_deref(), Some("2025-10-26T00:30:00Z"));
        assert_eq!(instant("2025-03-30T02:30:00").as_deref(), Some("2025-03-30T01:30:00Z"));
    }
}
