//! `sse parse`: an event stream to JSON lines.

use std::io::{self, BufWriter, Read, Write};

use gapless_sse_core::{Item, Limits, Parser};
use serde::Serialize;

use crate::failure::Failure;

/// Reads an event stream on standard input and prints each event as a line of JSON.
///
/// Each event becomes {"event": type, "data": text, "id": last event ID}, printed as soon as the
/// blank line that ends it is read. An event that the end of the input cuts off is not printed,
/// as the standard has it.
#[derive(clap::Args)]
#[allow(clippy::doc_markdown, reason = "the terminal shows it as it stands")]
#[command(after_help = "Example:\n  curl -sN http://127.0.0.1:8080/events | sse parse")]
pub(crate) struct Options {
    /// Also print {"comment": text} and {"retry": milliseconds} as they come, and at the end
    /// {"last_event_id": text}, which a client would send to resume
    #[arg(long, verbatim_doc_comment)]
    all: bool,
    /// The longest line to accept, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().line)]
    line_limit: usize,
    /// The largest event to accept, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().event)]
    event_limit: usize,
}

/// A line of output.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Event { event: &'a str, data: &'a str, id: &'a str },
    Comment { comment: &'a str },
    Retry { retry: u64 },
    LastEventId { last_event_id: &'a str },
}

pub(crate) fn run(
    options: &Options,
    mut input: impl Read,
    output: impl Write,
) -> Result<(), Failure> {
    let limits = Limits { line: options.line_limit, event: options.event_limit };
    let mut parser = Parser::with_limits(limits);
    let mut output = BufWriter::new(output);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::Read(error)),
        };
        let result = print_items(&mut parser, &buffer[..length], options.all, &mut output);
        output.flush().map_err(Failure::Write)?;
        result?;
    }
    if options.all {
        print(&Line::LastEventId { last_event_id: parser.last_event_id() }, &mut output)?;
    }
    output.flush().map_err(Failure::Write)
}

fn print_items(
    parser: &mut Parser,
    chunk: &[u8],
    all: bool,
    output: &mut impl Write,
) -> Result<(), Failure> {
    let mut items = parser.push(chunk);
    while let Some(item) = items.next()? {
        let line = match item {
            Item::Event(message) => Line::Event {
                event: message.event_type,
                data: message.data,
                id: message.last_event_id,
            },
            Item::Comment(comment) if all => Line::Comment { comment },
            Item::Retry(time) if all => {
                Line::Retry { retry: u64::try_from(time.as_millis()).unwrap_or(u64::MAX) }
            }
            Item::Comment(_) | Item::Retry(_) => continue,
        };
        print(&line, output)?;
    }
    Ok(())
}

fn print(line: &Line<'_>, output: &mut impl Write) -> Result<(), Failure> {
    serde_json::to_writer(&mut *output, line).map_err(|error| Failure::Write(error.into()))?;
    output.write_all(b"\n").map_err(Failure::Write)
}
