//! The `log-server` command.

use std::error::Error;
use std::io::IsTerminal;
use std::process::ExitCode;

use log_server::audit::Audit;
use log_server::cli::Arguments;
use log_server::config::{self, Config, ConfigError};
use log_server::serve::{self, ServeError};
use tracing_subscriber::EnvFilter;

/// What is written to stderr unless `LOG_SERVER_LOG` says otherwise.
const USUAL: &str = "info,mongodb=warn";

/// Libraries that may show at `trace` what they send and receive, tokens and messages among it.
/// They do so only if `LOG_SERVER_LOG` names them.
const DISCREET: &str = "h2=info,hyper=info,hyper_util=info,rustls=info,mongodb=info,axum=info";

fn main() -> ExitCode {
    let (arguments, config) = match config::load(std::env::args_os()) {
        Ok(loaded) => loaded,
        Err(ConfigError::Arguments(error)) => error.exit(),
        Err(error) => return failed(&error),
    };
    let asked = std::env::var("LOG_SERVER_LOG").ok();
    let filter = asked.and_then(|asked| EnvFilter::try_new(format!("{DISCREET},{asked}")).ok());
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|| EnvFilter::new(USUAL)))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let (audit, end) = match Audit::start(&config.audit) {
        Ok(started) => started,
        Err(error) => return failed(&error),
    };
    let ended = run(arguments, config, audit);
    // Only now the last streams are over.
    drop(end);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

#[tokio::main]
async fn run(arguments: Arguments, config: Config, audit: Audit) -> Result<(), ServeError> {
    serve::run(arguments, config, audit).await
}

fn failed(error: &dyn Error) -> ExitCode {
    eprintln!("log-server: {}", log_server::store::chain(error));
    ExitCode::FAILURE
}
