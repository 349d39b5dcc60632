//! What a stream means, case by case, each cut at every possible place.

use gapless_sse_core::naive;
use gapless_sse_core::{EventId, Item, Parser};

use crate::{assert_reads, comment, event, feed, message, read, retry};

#[test]
fn one_byte_order_mark_at_the_start_is_dropped() {
    assert_reads(b"\xEF\xBB\xBFdata: x\n\n", &[message("x")], "");
}

#[test]
fn a_second_byte_order_mark_is_text() {
    assert_reads("\u{FEFF}\u{FEFF}data: x\ndata: y\n\n", &[message("y")], "");
}

#[test]
fn a_later_byte_order_mark_is_text() {
    assert_reads(
        "data: x\n\n\u{FEFF}data: y\ndata: \u{FEFF}z\n\n",
        &[message("x"), message("\u{FEFF}z")],
        "",
    );
}

#[test]
fn a_broken_byte_order_mark_is_text() {
    assert_reads(b"\xEF\xBBdata: x\ndata: y\n\n", &[message("y")], "");
    assert_reads(b"\xEF\n\xBB\n:\xEF\xBB\n", &[comment("\u{FFFD}")], "");
}

#[test]
fn a_stream_of_nothing_but_a_begun_byte_order_mark_holds_nothing() {
    assert_reads(b"\xEF\xBB", &[], "");
    assert_reads(b"\xEF\xBB\xBF", &[], "");
    assert_reads(b"", &[], "");
}

#[test]
fn cr_lf_and_crlf_each_end_a_line() {
    assert_reads("data: a\rdata: b\ndata: c\r\ndata: d\r\r", &[message("a\nb\nc\nd")], "");
    assert_reads("data: a\n\ndata: b\r\rdata: c\r\n\r\n", &["a", "b", "c"].map(message), "");
    assert_reads("data: a\n\rdata: b\n\n", &["a", "b"].map(message), "");
}

#[test]
fn crlf_is_one_line_end_when_a_chunk_ends_between() {
    assert_reads("data: a\r\ndata: b\r\n\r\n", &[message("a\nb")], "");
}

#[test]
fn cr_at_chunk_end_dispatches_without_waiting() {
    let mut parser = Parser::new();
    assert_eq!(feed(&mut parser, [&b"data: a\r\r"[..]]).0, [message("a")]);
    assert_eq!(feed(&mut parser, [&b"\ndata: b\r"[..], b"\r"]).0, [message("b")]);
}

#[test]
fn cr_as_last_byte_of_a_stream_ends_its_line() {
    assert_reads("data: a\r\r", &[message("a")], "");
    assert_reads("retry: 7\r", &[retry(7)], "");
    assert_reads("id: 1\n\r", &[], "1");
}

#[test]
fn an_unended_last_line_is_ignored() {
    assert_reads("data: x\n\nid: 1\n\nid: 2", &[message("x")], "1");
    assert_reads("retry: 5", &[], "");
    assert_reads(": beat", &[], "");
    assert_reads("data: x\n\ndata: y\n", &[message("x")], "");
}

#[test]
fn an_unended_block_is_never_dispatched_nor_its_id_committed() {
    assert_reads("id: 1\ndata: x\n\nid: 2\ndata: y\n", &[event("message", "x", "1")], "1");
}

#[test]
fn a_block_without_data_commits_its_id_and_resets_the_event_type() {
    assert_reads("event: a\nid: 1\n\ndata: x\n\n", &[event("message", "x", "1")], "1");
}

#[test]
fn data_alone_dispatches_the_empty_text() {
    assert_reads("data:\n\n", &[message("")], "");
    assert_reads("data\n\n", &[message("")], "");
    assert_reads("data\ndata\n\ndata:", &[message("\n")], "");
}

#[test]
fn data_keeps_its_trailing_line_breaks_but_the_last() {
    assert_reads("data: a\ndata:\ndata:\n\n", &[message("a\n\n")], "");
}

#[test]
fn event_without_a_colon_resets_the_type() {
    assert_reads("event: foo\nevent\ndata: x\n\n", &[message("x")], "");
    assert_reads("event: foo\nevent:\ndata: x\n\n", &[message("x")], "");
    assert_reads("event: foo\nevent: bar\ndata: x\n\n", &[event("bar", "x", "")], "");
}

