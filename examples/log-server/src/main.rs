//! The `log-server` command.

use std::error::Error;
use std::io::IsTerminal;
use std::process::ExitCode;

use log_server::config::{self, ConfigError};
use log_server::serve;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let (arguments, config) = match config::load(std::env::args_os()) {
        Ok(loaded) => loaded,
        Err(ConfigError::Arguments(error)) => error.exit(),
        Err(error) => return failed(&error),
    };
    let filter = EnvFilter::try_from_env("LOG_SERVER_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,mongodb=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match serve::run(arguments, config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn Error) -> ExitCode {
    eprintln!("log-server: {}", log_server::store::chain(error));
    ExitCode::FAILURE
}
