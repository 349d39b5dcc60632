//! `sse`: reads and writes event streams from the shell.

mod encode;
mod failure;
mod parse;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Reads and writes event streams (Server-Sent Events, text/event-stream).
#[derive(Parser)]
#[command(name = "sse", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Parse(parse::Options),
    Encode(encode::Options),
}

fn main() -> ExitCode {
    let (input, output) = (io::stdin().lock(), io::stdout().lock());
    let result = match Arguments::parse().command {
        Command::Parse(options) => parse::run(&options, input, output),
        Command::Encode(encode::Options {}) => encode::run(input, output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has what it wanted, as in `sse parse | head -1`.
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "sse: {failure}");
            ExitCode::FAILURE
        }
    }
}
