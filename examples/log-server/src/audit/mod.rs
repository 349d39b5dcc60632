//! What was done, when and by whom: one line of JSON each, to a file or to standard output.
//!
//! Whoever does something writes an [`Entry`] to the [`Audit`], and never waits for it. A thread
//! takes the entries from a queue and writes them. What it cannot write is lost, counted, and said
//! in the audit once it can write again. What did nothing is written up to a number, and beyond it
//! counted.

mod aside;
mod entry;
mod file;
mod filter;
mod output;
mod queue;
mod refusals;
mod settings;
mod writer;

pub use entry::{Entry, Event, Origin};
pub use filter::Filter;
pub use output::OutputError;
pub use queue::{Audit, AuditEnd};
pub use settings::{Settings, Target};

use sha2::{Digest, Sha256};

/// The longest text of an entry, in characters.
const LONGEST_TEXT: usize = 256;

/// A text as an entry has it: cut if it is long.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// What equal texts have in common, and that does not tell them.
pub(crate) fn digest(text: &str) -> String {
    use std::fmt::Write;

    let digest = Sha256::digest(text);
    digest.iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a String does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(short("ä"), "ä");
        let long = "ä".repeat(LONGEST_TEXT + 1);
        assert_eq!(short(&long), format!("{}…", "ä".repeat(LONGEST_TEXT)));
    }

    #[test]
    fn a_digest_is_that_of_sha256() {
        // The beginning of what `printf abc | sha256sum` says.
        assert_eq!(digest("abc"), "ba7816bf8f01cfea");
    }
}
