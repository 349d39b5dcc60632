//! Secrets that the configuration names and does not hold.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretFrom {
    /// A file that only the server and its group may read.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
}

/// A secret, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// Why a secret is not used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableSecret {
    /// Two were named.
    #[error("{0} has both `secret-file` and `secret-env`; write one of them")]
    Both(&'static str),
    /// The file.
    #[error("cannot read the secret in {0}")]
    Read(PathBuf, #[source] io::Error),
    /// Anyone may read the file.
    #[error("any user of this machine may read the secret in {0}; `chmod o= {0}` ends that")]
    Open(PathBuf),
    /// The variable.
    #[error("the variable {0} is to hold a secret and is not set")]
    Unset(String),
    /// There is nothing in it.
    #[error("the secret in {0} is empty")]
    Empty(String),
}

impl SecretFrom {
    /// The place that a section names by its keys `secret-file` and `secret-env`, if by any.
    ///
    /// # Errors
    ///
    /// When it has both.
    pub fn either(
        section: &'static str,
        file: Option<&Path>,
        env: Option<&str>,
    ) -> Result<Option<Self>, UnusableSecret> {
        match (file, env) {
            (Some(_), Some(_)) => Err(UnusableSecret::Both(section)),
            (Some(file), None) => Ok(Some(Self::File(file.to_owned()))),
            (None, Some(env)) => Ok(Some(Self::Env(env.to_owned()))),
            (None, None) => Ok(None),
        }
    }

    /// The secret, without the end of its line.
    ///
    /// # Errors
    ///
    /// When it is not there, is empty, or anybody on this machine may read it.
    pub fn read(&self) -> Result<Secret, UnusableSecret> {
        let mut bytes = match self {
            Self::File(path) => read_private(path)?,
            Self::Env(name) => {
                let value = std::env::var_os(name);
                value.ok_or_else(|| UnusableSecret::Unset(name.clone()))?.into_encoded_bytes()
            }
        };
        while let [.., b'\n' | b'\r'] = bytes[..] {
            bytes.pop();
        }
        if bytes.is_empty() {
            Err(UnusableSecret::Empty(self.to_string()))
        } else {
            Ok(Secret(bytes))
        }
    }
}

fn read_private(path: &Path) -> Result<Vec<u8>, UnusableSecret> {
    let failed = |error| UnusableSecret::Read(path.to_owned(), error);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata().map_err(failed)?.permissions().mode() & 0o007 != 0 {
            return Err(UnusableSecret::Open(path.to_owned()));
        }
    }
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut file, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

impl fmt::Display for SecretFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Env(name) => name.fmt(f),
        }
    }
}

impl Secret {
    /// The secret itself.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn read(text: &str, mode: u32) -> Result<Secret, UnusableSecret> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let from = SecretFrom::either("[jwt]", Some(&path), None).unwrap().unwrap();
        from.read()
    }

    #[test]
    fn a_secret_is_read_from_a_file_that_not_everybody_may_read() {
        for mode in [0o600, 0o640, 0o400] {
            assert_eq!(read("hunter2\r\n", mode).unwrap().as_bytes(), b"hunter2");
        }
        for mode in [0o644, 0o604, 0o602, 0o601] {
            assert!(matches!(read("hunter2", mode), Err(UnusableSecret::Open(_))), "{mode:o}");
        }
        assert!(matches!(read("\n", 0o600), Err(UnusableSecret::Empty(_))));
        assert_eq!(format!("{:?}", read("hunter2", 0o600).unwrap()), "Secret(…)");
    }

    #[test]
    fn a_secret_is_in_one_place() {
        let both = SecretFrom::either("[jwt]", Some(Path::new("a")), Some("B"));
        assert!(matches!(both, Err(UnusableSecret::Both("[jwt]"))));
        assert_eq!(SecretFrom::either("[jwt]", None, None).unwrap(), None);
        let unset = SecretFrom::either("[jwt]", None, Some("NO_SUCH_VARIABLE")).unwrap().unwrap();
        assert!(matches!(unset.read(), Err(UnusableSecret::Unset(_))));
        let path = SecretFrom::either("[jwt]", None, Some("PATH")).unwrap().unwrap();
        assert!(!path.read().unwrap().as_bytes().is_empty());
    }
}
