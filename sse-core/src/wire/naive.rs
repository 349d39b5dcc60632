//! The oracle: decodes a whole stream by the prose of [HTML, section 9.2][html] and of
//! [Encoding, section 8.1.1][encoding], slowly and without limits. Tests and fuzzing hold the
//! parser against it, so it shares no code with it. It is no part of the public API.
//!
//! [html]: https://html.spec.whatwg.org/multipage/server-sent-events.html
//! [encoding]: https://encoding.spec.whatwg.org/#utf-8-decoder

use std::time::Duration;

/// What a stream holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event that is dispatched.
    Event {
        /// Its type.
        event_type: String,
        /// Its data.
        data: String,
        /// The last event ID when it is dispatched.
        last_event_id: String,
    },
    /// A comment, without one leading space.
    Comment(String),
    /// A reconnection time.
    Retry(Duration),
}

/// The items of `stream` and the last event ID after it, which was `last_event_id` before it.
pub fn decode(stream: &[u8], last_event_id: &str) -> (Vec<Item>, String) {
    let text = utf8_decode(stream);
    let mut items = Vec::new();
    let mut last_event_id = last_event_id.to_owned();

    let mut data_buffer = String::new();
    let mut event_type_buffer = String::new();
    // A stream that continues another keeps its last event ID until it sets its own.
    let mut last_event_id_buffer = last_event_id.clone();

    for line in lines(&text) {
        let (field, value) = if line.is_empty() {
            last_event_id.clone_from(&last_event_id_buffer);
            if data_buffer.is_empty() {
                event_type_buffer.clear();
                continue;
            }
            if data_buffer.ends_with('\n') {
                data_buffer.pop();
            }
            let mut event_type = "message".to_owned();
            if !event_type_buffer.is_empty() {
                event_type = event_type_buffer;
            }
            let data = data_buffer;
            items.push(Item::Event { event_type, data, last_event_id: last_event_id.clone() });
            data_buffer = String::new();
            event_type_buffer = String::new();
            continue;
        } else if let Some(comment) = line.strip_prefix(':') {
            items.push(Item::Comment(without_space(comment).to_owned()));
            continue;
        } else if let Some((field, value)) = line.split_once(':') {
            (field, without_space(value))
        } else {
            (line.as_str(), "")
        };
        match field {
            "event" => value.clone_into(&mut event_type_buffer),
            "data" => {
                data_buffer.push_str(value);
                data_buffer.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut last_event_id_buffer),
            "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
                // All digits, so it can only be too large.
                let milliseconds = value.parse().unwrap_or(u64::MAX);
                items.push(Item::Retry(Duration::from_millis(milliseconds)));
            }
            _ => {}
        }
    }
    (items, last_event_id)
}

fn without_space(value: &str) -> &str {
    value.strip_prefix(' ').unwrap_or(value)
}

/// The lines that end; what follows the last line end is no line.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                lines.push(std::mem::take(&mut line));
            }
            '\n' => lines.push(std::mem::take(&mut line)),
            _ => line.push(character),
        }
    }
    lines
}

/// "UTF-8 decode": drops one byte order mark, then runs the decoder over every byte.
fn utf8_decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut output = String::new();
    let (mut code_point, mut seen, mut needed) = (0_u32, 0, 0);
    let (mut lower, mut upper) = (0x80, 0xBF);
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        if needed == 0 {
            match byte {
                0x00..=0x7F => output.push(char::from(byte)),
                0xC2..=0xDF => {
                    needed = 1;
                    code_point = u32::from(byte & 0x1F);
                }
                0xE0..=0xEF => {
                    match byte {
                        0xE0 => lower = 0xA0,
                        0xED => upper = 0x9F,
                        _ => {}
                    }
                    needed = 2;
                    code_point = u32::from(byte & 0xF);
                }
                0xF0..=0xF4 => {
                    match byte {
                        0xF0 => lower = 0x90,
                        0xF4 => upper = 0x8F,
                        _ => {}
                    }
                    needed = 3;
                    code_point = u32::from(byte & 0x7);
                }
                _ => output.push(char::REPLACEMENT_CHARACTER),
            }
            continue;
        }
        let in_range = (lower..=upper).contains(&byte);
        (lower, upper) = (0x80, 0xBF);
        if !in_range {
            (code_point, seen, needed) = (0, 0, 0);
            at -= 1;
            output.push(char::REPLACEMENT_CHARACTER);
            continue;
        }
        code_point = (code_point << 6) | u32::from(byte & 0x3F);
        seen += 1;
        if seen == needed {
            output.push(char::from_u32(code_point).unwrap_or(char::REPLACEMENT_CHARACTER));
            (code_point, seen, needed) = (0, 0, 0);
        }
    }
    if needed != 0 {
        output.push(char::REPLACEMENT_CHARACTER);
    }
    output
}
