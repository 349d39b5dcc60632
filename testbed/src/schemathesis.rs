//! schemathesis, which asks a server what its description says can be asked, and the Python it is
//! installed in.

use std::env;
use std::path::{Path, PathBuf};

use crate::Error;

/// The program: the one that `SCHEMATHESIS` names, else the one that `cargo xtask setup` has made.
///
/// # Errors
///
/// [`Error::NoSchemathesis`], which says how to get it.
pub fn find() -> Result<PathBuf, Error> {
    let named = env::var_os("SCHEMATHESIS").filter(|named| !named.is_empty()).map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let made = || root.join("target/schemathesis/bin/schemathesis");
    let found = named.unwrap_or_else(made);
    if found.is_file() { Ok(found) } else { Err(Error::NoSchemathesis(found)) }
}

/// The Python beside it, which has the packages that it needs.
///
/// # Errors
///
/// As [`find`].
pub fn python() -> Result<PathBuf, Error> {
    find().map(|program| program.with_file_name("python"))
}
