//! Lines that are about an export.

/// What they begin with, but in NDJSON. No line of a row does.
pub(super) const NOTE: &str = "#export ";
