//! Where lines go.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::file::{DailyFile, Unwritten, count};
use super::{Settings, Target};

/// Why the audit cannot be written where it is to be.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the audit to {path}; let the server write to its folder")]
pub struct OutputError {
    path: PathBuf,
    source: io::Error,
}

/// A file, or standard output.
#[derive(Debug)]
pub(super) enum Output {
    Stdout,
    File(DailyFile),
}

impl Output {
    /// Where these settings say, if anywhere.
    pub(super) fn of(settings: &Settings) -> Result<Option<Self>, OutputError> {
        match &settings.to {
            Target::Off => Ok(None),
            Target::Stdout => Ok(Some(Self::Stdout)),
            Target::File(path) => {
                try_out(path).map_err(|source| OutputError { path: path.clone(), source })?;
                let (bytes, days) = (settings.max_bytes.get(), settings.keep_days.get());
                Ok(Some(Self::File(DailyFile::new(path.clone(), bytes, days))))
            }
        }
    }

    pub(super) fn write(&mut self, lines: &[u8], today: Date) -> Result<(), Unwritten> {
        match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(lines)
                    .and_then(|()| out.flush())
                    .map_err(|error| Unwritten { lines: count(lines), error })
            }
            Self::File(file) => file.write(lines, today),
        }
    }

    /// Does what is due without a line.
    pub(super) fn look_at_the_day(&mut self, today: Date) {
        if let Self::File(file) = self {
            file.look_at_the_day(today, 0);
        }
    }

    pub(super) fn sync(&mut self) {
        if let Self::File(file) = self {
            file.sync();
        }
    }
}

/// What cannot be written when the server starts is a mistake; what is so later is an outage.
fn try_out(path: &Path) -> io::Result<()> {
    // Others, such as a FIFO, may wait for a reader.
    if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Ok(());
    }
    std::fs::OpenOptions::new().append(true).create(true).open(path).map(drop)
}
