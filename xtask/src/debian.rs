//! Packages of the system, where getting one is a single command.

use std::path::Path;

use crate::command::{command, run};
use crate::failure::Failure;

/// Whether we may install packages: as root on Debian.
pub(crate) fn installs() -> bool {
    rustix::process::geteuid().is_root() && Path::new("/etc/debian_version").exists()
}

pub(crate) fn install(package: &str) -> Result<(), Failure> {
    run(command("apt-get").arg("update"))?;
    let arguments = ["install", "--yes", "--no-install-recommends", package];
    run(command("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(arguments))
}
