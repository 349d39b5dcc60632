//! The coordinates of a row in the SQLite log.

use gapless_sse_core::follow::Coordinate;

/// A position: everything up to this `seq`, in the life of the file that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The last row's `seq`, 0 if there is none.
    pub seq: i64,
    /// Which life of the file has written it.
    pub life: u32,
}

impl Coordinate for Position {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.life.to_be_bytes());
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        let (seq, life) = (take(input)?, take(input)?);
        Some(Self { seq: i64::from_be_bytes(seq), life: u32::from_be_bytes(life) })
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
        let (date, seq) = (take(input)?, take(input)?);
        Some(Self { date: i64::from_be_bytes(date), seq: i64::from_be_bytes(seq) })
    }
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*bytes)
}
