//! Ids that say nothing of other rows.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// How many bits count the rows of a request, and how many are random.
const NTH: u32 = 14;
const RANDOM: u32 = 30;

/// The ids of the rows of one request, in their order: when they were written, to the microsecond,
/// and what tells them from those of others at the same time. Numbers that count would tell whoever
/// has two of his own how many rows others wrote between them.
#[derive(Debug)]
pub(crate) struct Ids {
    next: u128,
    random: u32,
}

impl Ids {
    /// Those of a request of now.
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = u128::from(since.as_secs()) << 20 | u128::from(since.subsec_micros());
        let random = getrandom::u32().unwrap_or_else(|_| fastrand::u32(..));
        Self { next: micros << NTH, random: random >> (u32::BITS - RANDOM) }
    }

    /// That of the next row, as an `ObjectId` has them: it begins with the seconds since 1970.
    pub(crate) fn next(&mut self) -> [u8; 12] {
        let id = self.next << RANDOM | u128::from(self.random);
        self.next += 1;
        let mut bytes = [0; 12];
        bytes.copy_from_slice(&id.to_be_bytes()[4..]);
        bytes
    }

    /// As [`next`](Self::next), as text.
    pub(crate) fn next_text(&mut self) -> String {
        self.next().into_iter().fold(String::with_capacity(24), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_writing_and_none_is_given_twice() {
        let mut all = Vec::new();
        for _ in 0..3 {
            let mut ids = Ids::now();
            all.extend((0..20_000).map(|_| ids.next_text()));
            let later = SystemTime::now();
            while later.elapsed().unwrap_or_default().as_micros() < 10 {}
        }
        assert!(all.is_sorted_by(|a, b| a < b) && all.iter().all(|id| id.len() == 24));
    }

    #[test]
    fn two_of_one_writer_do_not_tell_how_many_others_wrote_between_them() {
        let random = |id: [u8; 12]| u32::from_be_bytes([id[8], id[9], id[10], id[11]]) << 2;
        let ends: std::collections::HashSet<_> =
            (0..8).map(|_| random(Ids::now().next())).collect();
        assert_eq!(ends.len(), 8, "they end in what is random");
    }
}
