//! The `log-server` command.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use log_server::cli::Arguments;
use log_server::serve;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("LOG_SERVER_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,mongodb=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match serve::run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("log-server: {}", log_server::store::chain(&error));
            ExitCode::FAILURE
        }
    }
}
