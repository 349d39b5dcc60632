//! `sse parse` from the outside: what is read, in how much memory, and how it ends.

use std::io::Write;

use crate::{
    Lines, assert_ends_quietly_without_a_reader, assert_prints, assert_refuses, run, start,
};

#[test]
fn each_event_is_a_line_of_json() {
    assert_prints(
        &["parse"],
        "retry: 5\n: beat\nevent: log\nid: 7\ndata: a\ndata: \"b\"\n\ndata: x\n\ndata: unfinished",
        concat!(
            r#"{"event":"log","data":"a\n\"b\"","id":"7"}"#,
            "\n",
            r#"{"event":"message","data":"x","id":"7"}"#,
            "\n"
        ),
    );
}

#[test]
fn all_reports_comments_retry_and_the_committed_id() {
    assert_prints(
        &["parse", "--all"],
        "retry: 5\n: beat\nid: 7\ndata: a\n\nid: 8\n\nid: 9\n",
        concat!(
            r#"{"retry":5}"#,
            "\n",
            r#"{"comment":"beat"}"#,
            "\n",
            r#"{"event":"message","data":"a","id":"7"}"#,
            "\n",
            r#"{"last_event_id":"8"}"#,
            "\n"
        ),
    );
    assert_prints(&["parse", "--all"], "", "{\"last_event_id\":\"\"}\n");
}

#[test]
fn broken_bytes_are_printed_as_replacement_characters() {
    assert_prints(
        &["parse"],
        b"\xEF\xBB\xBFdata: \xFF\r\r",
        "{\"event\":\"message\",\"data\":\"\u{FFFD}\",\"id\":\"\"}\n",
    );
}

#[test]
fn an_event_is_printed_while_the_stream_goes_on() {
    let mut sse = start(&["parse"]);
    let mut stdin = sse.stdin.take().unwrap();
    let lines = Lines::of(sse.stdout.take().unwrap());
    for _ in 0..3 {
        stdin.write_all(b"data: x\n\nda").unwrap();
        assert_eq!(lines.next(), r#"{"event":"message","data":"x","id":""}"#);
        stdin.write_all(b"ta: y\r\revent\n").unwrap();
        assert_eq!(lines.next(), r#"{"event":"message","data":"y","id":""}"#);
    }
    drop(stdin);
    assert!(sse.wait().unwrap().success());
}

#[test]
fn what_exceeds_a_limit_is_refused_after_what_came_before() {
    assert_refuses(
        &["parse", "--line-limit", "8"],
        "data: x\n\ndata: abc\n\n",
        "{\"event\":\"message\",\"data\":\"x\",\"id\":\"\"}\n",
        "line 3 is longer than the line limit of 8 bytes; raise it with --line-limit",
    );
    assert_refuses(
        &["parse", "--all", "--event-limit", "8"],
        ": a\n".to_owned() + &"data\n".repeat(9),
        "{\"comment\":\"a\"}\n",
        "the event at line 10 is larger than the event limit of 8 bytes; raise it with --event-limit",
    );
}

#[test]
fn the_default_limits_hold() {
    let output = run(&["parse"], vec![b'x'; 1024 * 1024 + 1]);
    assert_eq!(output.status.code(), Some(1));
    assert_prints(&["parse"], [&vec![b'x'; 1024 * 1024][..], b"\n"].concat(), "");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    assert_ends_quietly_without_a_reader(&["parse"], b"data: x\n\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_stream_of_any_length_takes_constant_memory() {
    let mut sse = start(&["parse"]);
    let mut stdin = sse.stdin.take().unwrap();
    let lines = Lines::of(sse.stdout.take().unwrap());
    let events = b"id: 7\ndata: 0123456789012345678901234567890123456789\n\n".repeat(1000);
    let writer = std::thread::spawn(move || {
        for _ in 0..600 {
            stdin.write_all(&events).unwrap();
        }
        stdin
    });
    for _ in 0..600_000 {
        lines.next();
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", sse.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 16 * 1024, "{kib} KiB for a stream of 31 MiB");
    drop(writer.join().unwrap());
    assert!(sse.wait().unwrap().success());
}
