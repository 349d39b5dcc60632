//! Readers of a hub are given what a plain list says: each event of theirs once, or that they lag.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sse_fuzz::hub::Pair;

fuzz_target!(|input: &[u8]| {
    let mut pair = Pair::default();
    // Three digits and whatever ends the line, so that seeds can be written by hand.
    for &[operation, who, amount, _] in input.as_chunks().0 {
        match operation % 8 {
            0 => pair.open(who % 4, amount % 16),
            1 | 2 => pair.publish(who % 4, amount % 16),
            3 => pair.subscribe(who % 7),
            4 => pair.locate(who % 8, amount % 16),
            5 | 6 => pair.read(who % 8, usize::from(amount % 16) * 10),
            _ => pair.leave(who % 8),
        }
    }
});
