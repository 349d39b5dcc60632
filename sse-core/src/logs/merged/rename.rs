//! What one log has encoded, as an event of several logs.

use super::ids::Positions;
use crate::wire::Encoded;

/// The events that are about the stream of one log, which is to be named.
const ABOUT: [&[u8]; 4] = [b"status\n", b"reset\n", b"gap\n", b"sync\n"];

/// The events that this log has encoded, with ids that hold the positions of all, and with its name
/// where an event is about the log. Only how lines begin is looked at, and not what data says.
pub(super) fn renamed(frame: &Encoded, log: usize, positions: &mut Positions) -> Encoded {
    let (before, after) = positions.around(log);
    let name = positions.name(log);
    let bytes = frame.as_ref();
    let longer = before.len() + after.len() + 2 * name.len() + 16;
    let mut renamed = Vec::with_capacity(bytes.len() + frame.events() as usize * longer);
    let (mut is_about, mut last) = (false, None);
    for line in lines(bytes) {
        if let Some(id) = line.strip_prefix(b"id: ") {
            let id = id.strip_suffix(b"\n").unwrap_or(id);
            renamed.extend_from_slice(b"id: ");
            if id.is_empty() {
                // The log stands nowhere, and the others where they did.
                let others = [before.strip_suffix('~').unwrap_or_default(), &after];
                let others = others.concat();
                let others =
                    if before.is_empty() { others.trim_start_matches('~') } else { &others };
                renamed.extend_from_slice(others.as_bytes());
            } else {
                for part in [before.as_bytes(), name.as_bytes(), b"=", id, after.as_bytes()] {
                    renamed.extend_from_slice(part);
                }
            }
            renamed.push(b'\n');
            last = Some(id);
            continue;
        }
        if let Some(event_type) = line.strip_prefix(b"event: ") {
            is_about = ABOUT.contains(&event_type);
        } else if let (true, Some(members)) = (is_about, line.strip_prefix(b"data: {")) {
            renamed.extend_from_slice(b"data: {\"log\":\"");
            renamed.extend_from_slice(name.as_bytes());
            renamed.push(b'"');
            if !members.starts_with(b"}") {
                renamed.push(b',');
            }
            renamed.extend_from_slice(members);
            continue;
        } else if line == b"\n" {
            is_about = false;
        }
        renamed.extend_from_slice(line);
    }
    if let Some(Ok(last)) = last.map(std::str::from_utf8) {
        positions.set(log, last);
    }
    Encoded::of_bytes(renamed, frame.events())
}

/// The lines of a text, each with its line feed.
fn lines(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1);
        let (line, rest) = text.split_at(end);
        text = rest;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Event, EventId, EventType};

    fn positions(id: &'static str) -> Positions {
        Positions::new(["a", "b", "c"], Some(&EventId::new(id).unwrap())).0
    }

    fn event(event_type: &'static str, id: &'static str, data: &'static str) -> Encoded {
        let event_type = EventType::from_static(event_type);
        Event::new(data).event_type(event_type).event_id(EventId::new(id).unwrap()).into()
    }

    fn text(frame: &Encoded) -> &str {
        std::str::from_utf8(frame.as_ref()).unwrap()
    }

    #[test]
    fn each_id_replaces_the_part_of_its_log_and_leaves_the_others() {
        let mut positions = positions("a=1~b=2~x=9");
        let piece = [event("row", "3", "id: 7"), event("row", "4", "")];
        let renamed = renamed(&Encoded::merge(&piece), 1, &mut positions);
        assert_eq!(
            text(&renamed),
            "event: row\nid: a=1~b=3~x=9\ndata: id: 7\n\n\
             event: row\nid: a=1~b=4~x=9\ndata: \n\n"
        );
        assert_eq!(renamed.events(), 2);
        let next = super::renamed(&event("row", "5", "{"), 2, &mut positions);
        assert_eq!(text(&next), "event: row\nid: a=1~b=4~c=5~x=9\ndata: {\n\n");
    }

    #[test]
    fn a_log_that_starts_over_stands_nowhere_and_is_named() {
        for (id, log, others) in [
            ("a=1~b=2~c=3", 0, "b=2~c=3"),
            ("a=1~b=2~c=3", 1, "a=1~c=3"),
            ("a=1~b=2~c=3", 2, "a=1~b=2"),
            ("b=2", 1, ""),
        ] {
            let mut positions = positions(id);
            let reset = renamed(&event("reset", "", r#"{"reason":"epoch"}"#), log, &mut positions);
            let name = ["a", "b", "c"][log];
            let expected = format!(
                "event: reset\nid: {others}\ndata: {{\"log\":\"{name}\",\"reason\":\"epoch\"}}\n\n"
            );
            assert_eq!(text(&reset), expected);
            assert!(!positions.around(3).0.contains(&format!("{name}=")));
        }
    }

    #[test]
    fn only_events_about_a_log_are_given_its_name() {
        let mut positions = positions("");
        let sync = renamed(&event("sync", "1", "{}"), 0, &mut positions);
        assert_eq!(text(&sync), "event: sync\nid: a=1\ndata: {\"log\":\"a\"}\n\n");
        let row = renamed(&event("late", "1", "{}"), 0, &mut positions);
        assert_eq!(text(&row), "event: late\nid: a=1\ndata: {}\n\n");
    }
}
