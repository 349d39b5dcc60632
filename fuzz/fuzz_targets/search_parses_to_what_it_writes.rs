//! Any text is a search or is refused with a place within it; and what a search is written as is read
//! as the same.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use sse_fuzz::search::terms::Terms;

/// What is nearly as long as a search may be can be too long when it is written: with levels by name
/// and times as dates.
const LONGEST: usize = 3800;

fuzz_target!(|text: &str| {
    match Terms::read(text, Timestamp::UNIX_EPOCH) {
        Ok(_) if text.chars().count() > LONGEST => {}
        Ok(terms) => {
            let written = terms.to_string();
            assert_eq!(Terms::read(&written, Timestamp::UNIX_EPOCH), Ok(terms), "{written}");
        }
        Err(misread) => {
            assert!((1..=text.chars().count() + 1).contains(&misread.column), "{misread}");
        }
    }
});
