//! Finding events in a stream by the two fields that matter, with no more work than that.

use memchr::memmem::Finder;

/// Begins the due time; `,"seq":` follows it.
const DUE: &[u8] = br#""t":"#;
const SEQ: &[u8] = br#","seq":"#;

/// No shorter than what belongs together, from `"t":` to what comes after the number: the end of
/// a chunk of this length may hold the beginning of it.
pub const LONGEST: usize = DUE.len() + 20 + SEQ.len() + 20 + 1;

pub struct Scanner(Finder<'static>);

impl Scanner {
    pub fn new() -> Self {
        Self(Finder::new(DUE))
    }

    /// Calls `event` with the due time and the number of each event that is whole in `bytes`, and
    /// tells how many of them are done with; at most [`LONGEST`] are left.
    pub fn events(&self, bytes: &[u8], mut event: impl FnMut(u64, u64)) -> usize {
        let mut done = 0;
        while let Some(at) = self.0.find(&bytes[done..]) {
            done += at;
            let Some((t, seq, length)) = fields(&bytes[done + DUE.len()..]) else { break };
            event(t, seq);
            done += DUE.len() + length;
        }
        done.max(bytes.len().saturating_sub(LONGEST))
    }
}

fn fields(bytes: &[u8]) -> Option<(u64, u64, usize)> {
    let (t, t_length) = digits(bytes)?;
    let rest = bytes[t_length..].strip_prefix(SEQ)?;
    let (seq, seq_length) = digits(rest)?;
    Some((t, seq, t_length + SEQ.len() + seq_length))
}

/// A number and its length, if something comes after it.
fn digits(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => number = number.wrapping_mul(10) + u64::from(byte - b'0'),
            _ => return Some((number, at)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_wherever_chunks_are_cut() {
        let expected: Vec<_> = (0..40).map(|seq| (1_764_000_000_000_000_000 + seq, seq)).collect();
        let stream: String = expected
            .iter()
            .map(|(t, seq)| format!("id: A-_\ndata: {{\"t\":{t},\"seq\":{seq},\"x\":1}}\n\n:\n\n"))
            .collect();
        let scanner = Scanner::new();
        for size in [1, 2, 7, 50, 64, 1000] {
            let (mut found, mut kept) = (Vec::new(), Vec::new());
            for chunk in stream.as_bytes().chunks(size) {
                kept.extend_from_slice(chunk);
                let done = scanner.events(&kept, |t, seq| found.push((t, seq)));
                kept.drain(..done);
                assert!(kept.len() <= LONGEST);
            }
            assert_eq!(found, expected, "in chunks of {size}");
        }
    }
}
