//! Measures what following a MongoDB collection costs, on real servers, and prints Markdown.

mod clients;
mod cost;
mod history;
mod process;
mod records;
mod report;
mod serve;
mod throughput;

use std::process::ExitCode;

pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// How much of everything.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    pub subscribers: [usize; 3],
    pub inserts: usize,
    pub throughput_seconds: u64,
    pub history: usize,
}

impl Plan {
    const WHOLE: Self = Self {
        rounds: 3,
        subscribers: [1, 100, 1000],
        inserts: 800,
        throughput_seconds: 10,
        history: 200_000,
    };
    const SHORT: Self = Self { rounds: 1, throughput_seconds: 4, history: 50_000, ..Self::WHOLE };
}

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
    let machine = report::machine();
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
