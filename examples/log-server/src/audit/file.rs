//! A file of whole lines, which is put aside each day and when it is large.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::aside;

/// A file of whole lines.
///
/// `audit.jsonl` is put aside as `audit.2026-11-28.1.jsonl`, and removed some days later. What is
/// no regular file, such as a FIFO, is only written to.
#[derive(Debug)]
pub(super) struct DailyFile {
    path: PathBuf,
    max_bytes: u64,
    keep_days: u16,
    open: Option<Open>,
    /// The day for which old files were last looked for.
    swept: Option<Date>,
}

#[derive(Debug)]
struct Open {
    file: File,
    regular: bool,
    /// How many bytes of whole lines it has, and may have.
    length: u64,
    full_at: u64,
    /// The day of its lines.
    day: Date,
    /// Whether its last line is not whole.
    torn: bool,
    /// Whether some of it may not be on the disk yet.
    unsynced: bool,
}

/// What was not written, and why.
#[derive(Debug)]
pub(super) struct Unwritten {
    pub(super) lines: u64,
    pub(super) error: io::Error,
}

impl DailyFile {
    pub(super) fn new(path: PathBuf, max_bytes: u64, keep_days: u16) -> Self {
        Self { path, max_bytes, keep_days, open: None, swept: None }
    }

    /// Appends whole lines.
    pub(super) fn write(&mut self, lines: &[u8], today: Date) -> Result<(), Unwritten> {
        let failed = |lines: &[u8], error| Unwritten { lines: count(lines), error };
        self.look_at_the_day(today, lines.len() as u64);
        let open = self.open(today).map_err(|error| failed(lines, error))?;
        match open.append(lines) {
            Ok(()) => Ok(()),
            Err((written, error)) => {
                let rest = failed(lines.get(written..).unwrap_or_default(), error);
                open.end_at_a_whole_line(lines.get(..written).unwrap_or_default());
                Err(rest)
            }
        }
    }

    /// Puts the file aside if its day is over or it would be too large, and removes old ones.
    pub(super) fn look_at_the_day(&mut self, today: Date, more: u64) {
        if self.moved_away() {
            self.open = None;
        }
        // Why it cannot be opened is said where something is to be written.
        if let Ok(open) = self.open(today)
            && open.regular
        {
            if open.length == 0 {
                open.day = today;
            } else if open.day != today || open.length + more > open.full_at {
                self.put_aside(today);
            }
        }
        if self.swept != Some(today) {
            self.swept = Some(today);
            self.remove_old(today);
        }
    }

    /// Has what was written on the disk.
    pub(super) fn sync(&mut self) {
        if let Some(open) = &mut self.open
            && open.unsynced
        {
            open.unsynced = false;
            if let Err(error) = open.file.sync_data()
                && open.regular
            {
                tracing::error!(%error, "the audit may not be on the disk");
            }
        }
    }

    fn open(&mut self, today: Date) -> io::Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::at(&self.path, today, self.max_bytes)?,
        };
        Ok(self.open.insert(open))
    }

    /// Whether somebody has moved the file, or another is in its place.
    fn moved_away(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let Some(open) = &self.open else { return false };
            let identity = |found: io::Result<fs::Metadata>| {
                found.ok().map(|found| (found.dev(), found.ino()))
            };
            identity(open.file.metadata()) != identity(fs::metadata(&self.path))
        }
        #[cfg(not(unix))]
        false
    }

    /// If that fails, the file goes on, until the next day or until it has as much again.
    fn put_aside(&mut self, today: Date) {
        self.sync();
        let Some(open) = &mut self.open else { return };
        let aside = aside::next(&self.path, open.day);
        match fs::rename(&self.path, &aside) {
            Ok(()) => self.open = None,
            Err(error) => {
                tracing::warn!(%error, to = %aside.display(), "the audit cannot be put aside");
                (open.day, open.full_at) = (today, open.length.saturating_add(self.max_bytes));
            }
        }
    }

    fn remove_old(&self, today: Date) {
        let Ok(oldest) = today.checked_sub(i64::from(self.keep_days).days()) else { return };
        for (_, _, path) in aside::all(&self.path).filter(|(day, ..)| *day < oldest) {
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!(%error, file = %path.display(), "old audit cannot be removed");
            }
        }
    }
}

impl Open {
    fn at(path: &Path, today: Date, full_at: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let file = options.open(path)?;
        let found = file.metadata()?;
        let length = found.len();
        let day = found.modified().ok().filter(|_| length > 0).and_then(date).unwrap_or(today);
        let torn = length > 0 && found.is_file() && !ends_whole(path, length);
        Ok(Self { file, regular: found.is_file(), length, full_at, day, torn, unsynced: false })
    }

