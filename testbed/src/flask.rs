//! The Flask service of examples/flask-etl: the Python that it needs, and a running one.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs};

use tempfile::TempDir;

use crate::{Error, Program, Visit, eventually};

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

/// The running service of examples/flask-etl with users of its own, ended with this value.
#[derive(Debug)]
pub struct Flask {
    /// The program: it prints a line for each request, and can be stopped and killed.
    pub program: Program,
    /// Where it listens.
    pub address: SocketAddr,
    mongo: Option<String>,
    folder: TempDir,
    marks: AtomicUsize,
}

impl Flask {
    /// Starts it with these users, as JSON, and its logs in this database, if it has any.
    ///
    /// # Errors
    ///
    /// [`Error::NoFlask`], or what starting a program can meet.
    pub fn start(users: &str, mongo: Option<&str>) -> Result<Self, Error> {
        let folder = tempfile::tempdir().map_err(Error::io("create a directory for its users"))?;
        write(&folder, users)?;
        let mongo = mongo.map(str::to_owned);
        let (program, address) = launch(0, &folder, mongo.as_deref())?;
        Ok(Self { program, address, mongo, folder, marks: AtomicUsize::new(0) })
    }

    /// Starts it again at the same address, killing it first if it runs.
    ///
    /// # Errors
    ///
    /// What starting a program can meet.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.program.kill();
        let port = self.address.port();
        (self.program, self.address) = launch(port, &self.folder, self.mongo.as_deref())?;
        Ok(())
    }

    /// Gives it other users, from its next request on.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when they cannot be written.
    pub fn has_users(&self, users: &str) -> Result<(), Error> {
        write(&self.folder, users)
    }

    /// How it has answered since it was started: a status for each request whose line has this in
    /// it, in the order in which it answered.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it does not answer.
    pub fn answers(&self, of: &str) -> Result<Vec<u16>, Error> {
        // What it has printed comes in order: with the line of this request, all before it is there.
        let mark = format!("/mark-{}-", self.marks.fetch_add(1, Ordering::Relaxed));
        Visit::get(&self.address.to_string(), &mark, &[]).map_err(Error::io("ask Flask"))?;
        let printed = eventually(START, || {
            Some(self.program.output()).filter(|printed| printed.contains(&mark))
        });
        let printed = printed.unwrap_or_default();
        let lines = printed.lines().filter(|line| line.contains(of));
        let status = |line: &str| line.strip_suffix(" -")?.rsplit_once(' ')?.1.parse().ok();
        Ok(lines.filter_map(status).collect())
    }
}

fn write(folder: &TempDir, users: &str) -> Result<(), Error> {
    let (new, file) = (folder.path().join("new.json"), folder.path().join("users.json"));
    fs::write(&new, users)
        .and_then(|()| fs::rename(new, file))
        .map_err(Error::io("write Flask's users"))
}

fn launch(port: u16, users: &TempDir, mongo: Option<&str>) -> Result<(Program, SocketAddr), Error> {
    let mut command = Command::new(find()?);
    command.current_dir(root().join("examples").join("flask-etl"));
    command.arg("app.py").arg(port.to_string());
    command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("MONGO");
    command.env("USERS", users.path().join("users.json"));
    command.envs(mongo.map(|mongo| ("MONGO", mongo)));
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
