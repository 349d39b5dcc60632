//! Pythons under target/, such as the one of the Flask service in examples/flask-etl.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use testbed::flask;

use crate::command::{command, run};
use crate::failure::Failure;
use crate::paths::{on_path, root, target};

/// Finds the interpreter, or makes one with the packages of requirements.txt under target/.
pub(crate) fn ensure() -> Result<PathBuf, Failure> {
    if env::var_os("FLASK_PYTHON").is_some_and(|named| !named.is_empty()) {
        return Ok(flask::find()?);
    }
    let requirements = root().join("examples").join("flask-etl").join("requirements.txt");
    install("python", &requirements)?;
    Ok(flask::find()?)
}

/// Makes a Python under target/ with these packages, unless it is there.
pub(crate) fn install(name: &str, requirements: &Path) -> Result<(), Failure> {
    let wanted = fs::read(requirements).map_err(Failure::io("read which packages are wanted"))?;
    let folder = target().join(name);
    let stamp = folder.join("installed.txt");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("making target/{name} with the packages of {}", requirements.display());
    let python = on_path("python3").ok_or_else(|| Failure::Missing {
        what: "Python",
        advice: "install Python 3.10 or later with its module venv (on Debian: `apt-get install \
                 python3-venv`)"
            .to_owned(),
    })?;
    run(command(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--disable-pip-version-check", "--requirement"];
    run(command(folder.join("bin").join("python")).args(pip).arg(requirements))?;
    fs::write(&stamp, wanted).map_err(Failure::io("note which packages are installed"))
}
