//! The browser: found, or installed where that is one command.

use std::env;
use std::path::PathBuf;

use crate::debian;
use crate::failure::Failure;
use crate::paths::on_path;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// The browser that `CHROMIUM` names, else one that is installed.
pub(crate) fn find() -> Result<PathBuf, Failure> {
    if let Some(named) = env::var_os("CHROMIUM").filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        if named.is_file() {
            return Ok(named);
        }
        return Err(missing(format!("CHROMIUM names {}, which is no file", named.display())));
    }
    NAMES
        .iter()
        .find_map(|name| on_path(name))
        .or_else(|| Some(PathBuf::from(MAC)).filter(|path| path.is_file()))
        .ok_or_else(|| {
            missing("install Chromium (on Debian: `apt-get install chromium`)".to_owned())
        })
}

/// Finds the browser, or installs it where we are root on Debian.
pub(crate) fn ensure() -> Result<PathBuf, Failure> {
    let missing = match find() {
        Ok(found) => return Ok(found),
        Err(missing) => missing,
    };
    if env::var_os("CHROMIUM").is_some() || !debian::installs() {
        return Err(missing);
    }
    debian::install("chromium")?;
    find()
}

fn missing(advice: String) -> Failure {
    Failure::Missing {
        what: "Chromium",
        advice: advice + ", or put its path into the environment variable CHROMIUM",
    }
}
