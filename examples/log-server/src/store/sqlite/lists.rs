//! Which workspaces and workflows there are.
//!
//! A list steps from one name to the next on the index, so that it reads one row for each.

use rusqlite::{Connection, params};

pub(super) fn workspaces(
    connection: &Connection,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached(
            "WITH RECURSIVE w(name) AS (
                SELECT min(workspace) FROM log WHERE ?1 IS NULL OR workspace > ?1
                UNION ALL
                SELECT (SELECT min(workspace) FROM log WHERE workspace > name) FROM w
                WHERE name IS NOT NULL
             ) SELECT name FROM w WHERE name IS NOT NULL LIMIT ?2",
        )?
        .query_map(params![after, most(limit)], |row| row.get(0))?
        .collect()
}

pub(super) fn workflows(
    connection: &Connection,
    workspace: &str,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached(
            "WITH RECURSIVE w(name) AS (
                SELECT min(workflow) FROM log
                WHERE workspace = ?1 AND (?2 IS NULL OR workflow > ?2)
                UNION ALL
                SELECT (SELECT min(workflow) FROM log WHERE workspace = ?1 AND workflow > name)
                FROM w WHERE name IS NOT NULL
             ) SELECT name FROM w WHERE name IS NOT NULL LIMIT ?3",
        )?
        .query_map(params![workspace, after, most(limit)], |row| row.get(0))?
        .collect()
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
