//! Measures what following a MongoDB collection costs, on real servers, and prints Markdown.

mod clients;
mod cost;
mod history;
mod plan;
mod process;
mod records;
mod report;
mod serve;
mod throughput;

use std::process::ExitCode;

use plan::{Plan, Result};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [serve, uri] = &arguments[..]
        && serve == "serve"
    {
        return serve::serve(uri).await;
    }
    let plan =
        if arguments.iter().any(|text| text == "--short") { Plan::SHORT } else { Plan::WHOLE };
    let only = |part: &str| {
        let named: Vec<_> = arguments.iter().filter(|text| !text.starts_with("--")).collect();
        named.is_empty() || named.iter().any(|text| *text == part)
    };
    let machine = sse_bench_machine::description();
    process::raise_open_files()?;
    let mut sections = Vec::new();
    if only("cost") {
        sections.push(cost::streams(plan).await?);
        sections.push(cost::polling(plan).await?);
    }
    if only("throughput") {
        sections.push(throughput::throughput(plan).await?);
    }
    if only("history") {
        sections.push(history::history(plan).await?);
    }
    print!("{}", report::markdown(&machine, &sections));
    Ok(())
}
