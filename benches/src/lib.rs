//! Our parser and encoder beside those of other crates, on the same workloads.

pub mod cases;
pub mod encoders;
pub mod names;
pub mod owned;
pub mod parsers;
pub mod seen;
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

\"Owned\" is what most programs do: a stream of `Bytes`, as HTTP clients give it, to events that can be
kept. There every contender is given the same chunks, parts of one buffer with a count of its
references, as those of a socket are; those that parse slices are given the slice of each.
";
