//! An example program of the package under test.

use std::path::Path;
use std::time::Duration;

use crate::{Error, Program};

/// How long an example may take to say where it listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running example, and where it listens.
#[derive(Debug)]
pub struct Example {
    /// The program, which ends with this value.
    pub program: Program,
    /// Its address, such as `127.0.0.1:8080`.
    pub host: String,
    /// The path that it names, with a slash in front.
    pub path: String,
}

impl Example {
    /// Starts the example `name`, which cargo has built beside the test that asks for it, and waits
    /// for its line `listening on http://ADDRESS/PATH`.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or does not say where it listens.
    pub fn start(name: &str, arguments: &[&str]) -> Result<Self, Error> {
        let test = std::env::current_exe().unwrap_or_default();
        let built = test.parent().and_then(Path::parent).unwrap_or(Path::new(""));
        let mut program = Program::start(built.join("examples").join(name), arguments)?;
        let address = program.line("listening on http://", PATIENCE)?;
        let (host, path) = address.split_once('/').unwrap_or((&address, ""));
        let (host, path) = (host.to_owned(), format!("/{path}"));
        Ok(Self { program, host, path })
    }
}
