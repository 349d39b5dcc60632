//! The proxy that the page is tested behind: found, or installed where that is one command.

use std::env;
use std::path::PathBuf;

use crate::debian;
use crate::failure::Failure;
use crate::paths::on_path;

/// Where it is on Debian, which is not on everybody's `PATH`.
const DEBIAN: &str = "/usr/sbin/nginx";

/// The nginx that `NGINX` names, else one that is installed.
pub(crate) fn find() -> Result<PathBuf, Failure> {
    let named = env::var_os("NGINX").filter(|named| !named.is_empty()).map(PathBuf::from);
    let found = named.or_else(|| on_path("nginx")).unwrap_or_else(|| DEBIAN.into());
    if found.is_file() {
        return Ok(found);
    }
    let advice = "install nginx (on Debian: `apt-get install nginx-light`), or put its path into \
                  the environment variable NGINX";
    Err(Failure::Missing { what: "nginx", advice: advice.to_owned() })
}

/// Finds it, or installs it where we are root on Debian.
pub(crate) fn ensure() -> Result<PathBuf, Failure> {
    let missing = match find() {
        Ok(found) => return Ok(found),
        Err(missing) => missing,
    };
    if env::var_os("NGINX").is_some() || !debian::installs() {
        return Err(missing);
    }
    debian::install("nginx-light")?;
    find()
}
