//! Whatever is written one after the other, exactly those events come out.
#![no_main]

use arbitrary::Arbitrary;
use gapless_sse_core::naive::Item;
use gapless_sse_core::{Event, EventId, EventType, Parser, encode};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Fields<'a> {
    comment: &'a str,
    event_type: &'a str,
    id: &'a str,
    data: &'a str,
}

fuzz_target!(|input: ([u8; 4], Vec<Fields<'_>>)| {
    let (mut stream, mut written, mut last_event_id) = (Vec::new(), Vec::new(), "");
    for Fields { comment, event_type, id, data } in input.1 {
        let mut event = Event::new(data).comment(comment);
        let mut received_type = "message";
        if let Ok(valid) = EventType::new(event_type.to_owned()) {
            event = event.event_type(valid);
            received_type = if event_type.is_empty() { "message" } else { event_type };
        }
        if let Ok(valid) = EventId::new(id) {
            event = event.event_id(valid);
            last_event_id = id;
        }
        encode(&event, &mut stream);
        written.push(Item::Event {
            event_type: received_type.to_owned(),
            data: data.replace("\r\n", "\n").replace('\r', "\n"),
            last_event_id: last_event_id.to_owned(),
        });
    }
    let lengths = input.0.map(|length| 1 + usize::from(length));
    let (mut read, result) = sse_fuzz::read(&mut Parser::new(), &stream, &lengths);
    read.retain(|item| !matches!(item, Item::Comment(_)));
    assert_eq!((read, result), (written, Ok(())));
});
