//! The Flask service of examples/flask-etl: the Python that it needs, and a running one.

use std::env;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Error, Program};

/// How long it may take to say where it listens.
const START: Duration = Duration::from_secs(60);

/// A Python with the packages of `examples/flask-etl/requirements.txt`: the one that `FLASK_PYTHON`
/// names, else the one that `cargo xtask setup` has made.
///
/// # Errors
///
/// [`Error::NoFlask`], which says how to get one.
pub fn find() -> Result<PathBuf, Error> {
    let named = env::var_os("FLASK_PYTHON").filter(|named| !named.is_empty()).map(PathBuf::from);
    let made = || root().join("target").join("python").join("bin").join("python");
    let found = named.unwrap_or_else(made);
    let said = Command::new(&found).args(["-c", "import flask, pymodm"]).output();
    match said {
        Ok(output) if output.status.success() => Ok(found),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("it says nothing").to_owned();
            Err(Error::NoFlask { python: found, reason: last })
        }
        Err(error) => Err(Error::NoFlask { python: found, reason: error.to_string() }),
    }
}

/// The running service of examples/flask-etl, ended with this value.
#[derive(Debug)]
pub struct Flask {
    /// The program: it prints a line for each request, and can be stopped and killed.
    pub program: Program,
    /// Where it listens.
    pub address: SocketAddr,
    variables: Vec<(String, String)>,
}

impl Flask {
    /// Starts it with these variables in its environment, such as `USERS`.
    ///
    /// # Errors
    ///
    /// [`Error::NoFlask`], or what starting a program can meet.
    pub fn start(variables: &[(&str, &str)]) -> Result<Self, Error> {
        let variables: Vec<_> =
            variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (program, address) = launch(0, &variables)?;
        Ok(Self { program, address, variables })
    }

    /// Starts it again at the same address, killing it first if it runs.
    ///
    /// # Errors
    ///
    /// What starting a program can meet.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.program.kill();
        (self.program, self.address) = launch(self.address.port(), &self.variables)?;
        Ok(())
    }
}

fn launch(port: u16, variables: &[(String, String)]) -> Result<(Program, SocketAddr), Error> {
    let mut command = Command::new(find()?);
    command.current_dir(root().join("examples").join("flask-etl"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg("app.py").arg(port.to_string());
    command.envs(variables.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value))));
    let mut program = Program::spawn(command, |_| {})?;
    let address = program.line("listening on http://", START)?;
    match address.trim_end_matches('/').parse() {
        Ok(address) => Ok((program, address)),
        Err(_) => Err(program.deadline(format!("address in {address:?}"), START)),
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}
