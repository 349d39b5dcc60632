//! How much a stream may make its reader hold.

use std::time::{Duration, Instant};

use gapless_sse_core::{LimitExceeded, Limits, Parser};

use crate::{Seen, comment, feed, message, read, retry};

const SMALL: Limits = Limits { line: 8, event: 12 };

/// The outcome of `stream`, which must be the same wherever it is cut.
#[track_caller]
fn outcome(stream: &[u8]) -> (Vec<Seen>, Result<(), LimitExceeded>) {
    outcome_within(SMALL, stream)
}

#[track_caller]
fn outcome_within(limits: Limits, stream: &[u8]) -> (Vec<Seen>, Result<(), LimitExceeded>) {
    let small = || Parser::with_limits(limits);
    let whole = read(small, &[stream]);
    for cut in 0..=stream.len() {
        assert_eq!(read(small, &[&stream[..cut], &stream[cut..]]), whole, "cut at {cut}");
    }
    let bytes: Vec<_> = stream.chunks(1).collect();
    assert_eq!(read(small, &bytes), whole, "byte by byte");
    (whole.0, whole.1)
}

const LINE: LimitExceeded = LimitExceeded::Line { at: 3, limit: 8 };

#[test]
fn a_line_may_be_as_long_as_its_limit_and_no_longer() {
    assert_eq!(outcome(b"data: ab\r\n\r\n"), (vec![message("ab")], Ok(())));
    assert_eq!(outcome(b"data: a\n\ndata: abc\n\n"), (vec![message("a")], Err(LINE)));
    assert_eq!(outcome(b": a\nx\n: 3456789\n"), (vec![comment("a")], Err(LINE)));
    assert_eq!(outcome(b"retry:1\n\nunknown: x"), (vec![retry(1)], Err(LINE)));
}

#[test]
fn a_line_of_data_is_limited_though_its_name_alone_is_too_long() {
    for limit in 0..=6 {
        let limits = Limits { line: limit, event: 12 };
        for stream in ["data:\n\n", "x\n\ndata:\n\n", "x\ndata\ndata\ndata:\n\n"] {
            let (_, result) = outcome_within(limits, stream.as_bytes());
            let lines = stream.lines().zip(1..);
            let first = lines.filter(|(line, _)| line.len() > limit).map(|(_, at)| at).next();
            let expected = first.map_or(Ok(()), |at| Err(LimitExceeded::Line { at, limit }));
            assert_eq!(result, expected, "{stream:?} within {limit}");
        }
    }
}

#[test]
fn the_byte_order_mark_is_no_part_of_a_line() {
    assert_eq!(outcome(b"\xEF\xBB\xBFdata: ab\n\n"), (vec![message("ab")], Ok(())));
    let none = Limits { line: 0, event: 0 };
    assert_eq!(feed(&mut Parser::with_limits(none), [&b"\xEF\xBB"[..]]).1, Ok(()));
    assert_eq!(
        feed(&mut Parser::with_limits(none), [&b"\xEF\xBB"[..], b"\n"]).1,
        Err(LimitExceeded::Line { at: 1, limit: 0 })
    );
}

#[test]
fn an_event_may_be_as_large_as_its_limit_and_no_larger() {
    let (items, result) = outcome(b"data:abc\ndata:abc\nid:1\ndata\nevent:xx\n\n");
    assert_eq!((items.len(), result), (1, Ok(())));
    for excess in ["data:abc\ndata", "data:abc\nid:22", "data:ab\ndata\nevent:xy"] {
        let stream = format!("data:abc\nid:1\nevent:x\ndata:a\n{excess}\n\n");
        let at = 4 + excess.split('\n').count() as u64;
        assert_eq!(
            outcome(stream.as_bytes()),
            (vec![], Err(LimitExceeded::Event { at, limit: 12 })),
            "{excess}"
        );
    }
}

#[test]
fn many_empty_data_lines_fill_an_event() {
    let stream = b"data\n".repeat(13);
    assert_eq!(outcome(&stream), (vec![], Err(LimitExceeded::Event { at: 13, limit: 12 })));
}

#[test]
fn lines_of_data_that_are_put_together_have_limits_too() {
    let line = outcome(b"data:a\ndata:b\ndata:3456\n\n");
    assert_eq!(line, (vec![], Err(LINE)));
    let event = outcome(b"data:a\ndata:b\ndata:\ndata:345\ndata:678\ndata:\n\n");
    assert_eq!(event, (vec![], Err(LimitExceeded::Event { at: 5, limit: 12 })));
}

