//! The packages that are for others to use.

use crate::failure::Failure;
use crate::tidy::{self, Manifest};

/// A package of this repository that is published.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) manifest: Manifest,
    /// Its folder, relative to the root and with `/`.
    pub(crate) folder: String,
}

impl Library {
    /// The package's name.
    pub(crate) fn name(&self) -> &str {
        self.manifest.name()
    }
}

/// Every library, by folder.
pub(crate) fn all() -> Result<Vec<Library>, Failure> {
    let published = |(path, manifest): (String, Manifest)| {
        let folder = path.strip_suffix("/Cargo.toml")?.to_owned();
        manifest.is_published().then_some(Library { manifest, folder })
    };
    Ok(tidy::manifests()?.into_iter().filter_map(published).collect())
}
