//! What events share with the chunk they came in, and what not.

use bytes::Bytes;
use gapless_sse_core::ReceivedEvent;

use crate::reader::{each_event, events};

/// Chunks of one buffer, as a socket's are.
fn chunks(stream: &str, cuts: &[usize]) -> (Bytes, Vec<Bytes>) {
    let all = Bytes::from(stream.to_owned());
    let mut starts = vec![0];
    starts.extend(cuts);
    let mut ends = cuts.to_vec();
    ends.push(all.len());
    let chunks = starts.into_iter().zip(ends).map(|(start, end)| all.slice(start..end)).collect();
    (all, chunks)
}

/// Data too long to lie in an event itself.
const LONG: &str =
    "a line of a log that is long enough to be shared with the chunk in which it came";

fn lies_within(part: &str, all: &Bytes) -> bool {
    all.as_ptr_range().contains(&part.as_ptr())
}

#[test]
fn an_event_within_a_chunk_shares_it() {
    let stream = format!("event: log\nid: 7\ndata: {LONG}\n\ndata: {LONG}\r\n\r\n");
    let (all, chunks) = chunks(&stream, &[]);
    for event in events(chunks) {
        assert!(lies_within(event.data(), &all));
        assert!(lies_within(event.last_event_id(), &all));
        assert!(lies_within(event.event_type(), &all) || event.event_type() == "message");
    }
}

#[test]
fn a_short_event_keeps_no_chunk() {
    let (all, chunks) = chunks("event: log\nid: 7\ndata: x\n\ndata: y\r\n\r\n", &[]);
    let events = events(chunks);
    let fields = events
        .iter()
        .map(|event| [event.event_type(), event.data(), event.last_event_id()].map(str::to_owned));
    assert_eq!(fields.collect::<Vec<_>>(), [["log", "x", "7"], ["message", "y", "7"]]);
    assert!(all.is_unique());
}

#[test]
fn an_event_of_any_length_has_the_same_fields() {
    for length in 0..200 {
        let (data, id) = ("x".repeat(length), "7".repeat(length % 7));
        let stream = format!("event: log\nid: {id}\ndata: {data}\n\ndata: {data}\n\n");
        for cut in [0, 20, stream.len() - 2] {
            let events = events(chunks(&stream, &[cut]).1);
            for (event, event_type) in events.iter().zip(["log", "message"]) {
                let fields = [event.event_type(), event.data(), event.last_event_id()];
                assert_eq!(fields, [event_type, &data, &id]);
                assert_eq!(event.clone().detach(), *event);
                assert_eq!(event.data_bytes(), data);
                assert_eq!(event.clone().into_data(), data);
            }
        }
    }
}

#[test]
fn an_id_that_is_taken_back_is_not_that_of_the_next_event() {
    let stream = format!("id: 7\ndata: {LONG}\n\nid\n\ndata: {LONG}\n\n");
    let events = events(chunks(&stream, &[]).1);
    assert_eq!([events[0].last_event_id(), events[1].last_event_id()], ["7", ""]);
}

#[test]
fn an_event_after_a_cut_one_shares_its_chunk() {
    let stream = format!("data: cut, {LONG}\n\ndata: {LONG}\n\n");
    let (all, chunks) = chunks(&stream, &[8]);
    let events = events(chunks);
    assert!(!lies_within(events[0].data(), &all));
    assert!(lies_within(events[1].data(), &all));
}

#[test]
fn the_first_event_of_a_stream_shares_its_chunk_after_a_byte_order_mark() {
    let (all, chunks) = chunks(&format!("\u{FEFF}data: {LONG}\n\n"), &[]);
    assert!(lies_within(events(chunks)[0].data(), &all));
}

#[test]
fn an_event_is_taken_out_of_its_chunk_when_it_is_detached() {
    let (all, chunks) = chunks(&format!("event: log\nid: 7\ndata: {LONG}\n\n"), &[]);
    for event in events(chunks) {
        let detached = event.clone().detach();
        assert_eq!(detached, event);
        let parts = [detached.data(), detached.event_type(), detached.last_event_id()];
        assert!(parts.iter().all(|part| !lies_within(part, &all)));
    }
    assert!(all.is_unique(), "nothing else keeps the chunk");
}

#[test]
fn a_joined_event_keeps_no_chunk() {
    let stream = format!("id: 7\ndata: {LONG}\ndata: y\n\nevent: log\ndata: {LONG}\n\n");
    let (all, chunks) = chunks(&stream, &[120]);
    let events = events(chunks);
    let joined = format!("{LONG}\ny");
    assert_eq!(events.iter().map(ReceivedEvent::data).collect::<Vec<_>>(), [&*joined, LONG]);
    assert!(all.is_unique());
}

