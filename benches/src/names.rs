//! The names of those that are no peers: ours and the bounds.

pub const OURS: &str = "this project";

/// Those that do less than the work.
pub const BOUNDS: &[&str] = &["memcpy", "bare memchr line splitter", "serde_json alone"];
