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
    // Cargo's own, which people move to a faster disk.
    let built = env::var_os("CARGO_TARGET_DIR").map_or_else(target, |moved| root().join(moved));
    built.join(profile).join("log-server")
}

/// A binary on the `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}