#[test]
fn what_a_later_field_replaces_does_not_count() {
    let stream = b"id: 4567\nevent:67\n".repeat(3);
    let stream = [&stream[..], b"data: x\n\n"].concat();
    assert!(matches!(outcome(&stream), (items, Ok(())) if items.len() == 1));
}

#[test]
fn each_event_has_the_whole_limit() {
    let stream = b"data: ab\ndata: ab\n\nid: 4567\n\n".repeat(3);
    assert!(matches!(outcome(&stream), (items, Ok(())) if items.len() == 3));
}

#[test]
fn replacement_characters_count_as_what_they_take() {
    let stream = b"data:\xFF\xFF\xFF\ndata\ndata\n\n";
    assert!(matches!(outcome(stream), (items, Ok(())) if items.len() == 1));
    let stream = b"data:\xFF\xFF\xFF\ndata\ndata\ndata\n\n";
    assert_eq!(outcome(stream).1, Err(LimitExceeded::Event { at: 4, limit: 12 }));
}

#[test]
fn an_excess_is_final_until_the_stream_is_read_anew() {
    let mut parser = Parser::with_limits(SMALL);
    let first = feed(&mut parser, [&b"id: 1\n\n: 3456789"[..]]);
    assert_eq!(first, (vec![], Err(LINE)));
    assert_eq!(feed(&mut parser, [&b"\n\n: x\n"[..]]), (vec![], Err(LINE)));
    assert_eq!(parser.last_event_id(), "1");
    parser.restart();
    assert_eq!(feed(&mut parser, [&b": x\n"[..]]), (vec![comment("x")], Ok(())));
}

#[test]
fn a_line_feed_that_begins_a_stream_is_no_end_of_the_stream_before() {
    let mut parser = Parser::with_limits(SMALL);
    assert_eq!(feed(&mut parser, [&b"id: 1\r"[..]]), (vec![], Ok(())));
    parser.restart();
    let excess = LimitExceeded::Line { at: 2, limit: 8 };
    assert_eq!(feed(&mut parser, [&b"\n: 3456789"[..]]), (vec![], Err(excess)));
}

#[test]
fn a_long_line_is_limited_before_it_ends() {
    let limited = || Parser::with_limits(Limits { line: 2000, event: 4000 });
    let stream = [b'x'; 2001];
    for size in [600, 1000, 2001] {
        let chunks: Vec<_> = stream.chunks(size).collect();
        let excess = LimitExceeded::Line { at: 1, limit: 2000 };
        assert_eq!(read(limited, &chunks), (vec![], Err(excess), String::new()));
        let within: Vec<_> = stream[..2000].chunks(size).collect();
        assert_eq!(read(limited, &within), (vec![], Ok(()), String::new()));
    }
}

#[test]
fn limits_are_on_by_default() {
    let mut parser = Parser::new();
    let chunk = [b'x'; 1024];
    let result = feed(&mut parser, (0..=1024).map(|_| &chunk[..])).1;
    assert_eq!(result, Err(LimitExceeded::Line { at: 1, limit: 1024 * 1024 }));

    let mut parser = Parser::new();
    let line = b"data\n";
    let result = feed(&mut parser, (0..=4 * 1024 * 1024).map(|_| &line[..])).1;
    let excess = LimitExceeded::Event { at: 4 * 1024 * 1024 + 1, limit: 4 * 1024 * 1024 };
    assert_eq!(result, Err(excess));
}

#[test]
fn an_excess_names_its_limit_and_its_line() {
    assert_eq!(LINE.to_string(), "line 3 is longer than the line limit of 8 bytes");
    assert_eq!(
        LimitExceeded::Event { at: 2, limit: 12 }.to_string(),
        "the event at line 2 is larger than the event limit of 12 bytes"
    );
}

#[test]
fn a_long_line_in_small_chunks_takes_linear_time() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let limits = Limits { line: 2 * LENGTH, event: 2 * LENGTH };
    let stream = [b"data: ", &vec![b'x'; LENGTH][..], b"\n\n"].concat();
    let begin = Instant::now();
    let (items, result) = feed(&mut Parser::with_limits(limits), stream.chunks(64));
    assert_eq!((items.len(), result), (1, Ok(())));
    // Linear takes tens of milliseconds, quadratic would move half a terabyte.
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
}
