//! Measures each server it is told of, `NAME=PROGRAM`, and prints Markdown.

mod durable;
mod load;
mod measure;
mod report;
mod scan;
mod server;

use std::process::ExitCode;

use measure::{Contender, Plan, measure};
use server::{Api, Cores, raise_open_files};

/// Events a second with which the search for the most begins.
const FIRST: f64 = 128.0;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> std::io::Result<()> {
    let mut plan = Plan::WHOLE;
    let mut contenders = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some((name, program)) => contenders.push(Contender {
                name: name.to_owned(),
                program: program.into(),
                api: Api::of(name),
                rounds: Vec::new(),
            }),
            None if argument == "--short" => plan = Plan::SHORT,
            None => return Err(std::io::Error::other(format!("what is {argument}?"))),
        }
    }
    let machine = sse_bench_machine::description();
    let cores = Cores::available()?;
    raise_open_files(plan.idle as u64 + 500)?;
    // Contenders take turns, so that whatever slows the machine for a while slows all of them.
    for round in 1..=plan.rounds {
        for Contender { name, program, api, rounds } in &mut contenders {
            eprintln!("{name}, round {round} of {}", plan.rounds);
            // A little below what it was before.
            let known = rounds.last().map(|last| last.most / plan.streams as f64 * 0.9);
            let measured = measure(program, *api, cores, plan, known.unwrap_or(FIRST))?;
            eprintln!("  {measured:?}");
            rounds.push(measured);
        }
    }
    print!("{}", report::markdown(&machine, plan, &contenders));
    Ok(())
}
