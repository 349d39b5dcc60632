//! The coordinates of a row in the SQLite log.

use gapless_sse_core::follow::Coordinate;

/// A position: everything up to this `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seq(pub i64);

impl Coordinate for Seq {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes());
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        take(input).map(Self)
    }
}

/// A key of history: the date in milliseconds since 1970, then `seq` among equal dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dated {
    /// Milliseconds since 1970.
    pub date: i64,
    /// The row's `seq`.
    pub seq: i64,
}

impl Dated {
    pub(super) const LEAST: Self = Self { date: i64::MIN, seq: i64::MIN };
    pub(super) const GREATEST: Self = Self { date: i64::MAX, seq: i64::MAX };
}

impl Coordinate for Dated {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.date.to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        Some(Self { date: take(input)?, seq: take(input)? })
    }
}

fn take(input: &mut &[u8]) -> Option<i64> {
    let (bytes, rest) = input.split_first_chunk::<8>()?;
    *input = rest;
    Some(i64::from_be_bytes(*bytes))
}
