//! What was deleted, as far as clients have to be told.

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::sqlite::coordinates::Dated;

/// The table of it, with one row once something was deleted.
pub(in super::super) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS gone (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        through INTEGER NOT NULL,
        date INTEGER NOT NULL
    ) STRICT;
";

/// Up to where rows may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Gone {
    /// The highest `seq` that was deleted: who has come as far has been given all that is gone.
    pub(in super::super) through: i64,
    /// The latest date that was deleted.
    pub(in super::super) date: i64,
}

impl Gone {
    /// Of a log of which nothing was deleted.
    const NOTHING: Self = Self { through: i64::MIN, date: i64::MIN };

    pub(in super::super) fn read(file: &Connection) -> rusqlite::Result<Self> {
        let gone = file
            .prepare_cached("SELECT through, date FROM gone")?
            .query_row([], |row| Ok(Self { through: row.get(0)?, date: row.get(1)? }))
            .optional()?;
        Ok(gone.unwrap_or(Self::NOTHING))
    }

    /// Whether rows beyond this key may be gone.
    pub(in super::super) fn is_beyond(self, key: Dated) -> bool {
        Dated { date: self.date, seq: self.through } > key
    }

    /// Notes that rows are gone up to here too.
    pub(super) fn grow(self, file: &Connection) -> rusqlite::Result<()> {
        file.prepare_cached(
            "INSERT INTO gone VALUES (1, ?1, ?2) ON CONFLICT DO UPDATE
             SET through = max(through, ?1), date = max(date, ?2)",
        )?
        .execute(params![self.through, self.date])?;
        Ok(())
    }
}
