//! `sse encode` from the outside: what is written, and what is refused.

use std::io::Write;

use crate::{
    Lines, assert_ends_quietly_without_a_reader, assert_prints, assert_refuses, run, start,
};

const ADVICE: &str = "write one JSON object a line, such as {\"data\":\"x\"}";

#[test]
fn each_line_of_json_is_an_event() {
    assert_prints(
        &["encode"],
        concat!(
            r#"{"event":"log","data":"a\r\nb","id":"7","retry_ms":5,"comment":"c\nd"}"#,
            "\n\n",
            r#" {"data":null,"id":""} "#,
            "\r\n",
            r#"{"comment":"beat"}"#
        ),
        ": c\n: d\nretry: 5\nevent: log\nid: 7\ndata: a\ndata: b\n\nid: \n\n: beat\n\n",
    );
}

#[test]
fn what_parse_prints_can_be_encoded_again() {
    let stream = "event: e\nid: 1\ndata: x\ndata:  y\n\n";
    let output = run(&["parse"], stream);
    assert_prints(&["encode"], output.stdout, stream);
}

#[test]
fn a_field_that_no_stream_can_carry_is_refused_and_nothing_of_it_written() {
    assert_refuses(
        &["encode"],
        "{\"data\":\"x\"}\n\n{\"data\":\"y\",\"id\":\"a\\nb\"}\n{\"data\":\"z\"}\n",
        "data: x\n\n",
        "line 3: the event id holds a line feed at byte 1; remove it",
    );
    assert_refuses(
        &["encode"],
        r#"{"comment":"c","event":"a\rb"}"#,
        "",
        "line 1: the event type holds a carriage return at byte 1; remove it",
    );
    assert_refuses(
        &["encode"],
        r#"{"data":"x","id":"\u0000"}"#,
        "",
        "line 1: the event id holds NUL at byte 0; remove it",
    );
}

#[test]
fn what_is_no_object_is_refused() {
    for line in ["[\"e\",\"d\",\"i\",5,\"c\"]", "data: x", "null", "\u{FEFF}{}"] {
        let message = format!("line 1: expected a JSON object; {ADVICE}");
        assert_refuses(&["encode"], line, "", &message);
    }
}

#[test]
fn broken_json_is_refused_with_its_place() {
    assert_refuses(
        &["encode"],
        "{\"data\":\"x\"}\n{\"data\":}\n",
        "data: x\n\n",
        &format!("line 2: expected value at column 9; {ADVICE}"),
    );
    for line in [
        "{\"data\":\"x\"",
        "{\"data\":\"x\"}{\"data\":\"y\"}",
        "{\"data\":5}",
        "{\"retry_ms\":-1}",
        "{\"retry_ms\":1.5}",
        "{\"data\":\"\\ud800\"}",
        "{\"data\":\"x\",\"data\":\"y\"}",
    ] {
        assert_eq!(run(&["encode"], line).status.code(), Some(1), "{line}");
        assert_eq!(run(&["encode"], line).stdout, b"", "{line}");
    }
    assert_eq!(run(&["encode"], b"{\"data\":\"\xFF\"}").status.code(), Some(1));
}

#[test]
fn a_member_of_another_name_is_refused_rather_than_dropped() {
    assert_refuses(
        &["encode"],
        r#"{"dta":"x"}"#,
        "",
        &format!(
            "line 1: unknown field `dta`, expected one of `event`, `data`, `id`, `retry_ms`, \
             `comment` at column 6; {ADVICE}"
        ),
    );
}

#[test]
fn an_event_is_written_while_the_input_goes_on() {
    let mut sse = start(&["encode"]);
    let mut stdin = sse.stdin.take().unwrap();
    let lines = Lines::of(sse.stdout.take().unwrap());
    for _ in 0..3 {
        stdin.write_all(b"{\"data\":\"x\"}\n").unwrap();
        assert_eq!([lines.next(), lines.next()], ["data: x", ""]);
    }
    drop(stdin);
    assert!(sse.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    assert_ends_quietly_without_a_reader(&["encode"], b"{\"data\":\"x\"}\n");
}
