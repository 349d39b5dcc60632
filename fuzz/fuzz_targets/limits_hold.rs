//! A limit ends a stream at the same item wherever it is cut, and before anything exceeds it.
#![no_main]

use gapless_sse_core::naive::{self, Item};
use gapless_sse_core::{Limits, Parser};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some(([line, event, lengths @ ..], stream)) = sse_fuzz::split(input) else { return };
    let limits = Limits { line: 2 * line, event: 2 * event };
    let whole = sse_fuzz::read(&mut Parser::with_limits(limits), stream, &[usize::MAX]);
    let cut = sse_fuzz::read(&mut Parser::with_limits(limits), stream, &lengths);
    assert_eq!(cut, whole);
    let kept = sse_fuzz::read_kept(Parser::with_limits(limits), stream, &lengths);
    assert_eq!((kept.0, kept.1), whole);
    let (seen, result) = whole;
    let all = naive::decode(stream, "").0;
    assert!(all.starts_with(&seen) && (result.is_err() || all.len() == seen.len()));
    for item in seen {
        match item {
            Item::Event { data, last_event_id, .. } => {
                assert!(data.len() < limits.event && last_event_id.len() <= limits.event);
            }
            // Each broken byte of a line may become a character of three.
            Item::Comment(text) => assert!(text.len() < 3 * limits.line),
            Item::Retry(_) => {}
        }
    }
});
