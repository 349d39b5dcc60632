//! Where things are in this repository.

use std::env;
use std::path::{Path, PathBuf};

/// The workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// What is fetched and written, apart from what cargo builds.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// The page's sources.
pub(crate) fn page() -> PathBuf {
    root().join("examples").join("log-viewer")
}

/// The log server's binary as cargo builds it.
pub(crate) fn log_server(profile: &str) -> PathBuf {
    built().join(profile).join("log-server")
}

/// An example as cargo builds it.
pub(crate) fn example(name: &str) -> PathBuf {
    built().join("debug").join("examples").join(name)
}

/// Cargo's own directory, which people move to a faster disk.
fn built() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(target, |moved| root().join(moved))
}

/// A binary on the `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}
