//! Our parser and encoder beside those of other crates, on the same workloads.

pub mod cases;
pub mod encoders;
pub mod parsers;
pub mod table;
pub mod workload;

/// What a reader of the results must know first.
pub const PREFACE: &str = "\
## Wire

Our parser and encoder beside those of other crates, all in one run:

```sh
cargo xtask bench wire
```

The contenders take turns, for 11 rounds or two seconds. Each cell has the median of nanoseconds an
event, in brackets the median of how many times ours that was in the same round (above 1, we are
faster), then allocations an event. Our times include what a user gets: the text checked as UTF-8, limits, and the last event ID kept.
`memcpy`, a bare line splitter, which does nothing with its lines, and `serde_json` alone are bounds.
\"Wrong\" marks those that end with other events than the input holds, or did not come to its end
within half a second.

Some are reached only through what they offer: axum, warp and actix-web-lab through the body of a
response, eventsource-client through a client with a transport that plays the stream back. What
parses a stream of chunks is given chunks that cost nothing to take.
";

/// What a contender made of its input: the check that all of them did the same work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Events, lines for the bare splitter.
    pub events: usize,
    /// Bytes of their data; of the stream, where streams are written.
    pub bytes: usize,
}

impl Seen {
    /// Takes note of an event's data; the optimiser must have it made. The address and the length
    /// go apart, since reading both at once right after they were written one by one stalls.
    pub fn note(&mut self, data: impl AsRef<[u8]>) {
        let data = data.as_ref();
        std::hint::black_box(data.as_ptr());
        self.events += 1;
        self.bytes += std::hint::black_box(data.len());
    }
}
