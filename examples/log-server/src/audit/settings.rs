//! `[audit]` of the configuration file.

use std::num::NonZero;
use std::path::PathBuf;

use serde::Deserialize;

/// Where the audit is written, and how much of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Settings {
    /// Where to.
    pub to: Target,
    /// After how many bytes a new file is begun; one is begun each day besides.
    pub max_bytes: NonZero<u64>,
    /// For how many days a file is kept.
    pub keep_days: NonZero<u16>,
}

impl Default for Settings {
    fn default() -> Self {
        const MAX_BYTES: NonZero<u64> = NonZero::new(100 << 20).expect("not zero");
        const KEEP_DAYS: NonZero<u16> = NonZero::new(30).expect("not zero");
        Self { to: Target::Off, max_bytes: MAX_BYTES, keep_days: KEEP_DAYS }
    }
}

/// Where the audit is written to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "PathBuf")]
pub enum Target {
    /// Nowhere.
    #[default]
    Off,
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl From<PathBuf> for Target {
    fn from(text: PathBuf) -> Self {
        match text.to_str() {
            Some("off") => Self::Off,
            Some("stdout") => Self::Stdout,
            _ => Self::File(text),
        }
    }
}
