//! `sse encode`: JSON lines to an event stream.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::time::Duration;

use gapless_sse_core::{Event, EventId, EventType};
use serde::Deserialize;

use crate::failure::Failure;

/// Reads JSON objects on standard input, one a line, and writes them as an event stream.
///
/// An object has any of the members "event" (the type), "data", "id" and "comment", which are
/// text, and "retry_ms", a whole number of milliseconds. The first object that no stream can
/// carry ends the command with a message and exit status 1; nothing of it is written.
#[derive(clap::Args)]
#[allow(clippy::doc_markdown, reason = "the terminal shows it as it stands")]
#[command(
    after_help = "Example:\n  echo '{\"event\":\"greeting\",\"data\":\"hello\"}' | sse encode"
)]
pub(crate) struct Options {}

/// A line of input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    event: Option<String>,
    data: Option<String>,
    id: Option<String>,
    retry_ms: Option<u64>,
    comment: Option<String>,
}

pub(crate) fn run(input: impl Read, output: impl Write) -> Result<(), Failure> {
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let mut output = BufWriter::new(output);
    let result = write_events(&mut input, &mut output);
    output.flush().map_err(Failure::Write)?;
    result
}

fn write_events<R: Read>(input: &mut BufReader<R>, output: &mut impl Write) -> Result<(), Failure> {
    let mut text = Vec::new();
    let mut stream = Vec::new();
    for line in 1.. {
        text.clear();
        if input.read_until(b'\n', &mut text).map_err(Failure::Read)? == 0 {
            break;
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let event = event(object(&text, line)?, line)?;
        gapless_sse_core::encode(&event, &mut stream);
        output.write_all(&stream).map_err(Failure::Write)?;
        stream.clear();
        // Whoever reads the stream must not wait for the next line.
        if input.buffer().is_empty() {
            output.flush().map_err(Failure::Write)?;
        }
    }
    Ok(())
}

fn object(text: &[u8], line: u64) -> Result<Object, Failure> {
    let refused = |reason| Failure::Object { line, reason };
    // serde would read an array as an object without names.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(refused("expected a JSON object".to_owned()));
    }
    serde_json::from_slice(text).map_err(|error| {
        let reason = error.to_string();
        // The parser saw a single line and knows nothing of the others.
        let reason = reason.rsplit_once(" at line ").map_or(&*reason, |(reason, _)| reason);
        refused(format!("{reason} at column {}", error.column()))
    })
}

fn event(object: Object, line: u64) -> Result<Event<'static>, Failure> {
    let refused = |source| Failure::Field { line, source };
    let mut event = Event::empty();
    if let Some(comment) = object.comment {
        event = event.comment(comment);
    }
    if let Some(milliseconds) = object.retry_ms {
        event = event.retry(Duration::from_millis(milliseconds));
    }
    if let Some(event_type) = object.event {
        event = event.event_type(EventType::new(event_type).map_err(refused)?);
    }
    if let Some(id) = object.id {
        event = event.event_id(EventId::new(id).map_err(refused)?);
    }
    if let Some(data) = object.data {
        event = event.data(data);
    }
    Ok(event)
}
