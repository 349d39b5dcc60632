//! The space of the file.

use rusqlite::Connection;

/// Pages that lie free before the file is made smaller: what is written soon takes them again.
const SPARE: i64 = 256;

/// A file of which free pages can be given back one by one.
const INCREMENTAL: i64 = 2;

/// What the pages of the file are used for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Space {
    free: i64,
    page: i64,
    pub(super) pages: i64,
}

impl Space {
    pub(super) fn of(file: &Connection) -> rusqlite::Result<Self> {
        let pragma = |name| file.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        Ok(Self {
            free: pragma("freelist_count")?,
            page: pragma("page_size")?,
            pages: pragma("page_count")?,
        })
    }

    /// How many bytes are in use.
    pub(super) fn used(self) -> u64 {
        u64::try_from((self.pages - self.free) * self.page).unwrap_or_default()
    }

    /// Whether there are pages to give back.
    pub(super) fn is_spare(self) -> bool {
        self.free > SPARE
    }
}

/// Whether the file can be made smaller.
pub(super) fn shrinks(file: &Connection) -> rusqlite::Result<bool> {
    let mode: i64 = file.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?;
    Ok(mode == INCREMENTAL)
}

/// Gives so many free pages back.
pub(super) fn give_back(file: &Connection, pages: usize) -> rusqlite::Result<()> {
    file.execute_batch(&format!("PRAGMA incremental_vacuum({pages})"))
}
