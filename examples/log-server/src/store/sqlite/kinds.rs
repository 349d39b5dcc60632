//! The kinds of rows in a workspace: which levels and types are there together.

use rusqlite::{Connection, OptionalExtension, params};

use super::indexed;
use crate::search::{Checked, Level};

/// With more of them, nothing is looked up by kind.
const MOST: usize = 256;

/// A level, as it is indexed, and a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) level: i64,
    pub(super) name: String,
}

impl Kind {
    /// The level, if it is one.
    pub(super) fn level(&self) -> Option<Level> {
        Level::all().find(|level| indexed::level(Some(*level)) == self.level)
    }

    /// Whether rows of this kind may be among those that are looked for.
    pub(super) fn is_among(&self, terms: &Checked) -> bool {
        let Checked { levels, types, without, .. } = terms;
        let level = self.level();
        (levels.is_empty() || level.is_some_and(|level| levels.contains(&level)))
            && (types.is_empty() || types.contains(&self.name))
            && !level.is_some_and(|level| without.levels.contains(&level))
            && !without.types.contains(&self.name)
    }
}

/// The kinds of the rows of a workspace that are indexed, unless there are too many of them. It
/// steps from one to the next on the index.
pub(super) fn all(connection: &Connection, workspace: &str) -> rusqlite::Result<Option<Vec<Kind>>> {
    let mut next = connection.prepare_cached(
        "SELECT level, type FROM kinds WHERE workspace = ?1 AND (level, type) > (?2, ?3)
         ORDER BY level, type LIMIT 1",
    )?;
    let mut kinds: Vec<Kind> = Vec::new();
    loop {
        let (level, name) =
            kinds.last().map_or((i64::MIN, ""), |last| (last.level, last.name.as_str()));
        let found = next
            .query_row(params![workspace, level, name], |row| {
                Ok(Kind { level: row.get(0)?, name: row.get(1)? })
            })
            .optional()?;
        match found {
            Some(kind) => kinds.push(kind),
            None => return Ok(Some(kinds)),
        }
        if kinds.len() > MOST {
            return Ok(None);
        }
    }
}