#[test]
fn a_type_is_replaced_by_one_with_broken_bytes() {
    assert_reads(b"event: a\nevent: \xFF\ndata: x\n\n", &[event("\u{FFFD}", "x", "")], "");
}

#[test]
fn the_type_does_not_outlive_its_event() {
    assert_reads("event: a\ndata: x\n\ndata: y\n\n", &[event("a", "x", ""), message("y")], "");
}

#[test]
fn id_without_a_colon_resets_the_last_event_id() {
    assert_reads("id: 1\ndata: x\n\nid\n\n", &[event("message", "x", "1")], "");
    assert_reads(
        "id: 1\ndata: x\n\nid:\ndata: y\n\n",
        &[event("message", "x", "1"), message("y")],
        "",
    );
}

#[test]
fn an_id_that_holds_nul_is_ignored() {
    assert_reads("id: 1\nid: a\0b\ndata: x\n\n", &[event("message", "x", "1")], "1");
    assert_reads("id: \0\ndata: \0\n\n", &[message("\0")], "");
}

#[test]
fn an_id_stays_for_all_later_events() {
    assert_reads(
        "id: 1\ndata: x\n\ndata: y\n\nid: 2\n\ndata: z\n\n",
        &[event("message", "x", "1"), event("message", "y", "1"), event("message", "z", "2")],
        "2",
    );
}

#[test]
fn retry_takes_ascii_digits_only() {
    assert_reads("retry: 5\nretry:007\nretry:0\n", &[retry(5), retry(7), retry(0)], "");
    let ignored = ["+5", "-1", " 5", "5 ", "1_0", "٥", "5\t", "", "0x5", "1e3", "5\0", "\u{FEFF}5"];
    for value in ignored {
        assert_reads(format!("retry: {value}\nretry\n"), &[], "");
    }
}

#[test]
fn retry_takes_effect_when_its_line_ends() {
    assert_reads(
        "data: x\nevent: e\nretry: 5\ndata: y\n\n",
        &[retry(5), event("e", "x\ny", "")],
        "",
    );
    let mut parser = Parser::new();
    assert_eq!(feed(&mut parser, [&b"retry: 5\n"[..]]).0, [retry(5)]);
}

#[test]
fn retry_beyond_u64_is_the_maximum() {
    assert_reads("retry: 18446744073709551615\n", &[retry(u64::MAX)], "");
    for digits in ["18446744073709551616", "184467440737095516160", "36893488147419103232"] {
        assert_reads(format!("retry: {digits}\n"), &[retry(u64::MAX)], "");
    }
    assert_reads(format!("retry: {}\n", "9".repeat(99)), &[retry(u64::MAX)], "");
}

#[test]
fn exactly_one_leading_space_is_removed() {
    assert_reads(
        "data:a\ndata: b\ndata:  c\ndata:\td\ndata: \te \n\n",
        &[message("a\nb\n c\n\td\n\te ")],
        "",
    );
    assert_reads("data:\u{A0}x\n\n", &[message("\u{A0}x")], "");
    assert_reads("event:  e\nid:  1\ndata\n\n", &[event(" e", "", " 1")], " 1");
}

#[test]
fn a_value_may_hold_colons() {
    assert_reads("data::a:b\ndata: : c\n\n", &[message(":a:b\n: c")], "");
}

