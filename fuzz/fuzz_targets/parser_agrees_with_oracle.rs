//! Any bytes at any cuts mean what the standard's prose says.
#![no_main]

use gapless_sse_core::{Parser, naive};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((lengths, stream)) = sse_fuzz::split(input) else { return };
    let mut parser = Parser::new();
    let (seen, result) = sse_fuzz::read(&mut parser, stream, &lengths);
    // No input of the fuzzer is as long as the default limits.
    assert_eq!(result, Ok(()));
    let (expected, last_event_id) = naive::decode(stream, "");
    assert_eq!((seen, parser.last_event_id()), (expected.clone(), &*last_event_id));
    let (kept, result, parser) = sse_fuzz::read_kept(Parser::new(), stream, &lengths);
    assert_eq!((kept, result, parser.last_event_id()), (expected, Ok(()), &*last_event_id));
});
