//! Where a commit stands in the log.

use gapless_sse_core::follow::Coordinate;
use mongodb::bson::Timestamp;

use super::key::{Key, Value, take_array};
use super::varint;

/// The position of a commit in the log, as it travels sealed in the ids of events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub(crate) Place);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Change streams: everything committed before the cluster time `time`, and the first `nth`
    /// inserts at it. Several may share a time, such as those of one transaction, and a change
    /// stream always has them in the same order.
    Commit { time: ClusterTime, nth: u32 },
    /// Polling: everything with an earlier date, and what has this date and an id up to this one.
    Settled { date: Value, id: Option<Value> },
}

impl Position {
    /// Everything before `time`.
    pub(crate) fn before(time: ClusterTime) -> Self {
        Self(Place::Commit { time, nth: 0 })
    }

    pub(crate) fn commit(time: ClusterTime, nth: u32) -> Self {
        Self(Place::Commit { time, nth })
    }

    /// Everything with a date before `date`.
    pub(crate) fn settled_before(date: Value) -> Self {
        Self(Place::Settled { date, id: None })
    }

    pub(crate) fn settled(key: &Key) -> Self {
        Self(Place::Settled { date: key.date.clone(), id: Some(key.id.clone()) })
    }

    /// Of a settled position, the last key up to it, or what stands behind that.
    pub(crate) fn key(&self) -> Key {
        match &self.0 {
            Place::Settled { date, id } => {
                Key { date: date.clone(), id: id.clone().unwrap_or(Value::MIN) }
            }
            // Nothing is polled from such a position.
            Place::Commit { .. } => Key::LEAST,
        }
    }
}

impl Coordinate for Position {
    fn encode(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Place::Commit { time, nth } => {
                out.push(1);
                out.extend_from_slice(&time.0.to_be_bytes());
                varint::unsigned(u64::from(*nth), out);
            }
            Place::Settled { date, id: None } => {
                out.push(2);
                date.encode(out);
            }
            Place::Settled { date, id: Some(id) } => {
                out.push(3);
                date.encode(out);
                id.encode(out);
            }
        }
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        let (tag, rest) = input.split_first()?;
        *input = rest;
        Some(Self(match *tag {
            1 => Place::Commit {
                time: ClusterTime(u64::from_be_bytes(take_array(input)?)),
                nth: varint::take_unsigned(input)?.try_into().ok()?,
            },
            2 => Place::Settled { date: Value::decode(input)?, id: None },
            3 => Place::Settled { date: Value::decode(input)?, id: Some(Value::decode(input)?) },
            _ => return None,
        }))
    }
}

/// A MongoDB timestamp as one number: seconds, then a count within the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClusterTime(pub(crate) u64);

impl ClusterTime {
    /// The next one, between which and this there is none.
    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    pub(crate) fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    pub(crate) fn minus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds << 32))
    }

    pub(crate) fn seconds(self) -> u64 {
        self.0 >> 32
    }

    /// The time in a resume token: after a type byte, eight bytes in hex.
    pub(crate) fn of_resume_token(data: &str) -> Option<Self> {
        let digits = data.strip_prefix("82")?.get(..16)?;
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

impl From<Timestamp> for ClusterTime {
    fn from(timestamp: Timestamp) -> Self {
        Self(u64::from(timestamp.time) << 32 | u64::from(timestamp.increment))
    }
}

impl From<ClusterTime> for Timestamp {
    fn from(time: ClusterTime) -> Self {
        let half = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
        Self { time: half(time.0 >> 32), increment: half(time.0) }
    }
}