#[test]
fn invalid_utf8_becomes_replacement_characters_by_maximal_subparts() {
    let cases: [(&[u8], &str); 8] = [
        (b"\xFF", "\u{FFFD}"),
        (b"a\xE2\x82b", "a\u{FFFD}b"),
        (b"\xF0\x9F\x98", "\u{FFFD}"),
        (b"\xE2\x28\xA1", "\u{FFFD}(\u{FFFD}"),
        (b"\xED\xA0\x80", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        (b"\xC0\xAF", "\u{FFFD}\u{FFFD}"),
        (b"\xF4\x90\x80\x80", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        (b"\xF0\x80\x80\xF0\x90\xE2\x82\xAC", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€"),
    ];
    for (bytes, text) in cases {
        let stream = [b"data: ", bytes, b"\n\ndata: ok\n\n"].concat();
        assert_reads(stream, &[message(text), message("ok")], "");
    }
}

#[test]
fn invalid_utf8_poisons_nothing_around_it() {
    assert_reads(
        b"\xFF\xE2\ndata\xE2: a\nevent: \xE2\x82\nid: \xF0\ndata: x\n:\x80\ndata: y\n\n",
        &[comment("\u{FFFD}"), event("\u{FFFD}", "x\ny", "\u{FFFD}")],
        "\u{FFFD}",
    );
}

#[test]
fn a_character_split_over_chunks_is_whole() {
    assert_reads("event: ä\nid: €\ndata: 😀\n: 𝄞\n\n", &[comment("𝄞"), event("ä", "😀", "€")], "€");
}

#[test]
fn long_lines_are_whole_in_chunks_of_any_size() {
    let lines = |length: usize| format!("data: {}\n", "ä line ".repeat(length / 7));
    let stream = [100, 600, 3000].map(lines).concat() + "id: 7\n\nevent: e\n" + &lines(5000) + "\n";
    let expected = naive::decode(stream.as_bytes(), "");
    for size in [1, 7, 100, 511, 700, 1400, 4096] {
        let chunks: Vec<_> = stream.as_bytes().chunks(size).collect();
        let (seen, result, last_event_id) = read(Parser::new, &chunks);
        assert_eq!(result, Ok(()));
        assert_eq!((seen, last_event_id), expected, "chunks of {size} bytes");
    }
}

#[test]
fn unknown_fields_are_skipped() {
    assert_reads(b"foo: bar\nbaz\n\xFF\0: x\n data: no\ndata : no\n\n", &[], "");
}

#[test]
fn field_names_are_case_sensitive() {
    assert_reads("Data: a\nDATA: b\nID: 1\nEvent: e\nRETRY: 5\ndata: x\n\n", &[message("x")], "");
}

#[test]
fn comments_are_reported_where_they_stand() {
    assert_reads(
        b":\n: one\n:two\n:  three\n: \xFF\0:\ndata: x\n: inside\ndata: y\n\n",
        &[
            comment(""),
            comment("one"),
            comment("two"),
            comment(" three"),
            comment("\u{FFFD}\0:"),
            comment("inside"),
            message("x\ny"),
        ],
        "",
    );
}

#[test]
fn reconnecting_keeps_the_committed_id_and_drops_the_rest() {
    for cut in 0..=4 {
        let mut parser = Parser::new();
        let unfinished = &b"id: 2\nevent: e\ndata: lost\nda"[..];
        let (_, result) = feed(&mut parser, [&b"id: 1\ndata: x\n\n"[..], unfinished]);
        assert_eq!(result, Ok(()));
        parser.restart();
        assert_eq!(parser.last_event_id(), "1");
        let stream = b"\xEF\xBB\xBFdata: y\n\n";
        let seen = feed(&mut parser, [&stream[..cut], &stream[cut..]]).0;
        assert_eq!(seen, [event("message", "y", "1")]);
    }
}

#[test]
fn a_seeded_id_is_the_last_event_id_until_the_stream_sets_one() {
    let mut parser = Parser::new().resume(&EventId::new("41").unwrap());
    assert_eq!(parser.last_event_id(), "41");
    let stream = &b"data: x\n\nid: 42\ndata: y\n\nid\n\n"[..];
    let seen = feed(&mut parser, [stream]).0;
    assert_eq!(seen, [event("message", "x", "41"), event("message", "y", "42")]);
    assert_eq!(parser.last_event_id(), "");
}

#[test]
fn whoever_stops_within_a_chunk_goes_on_with_its_rest() {
    let mut parser = Parser::new();
    let mut items = parser.push(b"data: x\n\ndata: y\n\n");
    assert!(matches!(items.next(), Ok(Some(Item::Event(_)))));
    let rest = items.rest();
    assert_eq!(rest, b"data: y\n\n");
    assert_eq!(feed(&mut parser, [rest]).0, [message("y")]);
}

#[test]
fn an_event_within_a_chunk_is_not_copied() {
    let stream = b"event: log\ndata: x\n\n";
    let mut parser = Parser::new();
    let mut items = parser.push(stream);
    let Ok(Some(Item::Event(message))) = items.next() else { panic!("an event") };
    let within = stream.as_ptr_range();
    assert!(within.contains(&message.data.as_ptr()));
    assert!(within.contains(&message.event_type.as_ptr()));
}
