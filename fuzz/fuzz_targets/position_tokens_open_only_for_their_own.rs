//! An id opens to what was sealed, where it belongs; any other text opens only if it is itself what
//! sealing gives. (The fuzzer sees what a tag is compared with, so it does forge ids.)
#![no_main]

use arbitrary::Arbitrary;
use gapless_sse_core::follow::{Coordinate, Frontier, Scope, Seal};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number(u32);

impl Coordinate for Number {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes());
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        let (bytes, rest) = input.split_first_chunk()?;
        *input = rest;
        Some(Self(u32::from_be_bytes(*bytes)))
    }
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    epoch: u32,
    as_of: Number,
    after: Option<Number>,
    /// How much of the id the text begins with.
    genuine: u8,
    text: &'a str,
    space: &'a str,
    names: Vec<&'a str>,
    other_space: Option<&'a str>,
    other_names: Vec<&'a str>,
}

fuzz_target!(|input: Input<'_>| {
    let Input { epoch, as_of, after, genuine, text, space, names, .. } = input;
    let seal = Seal::new(b"a secret of thirty-two bytes, or");
    let scope = Scope::new(space, names);
    let other = Scope::new(input.other_space.unwrap_or(space), input.other_names);
    let (frontier, belongs) = match after {
        None => (Frontier::Live(as_of), other.space() == scope.space()),
        Some(after) => (Frontier::History { as_of, after }, other == scope),
    };
    let id = seal.seal(epoch, &frontier, &scope);
    let sealed = (epoch, frontier);
    assert_eq!(seal.open(id.as_str(), &scope).as_ref(), Some(&sealed));
    assert_eq!(seal.open(id.as_str(), &other).as_ref(), belongs.then_some(&sealed));
    let genuine = &id.as_str()[..id.as_str().len().min(genuine.into())];
    for text in [text, &format!("{genuine}{text}")] {
        if let Some((epoch, frontier)) = seal.open::<Number, Number>(text, &scope) {
            assert_eq!(seal.seal(epoch, &frontier, &scope).as_str(), text);
        }
    }
});
