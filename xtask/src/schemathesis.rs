//! schemathesis, which asks a server what its description says can be asked.

use std::env;
use std::path::PathBuf;

use testbed::schemathesis;

use crate::failure::Failure;
use crate::paths::root;
use crate::python;

/// Finds it, or installs it under target/.
pub(crate) fn ensure() -> Result<PathBuf, Failure> {
    if env::var_os("SCHEMATHESIS").is_none_or(|named| named.is_empty()) {
        python::install("schemathesis", &root().join("xtask").join("schemathesis.txt"))?;
    }
    Ok(schemathesis::find()?)
}