#[test]
fn the_last_event_id_is_the_same_text_in_all_events_that_have_it() {
    let event = format!("data: {LONG}\n\n");
    for cut in [event.len() + 10, 2 * event.len() + 5] {
        let (_, chunks) = chunks(&format!("id: 7\n{}", event.repeat(4)), &[cut]);
        let ids: Vec<_> =
            events(chunks).iter().map(|event| event.last_event_id().as_ptr()).collect();
        let changes = ids.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!(changes, 1, "it is copied when its chunk goes, and then no more: {cut}");
    }
}

#[test]
fn the_last_event_id_outlives_its_chunk_and_does_not_keep_it() {
    let second = Bytes::from(format!("data: {LONG}\n\n"));
    let first = Bytes::from("id: 7\n\n".to_owned());
    let events = events([first.clone(), second]);
    assert_eq!(events[0].last_event_id(), "7");
    assert!(first.is_unique());
}

#[test]
fn data_is_handed_on_as_bytes_without_a_copy() {
    let (all, chunks) = chunks(&format!("id: 7\ndata: {LONG}\n\n"), &[]);
    let data = events(chunks)[0].data_bytes();
    assert_eq!(data, LONG);
    assert!(all.as_ptr_range().contains(&data.as_ptr()));
}

#[test]
fn data_becomes_a_string() {
    let long = "x".repeat(5000);
    let stream = format!("data: a\n\nid: 7\nevent: e\ndata: {long}\n\ndata: a\ndata: {long}\n\n");
    for cut in [0, 3, 30, 6000] {
        let (_, chunks) = chunks(&stream, &[cut]);
        let data: Vec<_> = events(chunks).into_iter().map(ReceivedEvent::into_data).collect();
        assert_eq!(data, ["a".to_owned(), long.clone(), format!("a\n{long}")]);
    }
}

#[test]
fn long_data_is_not_copied_to_become_a_string() {
    let stream = format!("data: x\ndata: {}\n\n", "y".repeat(5000));
    let event = events(chunks(&stream, &[]).1).remove(0);
    let address = event.data().as_ptr();
    let data = event.into_data();
    assert_eq!(data.as_ptr(), address);
}

#[test]
fn events_are_equal_when_a_listener_sees_the_same() {
    let stream = "id: 7\ndata: x\n\ndata: x\n\ndata: y\n\nevent: e\ndata: x\n\nid: 8\ndata: x\n\n";
    let whole = events(chunks(stream, &[]).1);
    let cut = events(chunks(stream, &[10, 20, 40]).1);
    assert_eq!(whole, cut);
    assert_eq!(whole[0], whole[1]);
    assert!(whole[2..].iter().all(|event| *event != whole[0]));
    let shown = r#"ReceivedEvent { event_type: "e", data: "x", last_event_id: "7" }"#;
    assert_eq!(format!("{:?}", whole[3]), shown);
}

#[test]
fn events_within_a_chunk_allocate_nothing() {
    let log = "event: log\nid: 0123456789abcdef\ndata: {\"message\":\"loaded\"}\n\n";
    let long = format!("event: log\nid: 1\ndata: {LONG}\n\ndata: {LONG}\n\n");
    let short = "id: 1\ndata: x\n\ndata: y\n\n";
    for event in ["data: x\n\n", log, short, "data: €\r\n\r\n", &long] {
        let count = |times: usize| {
            let chunk = Bytes::from(event.repeat(times));
            // The first clone of a chunk allocates its reference count.
            let _shared = chunk.clone();
            let mut kept = Vec::with_capacity(2 * times);
            allocation_counter::measure(|| each_event([chunk], |event| kept.push(event)))
                .count_total
        };
        assert_eq!(count(1000), count(10), "{event:?}");
    }
}

#[test]
fn a_cut_event_is_built_once() {
    let event = format!("id: 7\ndata: {}\n\n", "x".repeat(3000));
    let count = |times: usize| {
        let all = Bytes::from(event.repeat(times));
        let cuts = (0..all.len()).step_by(1400);
        let chunks: Vec<_> = cuts.map(|at| all.slice(at..all.len().min(at + 1400))).collect();
        allocation_counter::measure(|| each_event(chunks, drop)).count_total
    };
    assert_eq!(count(150) - count(50), 100);
}

#[test]
fn a_short_event_that_is_cut_allocates_nothing() {
    let event = "event: log\nid: 7\ndata: a short one\n\n";
    let count = |times: usize| {
        let all = Bytes::from(event.repeat(times));
        let cuts = (0..all.len()).step_by(30);
        let chunks: Vec<_> = cuts.map(|at| all.slice(at..all.len().min(at + 30))).collect();
        allocation_counter::measure(|| each_event(chunks, drop)).count_total
    };
    assert_eq!(count(1000), count(100));
}