    /// On failure, says how much was written.
    fn append(&mut self, lines: &[u8]) -> Result<(), (usize, io::Error)> {
        if self.torn {
            self.file.write_all(b"\n").map_err(|error| (0, error))?;
            self.torn = false;
            self.length += 1;
        }
        let mut written = 0;
        while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(0) => return Err((written, io::ErrorKind::WriteZero.into())),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((written, error)),
            }
        }
        self.length += lines.len() as u64;
        self.unsynced = true;
        Ok(())
    }

    /// Takes back the part of a line that was written last.
    fn end_at_a_whole_line(&mut self, written: &[u8]) {
        let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.length += whole as u64;
        let part = whole < written.len();
        self.torn = part && !(self.regular && self.file.set_len(self.length).is_ok());
        self.unsynced = true;
    }
}

/// How many lines are in these bytes, whole or not.
pub(super) fn count(lines: &[u8]) -> u64 {
    lines.split_inclusive(|byte| *byte == b'\n').count() as u64
}

fn ends_whole(path: &Path, length: u64) -> bool {
    use std::io::{Read, Seek, SeekFrom};
    let last = || -> io::Result<u8> {
        let (mut file, mut last) = (File::open(path)?, [0]);
        file.seek(SeekFrom::Start(length - 1))?;
        file.read_exact(&mut last)?;
        Ok(last[0])
    };
    last().is_ok_and(|last| last == b'\n')
}

fn date(time: SystemTime) -> Option<Date> {
    Some(TimeZone::UTC.to_datetime(Timestamp::try_from(time).ok()?).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn files(folder: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap())
            .map(|file| {
                let name = file.file_name().into_string().unwrap();
                (name, fs::read_to_string(file.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    fn expect(folder: &Path, expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|(name, text)| ((*name).into(), (*text).into()));
        assert_eq!(files(folder), expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_day_and_a_size_begin_a_new_file_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        fs::write(here.join("a.jsonl"), "").unwrap();
        fs::write(here.join("b.2020-01-01.1.jsonl"), "of others").unwrap();
        fs::write(here.join("a.2020-01-01.jsonl"), "of others").unwrap();
        let mut file = DailyFile::new(here.join("a.jsonl"), 8, 2);
        for (text, today) in [
            ("1\n", "2026-01-01"),
            ("2\n3\n", "2026-01-01"),
            ("456\n", "2026-01-01"),
            ("7\n", "2026-01-02"),
            ("larger than a file\n", "2026-01-02"),
            ("8\n", "2026-01-04"),
        ] {
            file.write(text.as_bytes(), day(today)).unwrap();
        }
        let others = [("a.2020-01-01.jsonl", "of others")];
        let kept = [
            ("a.2026-01-02.1.jsonl", "7\n"),
            ("a.2026-01-02.2.jsonl", "larger than a file\n"),
            ("a.jsonl", "8\n"),
            ("b.2020-01-01.1.jsonl", "of others"),
        ];
        expect(here, &[&others[..], &kept[..]].concat());
    }

    #[test]
    fn a_file_of_an_earlier_day_or_process_goes_on_or_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        fs::write(&path, "whole\ntor").unwrap();
        let today = date(SystemTime::now()).unwrap();
        DailyFile::new(path.clone(), 100, 9).write(b"next\n", today).unwrap();
        expect(folder.path(), &[("audit", "whole\ntor\nnext\n")]);
        let tomorrow = today.tomorrow().unwrap();
        DailyFile::new(path, 100, 9).write(b"new\n", tomorrow).unwrap();
        let aside = format!("audit.{today}.1");
        expect(folder.path(), &[("audit", "new\n"), (&aside, "whole\ntor\nnext\n")]);
    }

    #[test]
    fn a_file_that_was_moved_by_others_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let mut file = DailyFile::new(path.clone(), 100, 9);
        let today = date(SystemTime::now()).unwrap();
        file.write(b"1\n", today).unwrap();
        fs::rename(&path, folder.path().join("moved")).unwrap();
        file.write(b"2\n", today).unwrap();
        expect(folder.path(), &[("a.jsonl", "2\n"), ("moved", "1\n")]);
    }

    #[test]
    fn a_full_disk_is_said_and_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let today = date(SystemTime::now()).unwrap();
        let mut file = DailyFile::new(path.clone(), 100, 9);
        let unwritten = file.write(b"1\n2\n", today).unwrap_err();
        assert_eq!((unwritten.lines, unwritten.error.kind()), (2, io::ErrorKind::StorageFull));
        fs::remove_file(&path).unwrap();
        file.write(b"3\n", today).unwrap();
        expect(folder.path(), &[("a.jsonl", "3\n")]);
    }
    #[test]
    fn a_file_that_cannot_be_put_aside_goes_on_and_is_not_tried_with_each_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let today = date(SystemTime::now()).unwrap();
        let last = folder.path().join(format!("a.{today}.{}.jsonl", u64::MAX));
        fs::create_dir(&last).unwrap();
        let mut file = DailyFile::new(path.clone(), 4, 9);
        (0..4).for_each(|_| file.write(b"12\n", today).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"12\n".repeat(4));
        fs::remove_dir(&last).unwrap();
        file.write(b"\n", today).unwrap();
        assert_eq!(fs::read(&path).unwrap().len(), 13, "not before it has as much again");
        file.write(b"4567\n", today).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"4567\n");
    }
}
