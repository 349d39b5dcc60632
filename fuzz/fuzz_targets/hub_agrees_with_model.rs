//! Readers of a hub are given what a plain list says: each event of theirs once, or that they lag;
//! whoever has something to read is woken.
#![no_main]

use std::panic::{set_hook, take_hook};

use libfuzzer_sys::fuzz_target;
use sse_fuzz::hub::Pair;
use sse_fuzz::published::WORDS;

fuzz_target!(
    init: {
        // The hook of the fuzzer ends the process, also where a filter is meant to panic.
        let hook = take_hook();
        set_hook(Box::new(move |panic| {
            let words = panic.payload_as_str();
            if !words.is_some_and(|words| words.contains(WORDS)) {
                hook(panic);
            }
        }));
    },
    |input: &[u8]| {
        let mut pair = Pair::default();
        // Three digits and whatever ends the line, so that seeds can be written by hand.
        for &[operation, who, amount, _] in input.as_chunks().0 {
            match operation.wrapping_sub(b'0') % 9 {
                0 => pair.open(who % 4, amount % 16),
                1 | 2 => pair.publish(who % 4, amount % 16),
                3 if matches!(amount % 16, 8 | 9) => pair.subscribe_whole(who % 2 == 0, amount),
                3 => pair.subscribe(who % 7, amount),
                4 => pair.locate(who % 8, amount % 16),
                5 | 6 => pair.read(who % 8, usize::from(amount % 16) * 10),
                7 => pair.leave(who % 8),
                _ => pair.publish_late(who % 4, amount % 16),
            }
        }
    }
);
